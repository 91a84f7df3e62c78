"""What readers ask of the views about who may do what: roles, protections, acts of authority, and what those undid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.actor import Actor
    from domain.ids import Did, EventId, StreamId


@dataclass(frozen=True, slots=True)
class ActRow:
    """An act of authority: its event as lists show it, and where that is in the log.

    `level` is its author's role there as a number, None where it counts for nothing against others.
    """

    id: EventId
    position: int
    level: int | None
    doc: bytes


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts: all that match every given term. Times are claimed ones, in milliseconds."""

    stream: StreamId | None = None
    actor: Did | None = None
    kind: str = ""
    """A kind of event, or how it begins with a `*` behind."""
    verdict: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    """The first moment that is too late."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An act that voided what had counted on this node: of `total` events, `void` still are; `events` are the first."""

    act: ActRow
    total: int
    void: int
    events: Sequence[EventId]


class AuthorityViews(Protocol):
    """The part of the read side that is about authority. Lists are a page's documents, the next cursor, the total."""

    def member(self, stream: StreamId, did: Did) -> bytes | None:
        """Somebody's standing in a repository, if any act ever named them: doc has did, role, changes."""
        ...

    def members(
        self, stream: StreamId, *, blocked: bool = False, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[bytes], str | None, int]:
        """Who has a role in a repository, the highest first, or who is blocked; docs as of `member`."""
        ...

    def protection(self, stream: StreamId, pattern: str) -> bytes | None:
        """The rules for a pattern: doc has branch, push_role, pushers, allow_force, allow_delete, approvals,
        dismiss_stale, checks, author, event; and conflicts, where several were written at the same time.
        """
        ...

    def protections(
        self, stream: StreamId, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[bytes], str | None, int]:
        """All rules of a repository, by pattern."""
        ...

    def acts(
        self, stream: StreamId, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[ActRow], str | None, int]:
        """The acts of authority of a repository, newest first by (lamport, id)."""
        ...

    def audit(
        self, reader: Actor, which: AuditFilter, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[ActRow], str | None, int]:
        """The acts of authority of all repositories that the reader may see, newest arrival first; docs have repo_name
        besides.
        """
        ...

    def act(self, event: EventId) -> ActRow | None:
        """One act of authority, as `audit` lists it."""
        ...

    def act_behind(self, event: EventId) -> ActRow | None:
        """The act of authority on which a void event's verdict rests, if it rests on one."""
        ...

    def alarms(
        self, stream: StreamId, *, after: str | None = None, limit: int = 30, shown: int = 100
    ) -> tuple[Sequence[Alarm], str | None, int]:
        """Acts that voided what had counted on this node, newest first; each with the first `shown` of its events."""
        ...

    def overturned(self, stream: StreamId, act: EventId) -> Sequence[EventId]:
        """The events that had counted here until this act, and still do not."""
        ...
