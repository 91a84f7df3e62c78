"""A multi-value register: one value, or a conflict that people can see and settle.

A write names the writes it replaces. What nobody replaced is current; where one of several must show, the
greatest (lamport, id) does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.envelope import Event
    from domain.ids import Did, EventId

T = TypeVar("T")


class Written(NamedTuple, Generic[T]):
    """One current value: who wrote it, with which event."""

    lamport: int
    event: EventId
    author: Did
    value: T


class Register(Generic[T]):
    """The current writes, smallest (lamport, id) first; the last one shows."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current: tuple[Written[T], ...] = ()

    def write(self, event: Event, value: T, replaces: Iterable[bytes] = ()) -> None:
        """Apply one write; events come in total order."""
        new = Written(event.lamport, event.id, event.author, value)
        if not self.current:
            self.current = (new,)
            return
        gone = set(replaces)
        self.current = (*(write for write in self.current if write.event not in gone), new)

    @property
    def value(self) -> T:
        """The value that shows."""
        return self.current[-1].value

    @property
    def shown(self) -> Written[T]:
        """The write that shows."""
        return self.current[-1]

    @property
    def heads(self) -> list[EventId]:
        """What a new write replaces when it settles everything seen."""
        return sorted(write.event for write in self.current)

    @property
    def conflict(self) -> tuple[Written[T], ...]:
        """All current writes when they differ in value, else nothing: equal values are no conflict to a person."""
        if len(self.current) < 2 or len({repr(write.value) for write in self.current}) == 1:
            return ()
        return self.current
