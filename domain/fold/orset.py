"""An observed-remove set: a removal takes away the additions its writer had seen, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.ids import EventId

T = TypeVar("T", str, bytes)


class ObservedSet(Generic[T]):
    """Members with the events that added each."""

    __slots__ = ("added",)

    def __init__(self) -> None:
        self.added: dict[T, set[EventId]] = {}

    def add(self, member: T, event: EventId) -> None:
        """`event` adds `member`."""
        self.added.setdefault(member, set()).add(event)

    def remove(self, member: T, observed: Iterable[bytes]) -> None:
        """Take away the additions named in `observed`; the member stays while another addition stands."""
        standing = self.added.get(member)
        if standing is None:
            return
        standing.difference_update(observed)
        if not standing:
            del self.added[member]

    def observed(self, member: T) -> list[EventId]:
        """What a removal of `member` names."""
        return sorted(self.added.get(member, ()))

    @property
    def members(self) -> list[T]:
        """The members, sorted."""
        return sorted(self.added)
