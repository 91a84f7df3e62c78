"""What signed requests and capabilities are held against at rest: what came before, and what was taken back.

Every method is safe from any thread and process; those that write may wait, so nobody calls them on an event loop.
Times are seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ids import Did

REPLAYS_MAX: Final = 200_000
"""Nonces and invocations that are remembered at a time."""
REVOCATIONS_MAX: Final = 100_000
REVOCATIONS_OF_ONE_MAX: Final = 5_000
"""How many delegations somebody may have revoked here that have not expired."""


class Replays(Protocol):
    """What may come once only."""

    def since(self) -> int:
        """From when on nothing is forgotten: what was signed before may have come before."""
        ...

    def take(self, name: str, until_s: int, now_s: int) -> bool:
        """Note a name until it means nothing any more; False if it is noted already.

        Raises `Unavailable` when there is no room: nothing that still counts is forgotten for it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Revocation:
    """A delegation that nobody may use any more. `expires_s` is None for one that would never have ended."""

    link: str
    by: Did
    issuer: Did
    revoked_s: int
    expires_s: int | None


class Revocations(Protocol):
    """Delegations that were taken back on this node."""

    def add(self, revocation: Revocation) -> bool:
        """Take one back for good; False if it was already. Raises `Conflict` where somebody has too many."""
        ...

    def is_revoked(self, link: str) -> bool:
        """Whether the delegation with this CID was taken back. Answered from memory mostly."""
        ...

    def page(self, *, after: str = "", limit: int = 30) -> Sequence[Revocation]:
        """Those whose delegations have not expired, by CID, behind `after`."""
        ...

    def count(self) -> int:
        """How many `page` lists in all."""
        ...
