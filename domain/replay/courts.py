"""The courts of all streams: made from what is recorded when first asked for, and kept up as acts arrive and change."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple, Protocol

from domain.authority.acts import Admission, Grant, Hold, Limit
from domain.authority.ancestry import Graph, Place, Vector, covers, past_vector, vector
from domain.authority.court import NO_EFFECT, Act, Court
from domain.authority.needs import need
from domain.authority.roles import Role
from domain.fold.kind import read_payload
from domain.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.authority.acts import Deed
    from domain.authority.ancestry import Branch
    from domain.envelope import Event
    from domain.fold.kind import Payload
    from domain.ids import EventId, StreamId
    from domain.replay.judge import Known

_COURTS_MAX = 256


class StoredAct(NamedTuple):
    """What is recorded of an act besides its event."""

    event: EventId
    level: int
    alive: bool
    cut_known: bool
    reach: Vector


class Records(Graph, Protocol):
    """What courts ask of the history."""

    def known(self, name: EventId) -> Known | None:
        """An event by id, as other events' verdicts need it."""
        ...

    def event(self, name: EventId) -> Event | None:
        """An event by id, whole."""
        ...

    def acts(self, stream: StreamId) -> Sequence[StoredAct]:
        """A stream's acts in the order of their numbers."""
        ...

    def record_act(self, stream: StreamId, number: int, act: StoredAct) -> None:
        """Remember an act, or what became of it."""
        ...

    def branches(self, stream: StreamId) -> Sequence[Branch]:
        """All branches of a stream."""
        ...

    def beyond(self, branch: int, seq: int) -> Sequence[EventId]:
        """The events of a branch after a seq."""
        ...


class _Index:
    """The branches of one stream by what a limit can name; kept up with a list that only grows."""

    def __init__(self) -> None:
        self._count = 0
        self._about: dict[object, list[Branch]] = {}

    def about(self, limit: Limit, branches: Sequence[Branch]) -> Sequence[Branch]:
        """Those of the stream's branches whose events a limit is about."""
        for branch in branches[self._count :]:
            principal, _, node, _ = branch.enrolment
            for key in (principal, branch.device, (node,)):
                self._about.setdefault(key, []).append(branch)
        self._count = len(branches)
        return self._about.get(limit.principal or limit.device or (limit.node,), ())


class Courts:
    """One court a stream, the most recently used of them in memory."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._courts: OrderedDict[StreamId, tuple[Court, _Index]] = OrderedDict()

    def of(self, stream: StreamId, genesis: Event | None = None) -> Court:
        """The court of a stream, whose genesis is here or is `genesis`."""
        held = self._courts.get(stream)
        if held is None:
            held = self._courts[stream] = (self._load(stream, genesis), _Index())
            if len(self._courts) > _COURTS_MAX:
                self._courts.popitem(last=False)
        else:
            self._courts.move_to_end(stream)
        return held[0]

    def forget(self) -> None:
        """What was recorded last did not become durable."""
        self._courts.clear()

    def enter(self, event: Event, payload: Payload, place: Place) -> Act:
        """Give a new act of authority its number; it counts for nothing yet."""
        kind = KINDS[event.kind]
        assert kind.deed is not None
        deed = kind.deed(event, payload)
        court = self.of(event.stream)
        reach = self.reach(event, deed)
        branch = self._records.branch(place.branch)
        act = Act(
            len(court.acts),
            event.id,
            event.author,
            branch,
            place,
            deed,
            reach is not None,
            reach or {},
        )
        court.add(act)
        self._record(court, act)
        return act

    def settle(self, act: Act, level: int, *, alive: bool) -> bool:
        """Set what an act counts for; whether that changed."""
        court = self.of(act.branch.stream)
        changed = court.settle(act, level, alive=alive)
        if changed:
            self._record(court, act)
        return changed

    def reach(self, event: Event, deed: Deed) -> Vector | None:
        """How far the cut of an act reaches; None if it names something outside the act's past, as nobody may."""
        if not isinstance(deed, Limit | Hold):
            return {}
        past = past_vector(self._records, event)
        reach = past
        if deed.cut:
            for name in deed.cut:
                place = self._records.place(name)
                if place is None or not covers(past, place.branch, place.seq):
                    return None
            reach = vector(self._records, deed.cut)
        if isinstance(deed, Hold):
            return reach
        found = self._about(event.stream, deed)
        return {branch.number: reach[branch.number] for branch in found if branch.number in reach}

    def affected(self, act: Act, *, new: bool) -> Iterator[EventId]:
        """The events that may be judged otherwise now that an act has come or has changed; some twice."""
        records, court = self._records, self.of(act.branch.stream)
        match act.deed:
            case Limit() as deed:
                yield from self._beyond(act, self._about(court.stream, deed))
            case Grant(principal=principal) if not new:
                for branch in self._about(court.stream, Limit(Role.GUEST, principal=principal)):
                    yield from self._after(act, branch, 0)
            case Hold(on=on, replaces=replaces):
                if on:
                    yield from self._beyond(act, records.branches(court.stream))
                for name in () if new else replaces:
                    held = court.act(name)
                    for branch in records.branches(court.stream) if held is not None else ():
                        assert held is not None
                        yield from self._after(act, branch, held.reach.get(branch.number, 0))
            case Admission(events=events):
                yield from (name for name in sorted(events) if self._here(name, court.stream))
            case _:
                pass

    def _about(self, stream: StreamId, limit: Limit) -> Sequence[Branch]:
        _, index = self._courts[stream]
        return index.about(limit, self._records.branches(stream))

    def _beyond(self, act: Act, branches: Sequence[Branch]) -> Iterator[EventId]:
        for branch in branches:
            yield from self._records.beyond(branch.number, act.reach.get(branch.number, 0))

    def _after(self, act: Act, branch: Branch, seq: int) -> Iterator[EventId]:
        """The events of a branch beyond a seq that were written with an act in their past."""
        for name in self._records.beyond(branch.number, seq):
            place = self._records.place(name)
            assert place is not None, "it is on a branch"
            if act.in_past(place):
                yield name

    def _here(self, name: EventId, stream: StreamId) -> bool:
        known = self._records.known(name)
        return known is not None and known.stream == stream

    def _record(self, court: Court, act: Act) -> None:
        stored = StoredAct(act.event, act.level, act.alive, act.cut_known, act.reach)
        self._records.record_act(court.stream, act.number, stored)

    def _load(self, stream: StreamId, genesis: Event | None) -> Court:
        known = self._records.known(stream)  # type: ignore[arg-type]  # a stream's id is its genesis event's
        roots = genesis.roots if genesis is not None else known.roots if known is not None else ()
        court = Court(stream, roots)
        for number, stored in enumerate(self._records.acts(stream)):
            event, place = self._records.event(stored.event), self._records.place(stored.event)
            assert event is not None
            assert event.payload is not None
            assert place is not None
            kind = KINDS[event.kind]
            assert kind.deed is not None
            deed = kind.deed(event, read_payload(kind, event.payload, own=True))
            branch = self._records.branch(place.branch)
            act = Act(number, event.id, event.author, branch, place, deed, stored.cut_known, stored.reach)
            court.add(act)
            court.settle(act, stored.level, alive=stored.alive)
        for act in court.acts:
            court.settle(act, act.level, alive=act.alive)  # who leaves gives back what all acts together left him
        return court


def level_of(deed: Deed, role: int, *, accepted: bool) -> int:
    """What an act counts for against others: its author's role, or nothing if it only concerns himself."""
    if not accepted or (isinstance(deed, Limit) and role < need("member.change").role):
        return NO_EFFECT
    return role
