"""What readers ask of the views about what grew apart: keys that signed two pasts, and refs that nodes moved apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.actor import Actor
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from domain.ports_issues import Unsettled


@dataclass(frozen=True, slots=True)
class Twin:
    """One of the two events of a proof. `time_ms` is what it claims; `position` is where it is in this node's log."""

    id: EventId
    author: Did
    kind: str
    time_ms: int
    position: int


@dataclass(frozen=True, slots=True)
class ForkProof:
    """Two events that one device signed for one place of its feed: of those there, the two of the lowest ids."""

    stream: StreamId
    device: DeviceKey
    seq: int
    twins: tuple[Twin, Twin]

    @property
    def position(self) -> int:
        """With which position of this node's log it was proven. No clock was read then."""
        return max(twin.position for twin in self.twins)


class ApartViews(Protocol):
    """A part of `domain.ports_views.Views`. What comes first, and how many there are in all."""

    def fork_proofs(self, reader: Actor, *, limit: int = 30) -> tuple[Sequence[ForkProof], int]:
        """Those that `stats` counts for the reader, the last that was proven here first."""
        ...

    def diverged(self, reader: Actor, *, limit: int = 30) -> tuple[Sequence[Unsettled], int]:
        """Refs in several places at once, of repositories that the reader may see, by repository and name."""
        ...
