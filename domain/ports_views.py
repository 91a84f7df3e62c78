"""What readers ask of the views, and what writers hand to the writer: the seams the API is built on.

Rows carry `doc`: the JSON a client gets, rendered when the row was written and part of the view digest. Owner
names and URLs are this node's own and are added by the API.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from domain.ports_agents import AgentViews
from domain.ports_apart import ApartViews
from domain.ports_authority import AuthorityViews
from domain.ports_issues import IssueViews

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.actor import Actor
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from domain.issue.search import Query


@dataclass(frozen=True, slots=True)
class RepoRow:
    """A repository. `doc` has id, name, description, website, topics, private, archived, default_branch, created_at,
    updated_at, roots, open_issues, closed_issues, stars, event; and conflicts, offered_to, deleted,
    succession, succeeded_by where they apply.
    """

    id: StreamId
    owner: str
    name: str
    private: bool
    archived: bool
    successor: StreamId | None
    """What it goes on as, if its roots said so."""
    default_branch: str
    readers: tuple[Did, ...]
    """Who may read it while it is private."""
    doc: bytes


@dataclass(frozen=True, slots=True)
class EntityRow:
    """An issue, comment, label or ref: its id (a ref's is its name's bytes), stream, author and document.

    Issue doc: id, repo, number, title, body, state (open|closed), state_reason, author (did), labels (names),
    assignees (dids), comments (count), created_at, updated_at, lamport, event, edited, conflicts; and, where there is
    such, reactions (counts), locked, lock_reason, pinned.
    Comment doc: id, issue, body, author, created_at, updated_at, edited, redacted, lamport, event, conflicts; and
    reactions, where there are any.
    Attachment doc: id, repo, target, name, media_type, size, sha256, author, created_at, redacted, lamport, event.
    Label doc: id, name, color, description, created_at, event, conflicts.
    Ref doc: name (full), short, type (branch|tag), hash, diverged, event, values (of a diverged ref).
    """

    id: bytes
    stream: StreamId
    author: Did
    doc: bytes


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as the views list it; its bytes are in the log at `position`.

    Doc: id, stream, kind, entity, author, device, seq, lamport, time, verdict, reason, redacted.
    """

    id: EventId
    stream: StreamId
    position: int
    doc: bytes
    redacted: bool = False
    """Whether its payload is to be withheld, although the bytes may still be held."""


@dataclass(frozen=True, slots=True)
class Page:
    """Documents of one page in order, the cursor of the next page (None at the end), and how many there are in all."""

    docs: Sequence[bytes]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class RepoFilter:
    """Which repositories: all that match every given term; and how they are sorted."""

    text: str = ""
    topic: str = ""
    owner: Did | None = None
    starred_by: Did | None = None
    fork_of: StreamId | None = None
    archived: bool | None = None
    deleted: bool = False
    """Those that are deleted, and no others."""
    sort: str = "created"
    """created, updated or stars (the greatest first), or name"""


@dataclass(frozen=True, slots=True)
class CodeHit:
    """One line of one file that holds the words searched for; `line` counts from 1."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class CodeHits:
    """What a code search found, in which commit; `complete` is False while the index is still catching up."""

    commit: str | None
    complete: bool
    hits: Sequence[CodeHit]
    more: bool


@dataclass(frozen=True, slots=True)
class Languages:
    """Bytes by language in `commit`, as JSON; `complete` is False while the count is still catching up."""

    commit: str | None
    doc: bytes
    complete: bool


@dataclass(frozen=True, slots=True)
class LogLine:
    """An event where it arrived in this node's log. Doc: that of `EventRow`, with position, repo_name, summary."""

    position: int
    id: EventId
    stream: StreamId
    kind: str
    entity: EventId | None
    author: Did
    doc: bytes


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines of the log: all that match every given term."""

    streams: frozenset[StreamId] = frozenset()
    kinds: tuple[str, ...] = ()
    """Whole kinds, or beginnings of kinds with a `*` behind them."""
    entity: EventId | None = None
    """The event that made a thing: it and what acts on that thing."""
    author: Did | None = None

    def takes(self, line: LogLine) -> bool:
        """Whether `line` matches."""
        return (
            (not self.streams or line.stream in self.streams)
            and (self.entity is None or self.entity in (line.entity, line.id))
            and (self.author is None or line.author == self.author)
            and self.takes_kind(line.kind)
        )

    def takes_kind(self, kind: str) -> bool:
        """Whether events of this kind match as far as their kind goes."""
        return not self.kinds or any(
            kind.startswith(each[:-1]) if each.endswith("*") else kind == each for each in self.kinds
        )


@dataclass(frozen=True, slots=True)
class StreamHeads:
    """What a device's next event in a stream says of its past: `parents` ascending, its `seq`, `prev` and `lamport`."""

    stream: StreamId
    parents: tuple[EventId, ...]
    seq: int
    prev: EventId | None
    lamport: int


class Views(IssueViews, AuthorityViews, AgentViews, ApartViews, Protocol):
    """The read side. Every call is one short index read; safe from any thread.

    Cursors are opaque texts; a malformed one raises `InvalidInput`. Selectors that name nothing give None.
    `reader` limits lists to what an asker may see.
    """

    def position(self) -> int:
        """The log position the views have reached."""
        ...

    def repo(self, selector: str) -> RepoRow | None:
        """By id, by bare name where that is unambiguous on this node, or by `owner~name`; whoever may see it."""
        ...

    def visible(self, reader: Actor, selector: str, *, deleted: bool = False) -> RepoRow | None:
        """What a selector means to somebody, among what they may see alone; `Conflict` where a bare name is several's.

        With `deleted` among those that are; of several at `owner~name`, the last.
        """
        ...

    def visible_formerly(self, reader: Actor, selector: str) -> RepoRow | None:
        """Which one was found at `owner~name` before, the last that was, or ever was called a bare name."""
        ...

    def repo_at(self, owner: str, name: str) -> RepoRow | None:
        """By owner name and repository name."""
        ...

    def repos(
        self, reader: Actor, which: RepoFilter, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[RepoRow], str | None, int]:
        """Repositories the reader may see: rows, next cursor, total."""
        ...

    def fork_count(self, reader: Actor, stream: StreamId) -> int:
        """How many forks of a repository there are on this node that the reader may see."""
        ...

    def follower(self, stream: StreamId, did: Did) -> EntityRow | None:
        """What a repository is to somebody, if ever said: doc has repo, did, starred, starred_at, level, chosen."""
        ...

    def stars(self, stream: StreamId, *, after: str | None = None, limit: int = 30) -> Page:
        """Whose stars a repository has, newest first: docs as of `follower`."""
        ...

    def issue(self, stream: StreamId, selector: str) -> EntityRow | None:
        """By content id, number, or `number.<id prefix>`; a contested number raises `Conflict` naming the claimants."""
        ...

    def issues(
        self, stream: StreamId, query: Query, *, me: Did | None = None, after: str | None = None, limit: int = 30
    ) -> Page:
        """A repository's issues, newest first by (lamport, id) unless the query sorts; `@me` in it is `me`."""
        ...

    def issues_everywhere(
        self,
        reader: Actor,
        query: Query,
        *,
        only: StreamId | None = None,
        after: str | None = None,
        limit: int = 30,
    ) -> Page:
        """Issues of every repository that the reader may see, as they arrived here, newest first.

        `only` is the repository that the query's `repo:` means, which the caller has found readable. Documents have
        `repo_full_name` (`owner/name`) besides.
        """
        ...

    def comment(self, stream: StreamId, comment: str) -> EntityRow | None:
        """By content id."""
        ...

    def comments(self, stream: StreamId, issue: bytes, *, after: str | None = None, limit: int = 30) -> Page:
        """An issue's comments, oldest first; redacted ones stay as holes."""
        ...

    def attachment(self, stream: StreamId, sha256: bytes, name: str = "") -> EntityRow | None:
        """The first attachment of a repository that is of these bytes (and of that name) and not redacted."""
        ...

    def attachments(self, stream: StreamId, *, after: str | None = None, limit: int = 30) -> Page:
        """What is attached in a repository, newest first."""
        ...

    def attached_bytes(self) -> int:
        """How many bytes all attachments of this node have, each blob counted once."""
        ...

    def label(self, stream: StreamId, name: str) -> EntityRow | None:
        """By name (letter case counts)."""
        ...

    def labels(self, stream: StreamId, *, after: str | None = None, limit: int = 30) -> Page:
        """Labels by name."""
        ...

    def ref(self, stream: StreamId, name: str) -> EntityRow | None:
        """By full name; deleted refs are None."""
        ...

    def refs(self, stream: StreamId, *, prefix: str = "refs/", after: str | None = None, limit: int = 30) -> Page:
        """Refs by name."""
        ...

    def event(self, event: EventId) -> EventRow | None:
        """One event of the log."""
        ...

    def redactions(self, event: EventId) -> Sequence[EventId]:
        """The events that took this one's payload away; the first few, where there are many."""
        ...

    def events(
        self,
        stream: StreamId | None,
        *,
        kind: str = "",
        author: Did | None = None,
        verdict: str = "",
        after: str | None = None,
        limit: int = 30,
    ) -> Page:
        """Events newest first: one stream's by (lamport, id), or all of them by arrival at this node.

        `verdict` narrows to accepted, void or carried ones.
        """
        ...

    def since(self, after: int, which: LogFilter, *, limit: int = 100) -> tuple[Sequence[LogLine], int]:
        """Lines of the log after a position in order of arrival, and the position up to which that is all of them.

        It looks at a bounded number of positions: until the second value is `position()`, there may be more.
        """
        ...

    def activity(self, reader: Actor, *, author: Did | None = None, after: str | None = None, limit: int = 30) -> Page:
        """What happened lately where the reader may look, newest first.

        Doc: id, kind, repo, repo_name, author, time, subject (the issue's or ref's name), number, summary (a sentence).
        """
        ...

    def lately(self, stream: StreamId, *, limit: int = 30) -> Sequence[bytes]:
        """What happened last in a repository, by (lamport, id) from its end; docs as of `activity`."""
        ...

    def search_code(
        self, stream: StreamId, words: str, *, limit: int = 50, patience_s_max: float = math.inf
    ) -> CodeHits:
        """Lines of the default branch's files that hold `words` (letter case does not count).

        After a push it waits a little for the index, so many seconds at most.
        """
        ...

    def languages(self, stream: StreamId) -> Languages:
        """In which languages the default branch of a repository is."""
        ...

    def principal(self, name: str) -> Did | None:
        """The did behind a user name, or the did itself if it is well formed."""
        ...

    def name_of(self, did: Did) -> str | None:
        """The user name a principal of this node goes by."""
        ...

    def heads(self, stream: StreamId, device: DeviceKey) -> StreamHeads:
        """Where a stream ends, for a device that signs its next event elsewhere."""
        ...

    def identity(self, did: Did) -> tuple[StreamId, bytes] | None:
        """The stream and the document of a principal's identity; of several, the first by (lamport, id).

        Doc: did, name, created_at, event; and, where there is such, display_name, about, website, avatar, devices,
        revoked, agent (purpose, owner, capabilities, retired, heads), conflicts.
        """
        ...

    def enrolled(self, did: Did) -> bool:
        """Whether the principal's identity stream is in this node's log."""
        ...

    def stats(self, reader: Actor) -> Mapping[str, int]:
        """Counts: events, repositories, issues, open_issues, comments, identities, void, forks.

        Who is not the operator gets those of public repositories, but of events, which the position tells.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the writer did: `doc` is the changed thing's document (empty where nothing is to show)."""

    position: int
    events: tuple[str, ...] = ()
    doc: bytes = b""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    replayed: bool = False
    """Whether this is an earlier answer to the same Idempotency-Key."""


class Writer(Protocol):
    """The one way to change anything. Raises the `LocalFault` the command ended in.

    Commands and their arguments (ids as bytes):
    repository.create {name, description, private, default_branch} · repository.edit {repo, description?,
    default_branch?, private?, archived?, name?, website?} · repository.topics {repo, topics} · repository.offer {repo,
    to} · repository.accept {repo} · repository.succeed {repo, to} · repository.star {repo, starred} · repository.watch
    {repo, level} · repository.delete {repo} · repository.undelete {repo, name} · repository.fork {origin, staged, name,
    owner, description?, private?} · repository.import {name, source, staged, refs: [[ref, oid]], owner, description,
    private, default_branch, objects, skips: {fault: [oid]}} · refs.move {repo, commands: [[ref, old, new]], quarantine,
    atomic} (extra: outcomes [[ref, reason]]) · label.create {repo, name, color, description} · label.edit {repo, label,
    name?, color?, description?} · label.delete {repo, label} (labels by name) · issue.open {repo, title, body, labels,
    assignees} · issue.edit {repo, issue, title?, body?, state?, reason?, labels?, assignees?} · issue.edit_many {repo,
    issues, state?, reason?, labels?, add_labels, remove_labels, assignees?, add_assignees, remove_assignees} (extra:
    issues) · issue.close {repo, issue, reason} · issue.reopen {repo, issue} · issue.label {repo, issue, set? | add?,
    remove?} · issue.assign {repo, issue, set? | add?, remove?} · issue.react, issue.unreact {repo, issue, comment?,
    content} · issue.lock {repo, issue, reason} · issue.unlock, issue.pin, issue.unpin {repo, issue} · comment.add
    {repo, issue, body} · comment.edit {repo, comment, body} · comment.redact {repo, comment, reason} · attachment.add
    {repo, target?, name, media_type, size, sha256} · attachment.redact {repo, sha256, reason} · event.submit {header,
    signature, payload}. Every command that changes an entity takes `if_match` (the doc's etag, see `domain.etag`).
    """

    async def send(
        self, command: str, actor: Actor, args: Mapping[str, Any], *, idempotency: tuple[bytes, bytes] | None = None
    ) -> Answer:
        """Carry out one command; returns when it is durable and the views show it.

        `idempotency` is (key, fingerprint of the request): the same pair again gets the first answer, the same
        key with another fingerprint raises `Conflict`.
        """
        ...
