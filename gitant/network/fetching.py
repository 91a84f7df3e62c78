"""The seam to what brings git objects and blobs from a peer, and serves them to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ids import StreamId
    from domain.ports_replication import GitObject
    from transport.carrier.seam import Wire


class Fetcher(Protocol):
    """Moves objects over channels of a wire."""

    async def fetch(self, wire: Wire, stream: StreamId, objects: Sequence[GitObject]) -> bool:
        """Get objects of a stream from the peer at the other end; whether all of them are here now. Raises nothing."""
        ...

    async def serve(self, wire: Wire) -> None:
        """Serve the channels that a peer opens; ends with `WireClosed` when the wire does."""
        ...
