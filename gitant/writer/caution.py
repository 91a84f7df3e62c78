"""Whether this node may sign in a stream: it may not go on with a feed whose end it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    from domain.ids import StreamId


class Caution(Protocol):
    """Asked before each event that is signed here."""

    def check(self, stream: StreamId | None) -> None:
        """Raise `Unavailable` if this node may not sign in a stream now; None is a stream that is to begin."""
        ...

    def began(self, stream: StreamId) -> None:
        """A stream was begun here: nobody else has anything of it."""
        ...


@final
class Carefree:
    """Of a node that was never restored from a backup."""

    def check(self, stream: StreamId | None) -> None:
        pass

    def began(self, stream: StreamId) -> None:
        pass
