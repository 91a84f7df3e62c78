"""Agents as readers see them: what they say of themselves, and what others say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ids import Did


@dataclass(frozen=True, slots=True)
class Attested:
    """What one principal says of another now: `doc` has source, about, value, statement, event, heads."""

    source: Did
    value: int
    """-1, 0 or 1."""
    is_member: bool
    """Whether the source has a role in a public repository here."""
    doc: bytes


class AgentViews(Protocol):
    """The part of the read side that is about agents."""

    def agents(self, *, after: str | None = None, limit: int = 30) -> tuple[Sequence[bytes], str | None, int]:
        """The identities that say of themselves that they are agents, by did: documents, the next cursor, the total."""
        ...

    def attestations(self, about: Did, *, most: int = 100) -> Sequence[Attested]:
        """What is said of somebody, one for each source; members' words first, then the latest by (lamport, id)."""
        ...

    def attested(self, source: Did, about: Did) -> bytes | None:
        """The document of what one says of another, if ever anything."""
        ...
