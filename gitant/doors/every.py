"""All doors of a node, one after the other: whoever the first one knows is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from domain.actor import ANONYMOUS, Actor
from domain.errors import Unauthenticated
from gitant.doors.credentials import HINT, credentials_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.ports import Asked
    from domain.ports_accounts import Guesses
    from gitant.doors.door import Door


@final
class EveryDoor:
    """`Doors` over several. Those that only look something up stand before those that compute."""

    def __init__(self, doors: Sequence[Door], guesses: Guesses | None = None) -> None:
        """With `guesses`, wrong tokens are counted like wrong passwords, which their door counts itself."""
        self._doors = tuple(doors)
        self._guesses = guesses

    async def actor(self, asked: Asked) -> Actor:
        """Who is asking; nobody in particular for whom no door is meant, as for a cookie that has ended."""
        for door in self._doors:
            actor = await door.actor(asked)
            if actor is not None:
                return actor
        if b"authorization" in asked.headers:
            shown = credentials_in(asked.header(b"authorization"))
            if self._guesses is not None and not asked.again:
                self._guesses.trying(shown.user, asked.address)
            raise Unauthenticated("these credentials are not valid here", hint=HINT)
        if b"signature" in asked.headers:
            raise Unauthenticated("this signature is not valid here", hint="docs/api.md says what is to be signed")
        return ANONYMOUS
