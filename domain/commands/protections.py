"""Protect branches, and end that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from domain.commands.scene import Done, Scene, allow, check, heads, match, repository, settle
from domain.errors import InvalidInput, NotFound, PreconditionFailed
from domain.ids import StreamId
from domain.protection.branch_protected import BranchProtected
from domain.protection.branch_unprotected import BranchUnprotected
from domain.protection.state import ProtectionState, protection_key

if TYPE_CHECKING:
    from domain.actor import Actor


class ProtectBranch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All the rules for the branches of a pattern; `pushers` are names or dids."""

    repo: bytes
    pattern: str
    push_role: Literal["developer", "maintainer", "admin"] = "developer"
    pushers: list[str] = []
    allow_force: bool = False
    allow_delete: bool = False
    approvals: int = 0
    dismiss_stale: bool = False
    checks: list[str] = []
    if_match: str = ""


def protect(scene: Scene, actor: Actor, args: ProtectBranch) -> Done:
    """Make these the rules of a pattern, in place of those it had."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream, writable=False)
    key = protection_key(stream, args.pattern)
    if args.if_match:
        _match(scene, key, args.if_match)
    allow(scene, actor, "branch.protect", repo)
    state = scene.state(key)
    payload = check(
        BranchProtected(
            pattern=args.pattern,
            replaces=heads(state.rules.heads) if isinstance(state, ProtectionState) else [],
            push_role=args.push_role,
            pushers=sorted({_did(scene, name) for name in args.pushers}),
            allow_force=args.allow_force,
            allow_delete=args.allow_delete,
            approvals=args.approvals,
            dismiss_stale=args.dismiss_stale,
            checks=list(dict.fromkeys(args.checks)),
        )
    )
    settle(scene, "branch.protected.v1", stream, stream, payload)
    return Done(key)


class UnprotectBranch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which pattern is to have no rules."""

    repo: bytes
    pattern: str
    if_match: str = ""


def unprotect(scene: Scene, actor: Actor, args: UnprotectBranch) -> Done:
    """End the rules of a pattern."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream, writable=False)
    key = protection_key(stream, args.pattern)
    state = _standing(scene, key)
    if state is None:
        raise NotFound(f"no branches of {repo.name} are protected as {args.pattern!r}")
    match(scene, key, args.if_match)
    allow(scene, actor, "branch.protect", repo)
    payload = check(BranchUnprotected(pattern=args.pattern, replaces=heads(state.rules.heads)))
    settle(scene, "branch.unprotected.v1", stream, stream, payload)
    return Done()


def _match(scene: Scene, key: bytes, if_match: str) -> None:
    if _standing(scene, key) is None:
        hint = "read those there are, then repeat your change"
        raise PreconditionFailed("there is no such protection any more", hint=hint)
    match(scene, key, if_match)


def _standing(scene: Scene, key: bytes) -> ProtectionState | None:
    state = scene.state(key)
    standing = isinstance(state, ProtectionState) and any(write.value is not None for write in state.rules.current)
    return state if isinstance(state, ProtectionState) and standing else None


def _did(scene: Scene, name: str) -> str:
    did = scene.principal(name)
    if did is None:
        raise InvalidInput(f"nobody here is called {name!r}", hint="give a user name or a did:key", field="pushers")
    return did
