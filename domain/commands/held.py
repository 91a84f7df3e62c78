"""Decide on what strangers sent: look at it, let its author in, forget it, or block who sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from domain.actor import ANONYMOUS
from domain.authority.rights import Request
from domain.commands.events import take_in
from domain.commands.members import ChangeMember, block
from domain.commands.scene import Done, permit, repository
from domain.commands.standing import DESK
from domain.envelope import is_signed, read_own
from domain.errors import Forbidden, InvalidInput, LocalFault, NotFound, Unauthenticated
from domain.ids import Did, StreamId
from domain.keys import is_did
from domain.moderation.excerpt import excerpt

if TYPE_CHECKING:
    from domain.actor import Actor
    from domain.commands.scene import Scene
    from domain.moderation.desk import Desk
    from domain.ports_held import HeldEvent

HELD_PER_PAGE_MAX = 100
HELD_STREAMS_MAX = 100


class ListHeld(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which page: what came after `held_ms` and, at the same time, after the event of that id."""

    repo: bytes
    held_ms: int = 0
    event: bytes = b""
    limit: int = HELD_PER_PAGE_MAX


def list_held(scene: Scene, actor: Actor, args: ListHeld) -> Done:
    """What is held in a repository, the oldest first, with how much there is in all."""
    desk = _looked_after(scene, actor, args.repo)
    stream = StreamId(args.repo)
    limit = min(args.limit, HELD_PER_PAGE_MAX)
    found = desk.held.page(stream, (args.held_ms, args.event), limit + 1)
    rows = [_shown(desk, each) for each in found[:limit]]
    return Done(extra={"page": rows, "more": len(found) > limit, "total": desk.held.sum(stream=stream).events})


class SumHeld(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """At most how many streams are to be told of."""

    limit: int = HELD_STREAMS_MAX


def sum_held(scene: Scene, actor: Actor, args: SumHeld) -> Done:
    """Where on this node something is held, the most first, with how much there is in all: for whoever runs it."""
    if not actor.operator:
        raise Forbidden("only the operator of this node may see what is held in all of it")
    if scene.desk is None:
        return Done(extra={"streams": [], "events": 0, "bytes": 0})
    held, total = scene.desk.held, scene.desk.held.sum()
    rows = [
        {"stream": each.stream.hex(), "events": each.events, "bytes": each.bytes, "oldest_ms": each.oldest_ms}
        for each in held.streams(min(args.limit, HELD_STREAMS_MAX))
    ]
    return Done(extra={"streams": rows, "events": total.events, "bytes": total.bytes})


class AdmitHeld(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose events are to be taken in."""

    repo: bytes
    author: str


def admit(scene: Scene, actor: Actor, args: AdmitHeld) -> Done:
    """Let somebody in with all that is held of them, in total order; what the log refuses stays, with the reason."""
    desk = _looked_after(scene, actor, args.repo)
    stream, author = StreamId(args.repo), _author(args.author)
    waiting = desk.held.of(stream, author)
    _some(len(waiting), author)
    desk.know(stream, author)
    admitted: list[str] = []
    refused: list[dict[str, str]] = []
    for each in waiting:
        event = read_own(each.raw.header, each.raw.signature, each.raw.payload)
        try:
            take_in(scene, ANONYMOUS, event, waited=True)
        except LocalFault as fault:
            refused.append({"event": each.id.hex(), "why": fault.message})
            continue
        desk.held.remove(each.id)
        if not is_signed(event):
            scene.vouch([event.id])  # it was vouched for when it came; a right one will be asked for
        admitted.append(each.id.hex())
    return Done(extra={DESK: {"author": author, "admitted": admitted, "refused": refused}})


class DropHeld(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be forgotten: what is held of an author, what came from a network, or (neither) all."""

    repo: bytes
    author: str | None = None
    origin: str | None = None


def drop(scene: Scene, actor: Actor, args: DropHeld) -> Done:
    """Forget what is held; it will not be held again."""
    desk = _looked_after(scene, actor, args.repo)
    author = None if args.author is None else _author(args.author)
    dropped = desk.drop(StreamId(args.repo), author=author, origin=args.origin)
    _some(dropped, author or args.origin or "anybody")
    return Done(extra={DESK: {"dropped": dropped}})


class BlockHeld(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who is to be blocked, of whom something is held."""

    repo: bytes
    author: str


def block_author(scene: Scene, actor: Actor, args: BlockHeld) -> Done:
    """Forget what is held of somebody, and block them in the log."""
    desk = _looked_after(scene, actor, args.repo)
    stream, author = StreamId(args.repo), _author(args.author)
    waiting = desk.held.sum(stream=stream, author=author).events
    _some(waiting, author)
    done = block(scene, actor, ChangeMember(repo=args.repo, user=author))
    desk.drop(stream, author=author)
    return Done(extra={**done.extra, DESK: {"dropped": waiting}})


class ChooseRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to become of strangers to a repository on this node; `node`: what its setting says."""

    repo: bytes
    rule: Literal["hold", "open", "refuse", "node"]


def choose(scene: Scene, actor: Actor, args: ChooseRule) -> Done:
    """Choose for one repository what else holds for all of this node; its owners may, and whoever runs the node."""
    desk = _looked_after(scene, actor, args.repo, "repository.administer")
    desk.held.choose(StreamId(args.repo), None if args.rule == "node" else args.rule)
    return Done(extra={DESK: _rule(desk, args.repo)})


class ShowRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of which repository."""

    repo: bytes


def show_rule(scene: Scene, _: Actor, args: ShowRule) -> Done:
    """What becomes of strangers to a repository, and whether that was chosen for it."""
    repository(scene, StreamId(args.repo), writable=False)
    if scene.desk is None:
        return Done(extra={"rule": "refuse", "chosen": False})
    return Done(extra=_rule(scene.desk, args.repo))


def _rule(desk: Desk, repo: bytes) -> dict[str, Any]:
    return {"rule": desk.rule_of(StreamId(repo)), "chosen": desk.held.rule(StreamId(repo)) is not None}


def _looked_after(scene: Scene, actor: Actor, repo: bytes, action: str = "held.manage") -> Desk:
    """The desk, for whoever may do this in a repository, and whoever runs this node."""
    state = repository(scene, StreamId(repo), writable=False)
    if actor.did is None:
        raise Unauthenticated("this needs a token", hint="send Authorization: Bearer, with what `gitant token` prints")
    if not actor.operator:
        permit(scene, state, Request((action,), actor.did))
    if scene.desk is None:
        raise NotFound("this node holds nothing of strangers")
    return scene.desk


def _author(text: str) -> Did:
    if not is_did(text):
        raise InvalidInput("author is not a did:key", hint="strangers have no names here", field="author")
    return Did(text)


def _some(count: int, whose: str) -> None:
    if not count:
        raise NotFound(f"nothing of {whose} is held there")


def _shown(desk: Desk, held: HeldEvent) -> dict[str, Any]:
    event = read_own(held.raw.header, held.raw.signature, held.raw.payload)
    return {
        "event": held.id.hex(),
        "author": held.author,
        "kind": event.kind,
        "entity": event.entity.hex() if event.entity is not None else "",
        "lamport": held.lamport,
        "bytes": held.bytes,
        "excerpt": excerpt(held.raw.payload),
        "origin": held.origin,
        "held_ms": held.held_ms,
        "until_ms": desk.until_ms(held),
    }
