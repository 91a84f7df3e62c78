"""What a door is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from api.ports import Asked
    from domain.actor import Actor


class Door(Protocol):
    """One way in. It runs on a worker's event loop, so what waits for a disk or takes a while it does in a thread."""

    async def actor(self, asked: Asked) -> Actor | None:
        """Who asks; None where nothing in the request is meant for this door, or nothing there is known to it.

        Raises `Unauthenticated` for what is plainly meant for it and not valid, where there is more to say than that.
        """
        ...
