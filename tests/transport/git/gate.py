"""A gate for tests: everything in memory but the refs, which are moved in a real store with compare-and-swap."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.actor import ANONYMOUS, Actor
from domain.errors import Conflict, Forbidden, LocalFault, NotFound, Unauthenticated
from domain.ids import Did, StreamId
from domain.ports_git import ZERO_OID, RefOutcome, RepoAddress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.ports_git import GitStore, RefCommand

REPO = StreamId(bytes(range(32)))
PASSWORD = "correct-horse"
OPERATOR = Actor(did=Did("did:key:z6MkTest"), operator=True)
READER = Actor(did=Did("did:key:z6MkReader"))


@dataclass
class TestGate:
    """One repository at `operator/demo` and at its id; pushing takes the password, reading does not."""

    __test__ = False

    store: GitStore
    private: bool = False
    archived: bool = False
    default_branch: str = "main"
    protected: set[str] = field(default_factory=set)
    fault: LocalFault | None = None
    """Raised by the next pushes instead of an answer."""
    pushes: list[tuple[list[RefCommand], bool]] = field(default_factory=list)

    async def actor(self, scope: Mapping[str, Any]) -> Actor:
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode()
        if not authorization:
            return ANONYMOUS
        scheme, _, rest = authorization.partition(" ")
        password = base64.b64decode(rest).decode().partition(":")[2] if scheme == "Basic" else rest
        if password == "reader":
            return READER
        if password != PASSWORD:
            raise Unauthenticated("the password is wrong", hint="use the operator token as the password")
        return OPERATOR

    async def known_now(self, scope: Mapping[str, Any]) -> Actor:
        return await self.actor(scope)

    async def readable(self, actor: Actor, path: str) -> RepoAddress:
        known = path in {"operator/demo", REPO.hex()}
        if actor == ANONYMOUS and (self.private or not known):
            raise Unauthenticated("say who you are")
        if not known:
            raise NotFound(f"there is no repository {path}", hint="look at `gitant repo list`")
        return RepoAddress(REPO, self.default_branch)

    async def writable(self, actor: Actor, repo: RepoAddress) -> None:
        if actor == ANONYMOUS:
            raise Unauthenticated("pushing needs a password")
        if not actor.operator:
            raise Forbidden("only the operator may push", hint="ask the operator")
        if self.archived:
            raise Conflict("the repository is archived")

    async def push(
        self,
        actor: Actor,
        repo: RepoAddress,
        commands: Sequence[RefCommand],
        *,
        quarantine: str | None,
        atomic: bool,
    ) -> Sequence[RefOutcome]:
        self.pushes.append((list(commands), atomic))
        if self.fault is not None:
            raise self.fault
        return await asyncio.to_thread(self._move, commands, quarantine, atomic=atomic)

    def _move(self, commands: Sequence[RefCommand], quarantine: str | None, *, atomic: bool) -> list[RefOutcome]:
        refs = self.store.refs(REPO)
        outcomes = [RefOutcome(command.ref, self._reason(command, refs)) for command in commands]
        if atomic and not all(outcome.ok for outcome in outcomes):
            return [RefOutcome(outcome.ref, outcome.reason or "atomic push failed") for outcome in outcomes]
        if quarantine is not None and any(outcome.ok for outcome in outcomes):
            self.store.publish(REPO, quarantine)
        moves = {
            command.ref: None if command.new == ZERO_OID else command.new
            for command, outcome in zip(commands, outcomes, strict=True)
            if outcome.ok
        }
        self.store.move_refs(REPO, moves)
        return outcomes

    def _reason(self, command: RefCommand, refs: dict[str, str]) -> str:
        if command.ref in self.protected:
            return "the branch is protected"
        if refs.get(command.ref, ZERO_OID) != command.old:
            return "the ref has moved meanwhile: fetch first"
        return ""
