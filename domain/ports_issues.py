"""What readers ask of issues beyond their documents: what happened to one, who reacted, what is pinned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.actor import Actor
    from domain.ids import Did, EventId, StreamId


@dataclass(frozen=True, slots=True)
class Source:
    """Where an issue is referred to from: another issue, or a comment on it."""

    repo: StreamId
    repo_name: str
    issue: EventId
    number: int
    title: str
    comment: EventId | None


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of an issue's timeline; its bytes are in the log at `position`."""

    id: EventId
    position: int
    kind: str
    author: Did
    time: str
    """As claimed, RFC 3339."""
    lamport: int
    redacted: bool
    """Whether its payload is to be withheld, although the bytes may still be held."""
    source: Source | None = None
    """Where the words are that refer to the issue; None for what happened to the issue itself."""


@dataclass(frozen=True, slots=True)
class Moments:
    """A page of a timeline, the cursor of the next page (None at the end), and how many moments there are in all."""

    moments: Sequence[Moment]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event's bytes are in the log, and whether its payload may be shown."""

    position: int
    kind: str
    redacted: bool


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Something in which rival values stand beside one another: an issue, a comment on it, or a ref."""

    repo: StreamId
    name: str
    """The issue's title, or the ref's full name."""
    number: int
    """Of the issue; 0 for a ref."""
    comment: bytes | None


class IssueViews(Protocol):
    """A part of `domain.ports_views.Views`."""

    def timeline(
        self, stream: StreamId, issue: EventId, reader: Actor, *, after: str | None = None, limit: int = 30
    ) -> Moments:
        """Every accepted event that changed an issue, or refers to it where `reader` may look, oldest first.

        In the order of (lamport, id), which says nothing about events of other repositories but is the same for all.
        """
        ...

    def happenings(
        self,
        stream: StreamId,
        issue: EventId,
        reader: Actor,
        *,
        after: str | None = None,
        until: str | None = None,
        limit: int = 30,
    ) -> Sequence[Moment]:
        """Of `timeline`, what was done beside what was said: no opening, no comments, no reactions.

        Behind one cursor and up to another, as pages of comments have them: each of them belongs to one such page.
        """
        ...

    def writings(self, stream: StreamId, thing: EventId, *, limit: int = 100) -> Sequence[Moment]:
        """The accepted events that wrote the words of an issue or a comment, its opening first, by (lamport, id)."""
        ...

    def places(self, stream: StreamId, events: Sequence[bytes]) -> Mapping[bytes, Place]:
        """Those of these events that are accepted and of this stream."""
        ...

    def label_names(self, stream: StreamId, labels: Sequence[bytes]) -> Mapping[bytes, str]:
        """The present names of labels by id, deleted ones too."""
        ...

    def reactions_of(self, did: Did, entities: Sequence[bytes]) -> Mapping[bytes, Sequence[str]]:
        """Which reactions somebody gave to each of these issues and comments; nothing for most."""
        ...

    def pinned(self, stream: StreamId) -> Sequence[bytes]:
        """The documents of the pinned issues, the last pinned one first; the first few, should there be more."""
        ...

    def unsettled(self, did: Did, *, limit: int = 10) -> tuple[Sequence[Unsettled], int]:
        """What somebody may settle as a developer of its repository, or as more; the first, and how many in all."""
        ...
