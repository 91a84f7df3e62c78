"""Where each event of a batch goes: its branch and position, decided before anything is written.

A feed's *tips* are the last events of its branches. An event whose `prev` is a tip extends that branch and cannot
be stored already, because then `prev` would not be the tip. Everything else (a repeat, a fork, a gap) is rare and
takes the slow way: look at every event with the same place in the feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from domain.envelope import event_id
from domain.errors import MissingParents
from domain.ids import EventId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ports_log import NewRow

_Feed = tuple[bytes, bytes]


class Tip(NamedTuple):
    """The place of a branch's last event."""

    branch: bytes
    seq: int


class Held(NamedTuple):
    """A stored event, as far as placing another one needs it."""

    position: int
    branch: bytes
    header: bytes


class Shelf(Protocol):
    """What is stored already, as the one transaction sees it."""

    def tips(self, stream: bytes, device: bytes) -> dict[bytes, Tip]:
        """The last event of each branch of a feed, by event id."""
        ...

    def held(self, stream: bytes, device: bytes, seq: int) -> list[Held]:
        """The events with this place in a feed."""
        ...

    def last_position(self) -> int:
        """The greatest position in use."""
        ...


Placed = tuple["NewRow", bytes]
"""A row that is new, and the branch it goes to."""


class Plan(NamedTuple):
    """A position for every row of the batch; `fresh` takes the positions after the last, in order."""

    positions: list[int]
    fresh: list[Placed]


def place(rows: Sequence[NewRow], shelf: Shelf) -> Plan:
    """Decide for each row; raises `MissingParents` when a `prev` is nowhere."""
    placing = _Placing(shelf)
    return Plan(placing.positions_of(rows), placing.fresh)


class _Placing:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._next = shelf.last_position() + 1
        self._tips: dict[_Feed, dict[bytes, Tip]] = {}
        self.fresh: list[Placed] = []

    def positions_of(self, rows: Sequence[NewRow]) -> list[int]:
        """Of each row. What only goes on from a tip is put there without a further step: nearly all rows do."""
        positions: list[int] = []
        feeds, fresh = self._tips, self.fresh
        for row in rows:
            prev = row.prev
            tips = feeds.get((row.stream, row.device)) if prev is not None else None
            tip = tips.get(prev) if tips is not None and prev is not None else None
            if tips is None or tip is None or prev is None:
                positions.append(self._position_of(row))
                continue
            branch, seq = tip
            assert seq + 1 == row.seq, "an event follows its prev"
            del tips[prev]
            tips[row.event_id] = Tip(branch, row.seq)
            fresh.append((row, branch))
            positions.append(self._next)
            self._next += 1
        return positions

    def _position_of(self, row: NewRow) -> int:
        assert (row.prev is None) == (row.seq == 1), "only a feed's first event has no prev"
        tips = self._tips_of(row)
        if row.prev is None and not tips:
            return self._put(row, b"", tips)
        tip = tips.get(row.prev) if row.prev is not None else None
        if tip is None:
            return self._repeat_or_fork(row, tips)
        assert tip.seq + 1 == row.seq, "an event follows its prev"
        del tips[row.prev]  # type: ignore[arg-type]  # a tip was found under it
        return self._put(row, tip.branch, tips)

    def _tips_of(self, row: NewRow) -> dict[bytes, Tip]:
        feed = (row.stream, row.device)
        tips = self._tips.get(feed)
        if tips is None:
            tips = self._tips[feed] = self._shelf.tips(row.stream, row.device)
        return tips

    def _put(self, row: NewRow, branch: bytes, tips: dict[bytes, Tip]) -> int:
        tips[row.event_id] = Tip(branch, row.seq)
        self.fresh.append((row, branch))
        position = self._next
        self._next += 1
        return position

    def _repeat_or_fork(self, row: NewRow, tips: dict[bytes, Tip]) -> int:
        for held in self._all_held(row, row.seq):
            if held.header == row.header:
                return held.position
        if row.prev is not None and not self._is_held(row, row.prev):
            raise MissingParents((EventId(row.prev),))
        return self._put(row, row.event_id, tips)

    def _is_held(self, row: NewRow, prev: bytes) -> bool:
        return any(event_id(held.header) == prev for held in self._all_held(row, row.seq - 1))

    def _all_held(self, row: NewRow, seq: int) -> list[Held]:
        first = self._next - len(self.fresh)
        return self._shelf.held(row.stream, row.device, seq) + [
            Held(position, branch, other.header)
            for position, (other, branch) in enumerate(self.fresh, first)
            if (other.stream, other.device, other.seq) == (row.stream, row.device, seq)
        ]
