"""The in-memory twin of the views' history: dictionaries, for laws, simulations and small tools."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from domain.authority.ancestry import Branch, Links, Trail, past_of
from domain.replay.engine import Member
from domain.replay.judge import Judgement, Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.authority.ancestry import Place, Vector
    from domain.authority.enrolment import Enrolment
    from domain.envelope import Event
    from domain.ids import DeviceKey, EventId, StreamId
    from domain.replay.courts import StoredAct
    from domain.verdict import Verdict


class MemoryHistory:
    """Everything the engine asks a history, for as long as the process lives."""

    def __init__(self) -> None:
        self.events: dict[EventId, Event] = {}
        self.verdicts: dict[EventId, Verdict] = {}
        self._members: dict[bytes, list[tuple[int, EventId]]] = {}
        self._redacted: dict[bytes, set[EventId]] = {}
        self._awaiting: dict[EventId, set[EventId]] = {}
        self.trails: dict[StreamId, Trail] = {}
        self._places: dict[EventId, Place] = {}
        self._located: dict[EventId, Event] = {}
        self._marks: dict[EventId, Vector] = {}
        self._branches: list[Branch] = []
        self._of_stream: dict[StreamId, list[Branch]] = {}
        self._on_branch: list[list[EventId]] = []
        self._acts: dict[StreamId, list[StoredAct]] = {}
        self._act_numbers: dict[EventId, int] = {}

    def known(self, name: EventId) -> Known | None:
        """An event by id, as other events' verdicts need it."""
        event = self.events.get(name)
        if event is None:
            return None
        accepted = self.verdicts[name].accepted
        return Known(event.kind, event.stream, event.entity, event.author, accepted, event.lamport, event.roots)

    def event(self, name: EventId) -> Event | None:
        """An event by id, whole."""
        return self.events.get(name)

    def members(self, key: bytes) -> Sequence[Member]:
        """The accepted and fold-voided events that touch an entity, in total order."""
        return [Member(self.events[name], self.verdicts[name].accepted) for _, name in self._members.get(key, ())]

    def touched(self) -> Sequence[bytes]:
        """The keys of all entities that anything touches, sorted."""
        return sorted(self._members)

    def redacted(self, name: EventId) -> bool:
        """Whether an accepted redaction covers an event's payload."""
        return bool(self._redacted.get(name))

    def awaiting(self, name: EventId) -> Sequence[EventId]:
        """Events whose verdict waits for this one."""
        return sorted(self._awaiting.pop(name, ()))

    def record(self, event: Event, judgement: Judgement, keys: Sequence[bytes]) -> None:
        """Remember an event with its verdict, what it awaits, and the entities it touches."""
        self.events[event.id] = event
        self.verdicts[event.id] = judgement.verdict
        for awaited in judgement.awaits:
            self._awaiting.setdefault(awaited, set()).add(event.id)
        for key in keys:
            members = self._members.setdefault(key, [])
            at = bisect_left(members, event.order)
            if members[at : at + 1] != [event.order]:
                members.insert(at, event.order)

    def leave(self, event: Event, keys: Sequence[bytes]) -> Sequence[bytes]:
        """An event touches these entities no longer: those it did touch."""
        left = [key for key in keys if event.order in self._members.get(key, ())]
        for key in left:
            self._members[key].remove(event.order)
            if not self._members[key]:
                del self._members[key]
        return left

    def drop_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """A redaction covers these events no longer."""
        for target in targets:
            self._redacted[target].discard(by)

    def record_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """Remember that an accepted redaction covers these events."""
        for target in targets:
            self._redacted.setdefault(target, set()).add(by)

    def record_verdict(self, name: EventId, verdict: Verdict) -> None:
        """Change the verdict of an event, found only by folding."""
        self.verdicts[name] = verdict

    # --- places and acts -------------------------------------------------------------------------

    def place(self, name: EventId) -> Place | None:
        """Where an event stands, or None if it is not here."""
        return self._places.get(name)

    def links(self, name: EventId) -> Links:
        """A recorded event's own links."""
        event, place = self._located[name], self._places[name]
        return Links(place.branch, place.seq, event.lamport, past_of(event))

    def act(self, name: EventId) -> int | None:
        """The number of an act in its stream, or None for an event that is none."""
        return self._act_numbers.get(name)

    def mark(self, name: EventId) -> Vector | None:
        """The vector kept for an event, if one is."""
        return self._marks.get(name)

    def branch(self, number: int) -> Branch:
        """A branch by its number."""
        return self._branches[number]

    def tip_of(self, event: EventId) -> int | None:
        """The number of the branch whose last event this is, or None if another follows it there."""
        number = self._places[event].branch
        return number if self._on_branch[number][-1] == event else None

    def open_branch(self, stream: StreamId, device: DeviceKey, enrolment: Enrolment) -> Branch:
        """A new branch."""
        branch = Branch(len(self._branches), stream, device, enrolment)
        self._branches.append(branch)
        self._of_stream.setdefault(stream, []).append(branch)
        self._on_branch.append([])
        return branch

    def put(self, event: Event, place: Place, mark: Vector | None) -> None:
        """Remember where a new event stands."""
        self._located[event.id] = event
        self._places[event.id] = place
        self._on_branch[place.branch].append(event.id)
        if mark is not None:
            self._marks[event.id] = mark

    def branches(self, stream: StreamId) -> Sequence[Branch]:
        """All branches of a stream."""
        return self._of_stream.get(stream, ())

    def beyond(self, branch: int, seq: int) -> Sequence[EventId]:
        """The events of a branch after a seq."""
        names = self._on_branch[branch]
        return names[bisect_right(names, seq, key=lambda name: self._places[name].seq) :]

    def acts(self, stream: StreamId) -> Sequence[StoredAct]:
        """A stream's acts in the order of their numbers."""
        return self._acts.get(stream, ())

    def record_act(self, stream: StreamId, number: int, act: StoredAct) -> None:
        """Remember an act, or what became of it."""
        acts = self._acts.setdefault(stream, [])
        acts[number : number + 1] = [act]
        self._act_numbers[act.event] = number
