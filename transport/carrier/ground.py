"""What wires are laid over: something that connects to places and listens, and gives streams of bytes nobody trusts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import trio

    from transport.carrier.address import Tcp, Web
    from transport.carrier.seam import Admits

    Taker = Callable[["Reached"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reached:
    """A connection. `host` is the other end's address without its port, `address` is for people."""

    stream: trio.abc.Stream
    host: str
    address: str


class Ground(Protocol):
    """Makes connections, and takes those that others make."""

    async def connect(self, place: Tcp | Web, admits: Admits | None) -> Reached:
        """Connect; raises `WireClosed`. The caller has the deadline."""
        ...

    async def listen(self, host: str, port: int, take: Taker, ears: trio.Nursery, tasks: trio.Nursery) -> int:
        """Take connections until `ears` is cancelled; the port. Raises `Unavailable` if the address cannot be had.

        Each is given to `take` in a task of `tasks`, which keeps it to its end.
        """
        ...
