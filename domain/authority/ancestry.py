"""Who has whom in its past: exact answers about a stream's graph of events, at a cost that does not grow with it.

A feed's events are a chain, so the past of an event is, for each branch of a feed, everything up to one seq: a
*vector*. To know the vector of any event, its graph is walked back until events whose vector was kept (*marks*, one
every `BAND` of Lamport time). Each event also carries which acts of authority are in its past, as bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from domain.authority.enrolment import NOT_ENROLLED, RANK_ROOT, Enrolment, read_chain
from domain.keys import did_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.envelope import Event
    from domain.ids import DeviceKey, EventId, StreamId

BAND: Final = 512
NO_BRANCH: Final = -1
"""The number of a branch that is not recorded: of an event that would open one."""
EVERY_ACT: Final = -1
"""The acts of a place that has all there are in its past: every bit is set."""

Vector = dict[int, int]
"""By branch number, the greatest seq that is covered."""


class Place(NamedTuple):
    """Where an event stands: its branch and seq, and the acts in its past (bit n for act n of its stream)."""

    branch: int
    seq: int
    acts: int


class Branch(NamedTuple):
    """One chain of one device's events in a stream, with what its first event enrolled it for. Numbers are local."""

    number: int
    stream: StreamId
    device: DeviceKey
    enrolment: Enrolment


class Links(NamedTuple):
    """An event as a walk sees it."""

    branch: int
    seq: int
    lamport: int
    past: tuple[EventId, ...]


@dataclass(slots=True)
class Trail:
    """The last event of a stream whose whole past is at hand: while each follows the one before, no walk is needed."""

    event: EventId
    reach: Vector


class Graph(Protocol):
    """What is remembered of the events that are here. `trails` is by stream, and may lose any of them at any time."""

    trails: dict[StreamId, Trail]

    def place(self, name: EventId) -> Place | None:
        """Where an event stands, or None if it is not here."""
        ...

    def links(self, name: EventId) -> Links:
        """A recorded event's own links."""
        ...

    def act(self, name: EventId) -> int | None:
        """The number of an act in its stream, or None for an event that is none."""
        ...

    def mark(self, name: EventId) -> Vector | None:
        """The vector kept for an event, if one is."""
        ...

    def branch(self, number: int) -> Branch:
        """A branch by its number."""
        ...

    def tip_of(self, event: EventId) -> int | None:
        """The number of the branch whose last event this is, or None if another follows it there."""
        ...

    def open_branch(self, stream: StreamId, device: DeviceKey, enrolment: Enrolment) -> Branch:
        """A new branch."""
        ...

    def put(self, event: Event, place: Place, mark: Vector | None) -> None:
        """Remember where a new event stands."""
        ...


def past_of(event: Event) -> tuple[EventId, ...]:
    """Parents and prev, each once."""
    if event.prev is None or event.prev in event.parents:
        return event.parents
    return (*event.parents, event.prev)


def locate(graph: Graph, event: Event) -> Place:
    """Record a new event, whose past is here: its branch, the acts it has seen, and a mark if it is time for one."""
    place = foresee(graph, event)
    if place.branch == NO_BRANCH:
        enrolment = enrolment_of(graph, event)
        place = place._replace(branch=graph.open_branch(event.stream, event.device, enrolment).number)
    followed = _follow(graph, event, place)
    mark = None
    if event.lamport % BAND == 0:  # one more than the greatest of its past: no path gets by without a mark
        if followed is None:
            followed = vector(graph, past_of(event))
            followed[place.branch] = event.seq
            graph.trails[event.stream] = Trail(event.id, followed)
        mark = dict(followed)
    graph.put(event, place, mark)
    return place


def _follow(graph: Graph, event: Event, place: Place) -> Vector | None:
    """Go on along the stream's trail, if the event has all of it in its past and nothing else."""
    trail = graph.trails.get(event.stream)
    if trail is None:
        if event.genesis:
            graph.trails[event.stream] = Trail(event.id, {place.branch: event.seq})
        return None
    past = past_of(event)
    if trail.event not in past:
        return None
    for name in past:
        if name != trail.event:
            other = graph.place(name)
            assert other is not None, "its past is here"
            if not covers(trail.reach, other.branch, other.seq):
                return None
    trail.event = event.id
    trail.reach[place.branch] = event.seq
    return trail.reach


def past_vector(graph: Graph, event: Event) -> Vector:
    """How far the past of a recorded event reaches, itself not included."""
    trail, place = graph.trails.get(event.stream), graph.place(event.id)
    if trail is None or place is None or trail.event != event.id:
        return vector(graph, past_of(event))
    reach = dict(trail.reach)
    before = None if event.prev is None else graph.place(event.prev)
    if before is not None and before.branch == place.branch:
        reach[place.branch] = before.seq
    else:
        del reach[place.branch]  # it is the first on it
    return reach


def has_seen(graph: Graph, event: Event, names: Iterable[EventId]) -> bool:
    """Whether events of its stream that are here are all in the past of an event, recorded or not."""
    reach = past_vector(graph, event)
    places = (graph.place(name) for name in names)
    return all(place is not None and covers(reach, place.branch, place.seq) for place in places)


def foresee(graph: Graph, event: Event) -> Place:
    """Where an event would stand; `NO_BRANCH` for one that would open a new branch."""
    acts = 0
    for name in past_of(event):
        place = graph.place(name)
        if place is None:
            continue  # only of an event that is not taken in for just that reason
        acts |= place.acts
        act = graph.act(name)
        if act is not None:
            acts |= 1 << act
    tip = graph.tip_of(event.prev) if event.prev is not None else None
    return Place(NO_BRANCH if tip is None else tip, event.seq, acts)


def enrolment_of(graph: Graph, event: Event) -> Enrolment:
    """What the event's feed enrolled its device for."""
    before = graph.place(event.prev) if event.prev is not None else None
    if before is not None:
        return graph.branch(before.branch).enrolment
    own = did_of(event.device)
    if event.author == own:
        return Enrolment(own, RANK_ROOT)
    if not event.enrolment:
        return NOT_ENROLLED
    return read_chain(event.enrolment, event.device, event.stream)


def vector(graph: Graph, names: Iterable[EventId]) -> Vector:
    """How far the events of these names and their ancestors reach on every branch."""
    reached: Vector = {}
    whole: Vector = {}
    seen: set[EventId] = set()
    waiting: list[tuple[int, EventId]] = []
    for name in names:
        heappush(waiting, (-graph.links(name).lamport, name))
    while waiting:
        _, name = heappop(waiting)
        if name in seen:
            continue
        seen.add(name)
        branch, seq, _, past = graph.links(name)
        if covers(whole, branch, seq):
            continue  # with everything before it
        mark = graph.mark(name)
        if mark is not None:
            _join(whole, mark)
            continue
        reached.setdefault(branch, seq)  # by falling Lamport time, so the first that is met is the last on its branch
        for each in past:
            if each not in seen:
                heappush(waiting, (-graph.links(each).lamport, each))
    _join(reached, whole)
    return reached


def covers(reach: Mapping[int, int], branch: int, seq: int) -> bool:
    """Whether an event is in the past that a vector describes."""
    return reach.get(branch, 0) >= seq


def _join(into: Vector, other: Mapping[int, int]) -> None:
    for branch, seq in other.items():
        if not covers(into, branch, seq):
            into[branch] = seq
