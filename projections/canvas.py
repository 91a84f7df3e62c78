"""What showing an entity may use: rows on their way out, other entities' states, places in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.authority.court import Court
    from domain.fold.kind import State
    from domain.ids import StreamId
    from projections.shelf import Shelf


class Canvas(Protocol):
    """The projector, as the files in `show/` see it."""

    shelf: Shelf

    def state(self, key: bytes) -> State | None:
        """An entity's state, with everything applied so far."""
        ...

    def position_of(self, key: bytes) -> int:
        """The log position of the event that created an entity."""
        ...

    def is_new(self, key: bytes) -> bool:
        """Whether an entity was created since the last flush, so that it has no rows to replace."""
        ...

    def star_count(self, stream: bytes) -> int:
        """How many people gave a repository their star."""
        ...

    def court(self, stream: StreamId) -> Court:
        """Who may do what in a stream."""
        ...

    def readers(self, stream: bytes) -> str:
        """The dids of those who may read a repository while it is private, with a blank between each two."""
        ...

    def changed(self, sort: type[State]) -> Iterator[State]:
        """The states of one sort that changed since the last flush."""
        ...

    def mark(self, key: bytes) -> None:
        """Show an entity again."""
        ...

    def issue_counts(self, stream: bytes) -> tuple[int, int]:
        """How many issues of a repository are open, and closed."""
        ...
