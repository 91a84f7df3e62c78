"""The graph of events, kept in the views: branches, places, acts of authority, marks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import msgspec

from domain.authority.ancestry import Branch, Links, Place, Trail, Vector, past_of
from domain.authority.enrolment import Enrolment
from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.replay.courts import StoredAct
from projections.tables import ACT_SETS, ACTS, BRANCHES, MARKS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.envelope import Event
    from projections.shelf import Shelf

_PLACES_MAX = 50_000
_LINKS_MAX = 20_000
_SETS_MAX = 10_000
_TRAILS_MAX = 1_000


class ViewGraph(ABC):
    """Implements `domain.authority.ancestry.Graph`, and what courts record. `read` finds a recorded event whole."""

    def __init__(self, shelf: Shelf, read: Callable[[EventId], Event | None]) -> None:
        self._shelf = shelf
        self._read = read
        self.trails: dict[StreamId, Trail] = {}
        self._places: dict[bytes, Place] = {}
        self._links: dict[bytes, Links] = {}
        self._sets: dict[int, int] = {}
        self._set_numbers: dict[int, int] = {}
        self._by_number: dict[int, Branch] = {}
        self._by_stream: dict[bytes, list[Branch]] = {}
        self._heads: dict[int, int] = {}
        self._act_numbers: dict[bytes, int | None] = {}
        self._marks: dict[bytes, Vector] = {}
        self._next_branch: int | None = None
        self._next_set: int | None = None

    @abstractmethod
    def position(self, name: bytes) -> int:
        """The log position of a recorded event."""

    def settle(self) -> None:
        """A batch is durable."""
        self._marks.clear()
        for cache, most in (
            (self._places, _PLACES_MAX),
            (self._links, _LINKS_MAX),
            (self._sets, _SETS_MAX),
            (self._set_numbers, _SETS_MAX),
            (self._act_numbers, _PLACES_MAX),
            (self._heads, _PLACES_MAX),
            (self._by_number, _PLACES_MAX),
            (self._by_stream, _PLACES_MAX),
            (self.trails, _TRAILS_MAX),
        ):
            if len(cache) > most:
                cache.clear()

    def abandon(self) -> None:
        """A batch did not become durable."""
        for cache in (
            self.trails,
            self._places,
            self._links,
            self._sets,
            self._set_numbers,
            self._by_number,
            self._by_stream,
            self._heads,
            self._act_numbers,
            self._marks,
        ):
            cache.clear()
        self._next_branch = self._next_set = None

    # --- places ----------------------------------------------------------------------------------

    def place(self, name: EventId) -> Place | None:
        """Where an event stands, or None if it is not here."""
        place = self._places.get(name)
        if place is None:
            row = self._one("SELECT branch, seq, seen FROM events WHERE id=?", name)
            if row is None:
                return None
            place = self._places[name] = Place(row[0], row[1], self._set(row[2]))
        return place

    def links(self, name: EventId) -> Links:
        """A recorded event's own links."""
        links = self._links.get(name)
        if links is None:
            event, place = self._read(name), self.place(name)
            assert event is not None, "walks stay in the log"
            assert place is not None
            links = self._links[name] = Links(place.branch, place.seq, event.lamport, past_of(event))
        return links

    def put(self, event: Event, place: Place, mark: Vector | None) -> None:
        """Remember where a new event stands; its row is written when it is recorded."""
        self._places[event.id] = place
        self._links[event.id] = Links(place.branch, place.seq, event.lamport, past_of(event))
        self._act_numbers[event.id] = None  # until it is recorded as one
        self._heads[place.branch] = max(place.seq, self._heads.get(place.branch, 0))
        if mark is not None:
            self._marks[event.id] = mark
            self._shelf.put(MARKS, (event.id, _packed(mark)))

    def mark(self, name: EventId) -> Vector | None:
        """The vector kept for an event, if one is."""
        if name in self._marks:
            return self._marks[name]
        row = self._one("SELECT reach FROM marks WHERE event=?", name)
        return None if row is None else _unpacked(row[0])

    def set_number(self, acts: int) -> int:
        """The number under which a set of acts is kept."""
        number = self._set_numbers.get(acts)
        if number is None:
            bits = acts.to_bytes((acts.bit_length() + 7) // 8, "big")
            row = self._one("SELECT n FROM act_sets WHERE bits=?", bits)
            if row is not None:
                number = int(row[0])
            else:
                number = self._next_set or int(self._one("SELECT coalesce(max(n), 0) + 1 FROM act_sets")[0])
                self._next_set = number + 1
                self._shelf.put(ACT_SETS, (number, bits))
            self._set_numbers[acts] = number
            self._sets[number] = acts
        return number

    def _set(self, number: int) -> int:
        acts = self._sets.get(number)
        if acts is None:
            row = self._one("SELECT bits FROM act_sets WHERE n=?", number)
            acts = self._sets[number] = int.from_bytes(row[0], "big")
        return acts

    # --- branches --------------------------------------------------------------------------------

    def branch(self, number: int) -> Branch:
        """A branch by its number."""
        branch = self._by_number.get(number)
        if branch is None:
            row = self._one(f"SELECT {_BRANCH} FROM branches WHERE n=?", number)
            branch = self._by_number[number] = _branch(row)
        return branch

    def branches(self, stream: StreamId) -> Sequence[Branch]:
        """All branches of a stream."""
        found = self._by_stream.get(stream)
        if found is None:
            # Those of this batch are not written yet; but then their stream is in memory.
            rows = self._shelf.connection.execute(
                f"SELECT {_BRANCH} FROM branches WHERE stream=? ORDER BY n", (stream,)
            )
            found = self._by_stream[stream] = [_branch(row) for row in rows]
        return found

    def open_branch(self, stream: StreamId, device: DeviceKey, enrolment: Enrolment) -> Branch:
        """A new branch."""
        self.branches(stream)
        number = self._next_branch
        if number is None:
            number = int(self._one("SELECT coalesce(max(n), -1) + 1 FROM branches")[0])
        branch = Branch(number, stream, device, enrolment)
        self._next_branch = number + 1
        self._by_number[branch.number] = branch
        self._by_stream[stream].append(branch)
        self._heads[branch.number] = 0
        principal, rank, node, fault = enrolment
        self._shelf.put(BRANCHES, (branch.number, stream, device, principal, rank, node, fault))
        return branch

    def tip_of(self, event: EventId) -> int | None:
        """The number of the branch whose last event this is, or None if another follows it there."""
        place = self.place(event)
        return place.branch if place is not None and place.seq == self._head(place.branch) else None

    def beyond(self, branch: int, seq: int) -> Sequence[EventId]:
        """The events of a branch after a seq."""
        if self._head(branch) <= seq:
            return ()
        self._shelf.write()
        rows = self._shelf.connection.execute(
            "SELECT id FROM events WHERE branch=? AND seq>? ORDER BY seq", (branch, seq)
        )
        return [EventId(row[0]) for row in rows.fetchall()]

    def _head(self, branch: int) -> int:
        head = self._heads.get(branch)
        if head is None:
            head = self._heads[branch] = self._one("SELECT coalesce(max(seq), 0) FROM events WHERE branch=?", branch)[0]
        return head

    # --- acts ------------------------------------------------------------------------------------

    def act(self, name: EventId) -> int | None:
        """The number of an act in its stream, or None for an event that is none."""
        if name not in self._act_numbers:
            row = self._one("SELECT n FROM acts WHERE event=?", name)
            self._act_numbers[name] = None if row is None else row[0]
        return self._act_numbers[name]

    def acts(self, stream: StreamId) -> Sequence[StoredAct]:
        """A stream's acts in the order of their numbers."""
        self._shelf.write()
        rows = self._shelf.connection.execute(
            "SELECT event, level, alive, cut_known, reach FROM acts WHERE stream=? ORDER BY n", (stream,)
        )
        return [
            StoredAct(EventId(event), level, bool(alive), bool(known), _unpacked(reach))
            for event, level, alive, known, reach in rows.fetchall()
        ]

    def record_act(self, stream: StreamId, number: int, act: StoredAct) -> None:
        """Remember an act, or what became of it."""
        self._act_numbers[act.event] = number
        about = (int(act.alive), int(act.cut_known), _packed(act.reach), self.position(act.event))
        self._shelf.put(ACTS, (stream, number, act.event, act.level, *about))

    def _one(self, query: str, *values: object) -> Any:
        return self._shelf.connection.execute(query, values).fetchone()


_BRANCH = "n, stream, device, principal, rank, node, fault"


def _branch(row: Any) -> Branch:
    number, stream, device, principal, rank, node, fault = row
    enrolment = Enrolment(Did(principal), rank, None if node is None else Did(node), fault)
    return Branch(number, StreamId(stream), DeviceKey(device), enrolment)


def _packed(reach: Vector) -> bytes:
    # In one order, however it was worked out: a rebuild is compared byte by byte.
    return msgspec.msgpack.encode(dict(sorted(reach.items())))


def _unpacked(data: bytes) -> Vector:
    return msgspec.msgpack.decode(data, type=dict[int, int])
