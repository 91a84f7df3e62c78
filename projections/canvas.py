"""What showing an entity may use: rows on their way out, other entities' states, places in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from domain.fold.kind import State
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

    def issue_counts(self, stream: bytes) -> tuple[int, int]:
        """How many issues of a repository are open, and closed."""
        ...
