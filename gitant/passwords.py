"""Passwords: stretched by argon2id, beside the event loop, a few at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar, final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
AT_ONCE: Final = 2
"""How many one worker stretches at the same time; each takes a core and the memory below."""
WAITING_MAX: Final = 32
MEMORY_KIB: Final = 19 << 10
ROUNDS: Final = 2
"""With one lane: what OWASP asks for, some 20 ms on a machine of today."""


@final
class Passwords:
    """Makes and checks what is kept of passwords. An unknown name costs what a known one does.

    `hasher` says how much work one takes; what is kept names its own, and a check that finds less makes it anew.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobody = ""

    async def stretched(self, password: str) -> str:
        """What to keep of a password."""
        return await self._beside(lambda: self._hasher.hash(password))

    async def fits(self, kept: str, password: str) -> bool:
        """Whether a password is the one that `kept` was made of; never, after the same work, if that is empty."""
        if not self._nobody:
            self._nobody = await self.stretched("nobody has this one")
        found = await self._beside(lambda: self._verified(kept or self._nobody, password))
        return found and bool(kept)

    def is_weak(self, kept: str) -> bool:
        """Whether it was made with less work than is asked for now."""
        return self._hasher.check_needs_rehash(kept)

    def _verified(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise Unavailable("too many passwords are being checked", hint="try again in a moment", retry_after_s=1)
        self._waiting += 1
        try:
            async with self._room:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
