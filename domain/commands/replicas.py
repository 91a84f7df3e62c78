"""What replication brings: events of other nodes, checked by its core, and the objects that they name.

Only the node itself gives these commands. What a verdict needs is here already, and an event that counts for nothing is
taken in like any other: every copy of a stream holds the same events.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final, final

import msgspec

from domain.commands.scene import (
    BytesMended,
    Done,
    HeadChanged,
    ObjectsAdopted,
    RefsSettled,
    RepositoryGone,
    RepositoryMade,
    Scene,
)
from domain.commands.standing import DESK, is_stranger
from domain.envelope import is_signed, read_own
from domain.errors import Conflict, Forbidden, LocalFault
from domain.ids import EventId, StreamId
from domain.kinds import KINDS
from domain.moderation.arrivals import let_in
from domain.refs.moved import KIND as REFS_MOVED
from domain.repository.default_branch_set import KIND as DEFAULT_BRANCH_SET
from domain.repository.deleted import KIND as DELETED
from domain.repository.imported import KIND as IMPORTED
from domain.repository.state import RepositoryState

if TYPE_CHECKING:
    from collections.abc import Collection

    from domain.actor import Actor
    from domain.commands.scene import RepositoryEffect
    from domain.envelope import Event

HELD = DESK
"""In the `extra` of a store: the ids of the events that were kept out of the log.

Every store has it, for each may change what is held.
"""
EARLY = "early"
"""In the `extra` of a store: the ids of the events that have to come again, with what is before them."""
_FEW: Final = 16
"""Events for each of which it is asked whether it is held; for more, whether anything is."""
Bytes3 = tuple[bytes, bytes, bytes | None]
"""Header, signature and payload."""


class StoreReplicas(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Checked events of one stream, each after its past; `vouched` are ids of those whose signatures were not checked.

    `origin` is where they came from, as people are told of it.
    """

    events: list[Bytes3]
    vouched: list[bytes] = []
    origin: str = ""


def store(scene: Scene, actor: Actor, args: StoreReplicas) -> Done:
    """Put events into the log; some that strangers wrote may wait outside it, and those are named."""
    _check_own(actor)
    events = [read_own(*each) for each in args.events]
    door = _Door(scene, args.origin, {event.id for event in events}, many=len(events) > _FEW)
    arrived = let_in((event for event in events if not scene.has(event)), door)
    for effect in door.effects.values():
        scene.after(effect)
    extra = {HELD: [event.id for event in arrived.outside], EARLY: [event.id for event in arrived.early]}
    taken = {event.id for event in door.taken}
    scene.vouch([*door.vouched, *(EventId(name) for name in args.vouched if name in taken)])
    return Done(extra=extra)


class MendReplicas(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Checked bytes of events that are in the log; a payload of None leaves what is there."""

    events: list[Bytes3]


def mend(scene: Scene, actor: Actor, args: MendReplicas) -> Done:
    """Put these bytes in place of those that are there."""
    _check_own(actor)
    for each in args.events:
        event = read_own(*each)
        if scene.link(event.id) is not None:
            scene.after(BytesMended(event.id, event.signature, event.payload))
    return Done()


class NoteChecked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Ids of events whose signatures are good."""

    events: list[bytes]


def note_checked(scene: Scene, actor: Actor, args: NoteChecked) -> Done:
    """Their signatures need not be checked any more."""
    _check_own(actor)
    for name in args.events:
        scene.after(BytesMended(EventId(name)))
    return Done()


_Token = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class TakeObjects(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The repository that objects have come for, and the finished quarantine that they are in, if in one.

    Or they were `staged` before the repository was here; `excused` are then those of them with old faults.
    """

    repo: bytes
    quarantine: _Token | None = None
    staged: _Token | None = None
    excused: list[bytes] = []


def take_objects(scene: Scene, actor: Actor, args: TakeObjects) -> Done:
    """Have objects published, and refs follow the fold as far as what they point to is here."""
    _check_own(actor)
    state = scene.state(args.repo)
    if isinstance(state, RepositoryState) and state.exists:
        if args.staged is not None:
            known = {oid for oids in state.skips.values() for oid in oids}
            if faulty := set(args.excused) - known:
                raise Conflict(f"object {min(faulty).hex()} has a fault that nobody who may has excused")
            scene.after(ObjectsAdopted(StreamId(args.repo), args.staged))
        scene.after(RefsSettled(StreamId(args.repo), args.quarantine))
    return Done()


def _check_own(actor: Actor) -> None:
    if not actor.operator:
        raise Forbidden("only the node itself takes in what its peers send")


@final
class _Door:
    """The log, as what arrives at it."""

    def __init__(self, scene: Scene, origin: str, came: Collection[EventId], *, many: bool) -> None:
        """With `many` events to come it is found out first whether anything is held at all, which mostly is not so."""
        self._scene = scene
        self._origin = origin
        self._came = came
        self._desk = scene.desk
        self._holds = self._desk is not None and (not many or self._desk.held.sum().events > 0)
        self._open: dict[StreamId, bool] = {}
        """By stream, whether strangers are let into it."""
        self.taken: list[Event] = []
        self.vouched: list[EventId] = []
        """Of what was held, those whose signatures are wrong: they were vouched for when they came."""
        self.effects: dict[tuple[type[RepositoryEffect], StreamId], RepositoryEffect] = {}
        """What has to follow, each once for each repository."""

    def keeps_out(self, event: Event) -> bool:
        """Strangers are kept out of replicas only where that was chosen for the repository.

        Elsewhere a copy that is complete comes first: budgets bound what they add.
        """
        if self._desk is None or event.genesis:
            return False
        is_open = self._open.get(event.stream)
        if is_open is None:
            is_open = self._open[event.stream] = self._desk.held.rule(event.stream) in {None, "open"}
        return not is_open and is_stranger(self._scene, event)

    def here(self, name: EventId) -> bool:
        return self._scene.link(name) is not None

    def held(self, name: EventId) -> Event | None:
        found = self._desk.held.get(name) if self._desk is not None and self._holds else None
        return None if found is None else read_own(found.raw.header, found.raw.signature, found.raw.payload)

    def hold(self, event: Event) -> None:
        """Have it wait for a decision, unless it was dropped before, or nothing is taken of strangers there."""
        desk = self._desk
        assert desk is not None, "nobody is kept out of a node without a desk"
        if event.payload is None or desk.rule_of(event.stream) == "refuse" or desk.held.was_dropped(event.id):
            return
        with suppress(LocalFault):  # as many wait as may: its author can have it sent again when some were decided on
            desk.hold(event, self._origin)
            self._holds = True

    def follower(self, event: Event) -> Event | None:
        if self._desk is None or not self._holds:
            return None
        found = self._desk.held.at(event.stream, event.device, event.seq + 1)
        after = None if found is None else read_own(found.raw.header, found.raw.signature, found.raw.payload)
        return after if after is not None and after.prev == event.id else None

    def spoiled(self, name: EventId) -> bool:
        event = self._scene.event(name)
        return event is not None and not is_signed(event)

    def forget(self, name: EventId) -> None:
        if self._desk is not None and self._holds and self._desk.held.get(name) is not None:
            self._desk.held.remove(name)

    def take(self, event: Event) -> None:
        verdict = self._scene.take_checked(event)
        self.taken.append(event)
        if event.id not in self._came and not is_signed(event):
            self.vouched.append(event.id)
        self.forget(event.id)
        if verdict.accepted:
            for effect in follow_up(event):
                self.effects[type(effect), effect.repo] = effect


def follow_up(event: Event) -> list[RepositoryEffect]:
    """What an accepted event of another node has to be followed by here, where its objects may not be yet."""
    kind = KINDS[event.kind]
    if kind.creates == "repository":
        return [RepositoryMade(event.stream), RefsSettled(event.stream)]
    if kind is IMPORTED:
        return [ObjectsAdopted(event.stream, None)]
    if kind is DELETED:
        return [RepositoryGone(event.stream), HeadChanged(event.stream)]
    if kind is DEFAULT_BRANCH_SET:
        return [HeadChanged(event.stream)]
    return [RefsSettled(event.stream)] if kind is REFS_MOVED else []
