"""The read side of the views over SQLite: `domain.ports_views.Views`, one connection for each thread."""

from __future__ import annotations

import math
import sqlite3
import threading
from typing import TYPE_CHECKING, final

from domain.errors import Unavailable
from domain.keys import is_did
from domain.sight import sees_all
from projections import code_search
from projections.database import open_readonly
from projections.languages import languages_of
from projections.queries import (
    agents,
    apart,
    attachments,
    authority,
    entities,
    events,
    followers,
    heads,
    issue_search,
    issues,
    live,
    people,
    repos,
    timeline,
)
from projections.queries.sight import sight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from domain.actor import Actor
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from domain.issue.search import Query
    from domain.ports_accounts import Names
    from domain.ports_agents import Attested
    from domain.ports_apart import ForkProof
    from domain.ports_authority import ActRow, Alarm, AuditFilter
    from domain.ports_issues import Moment, Moments, Place, Unsettled
    from domain.ports_views import (
        CodeHits,
        EntityRow,
        EventRow,
        Languages,
        LogFilter,
        LogLine,
        Page,
        RepoFilter,
        RepoRow,
        StreamHeads,
    )

_COUNTS = {
    "events": "SELECT max(pos) FROM events",
    "repositories": "SELECT count(*) FROM repos WHERE deleted=0",
    "issues": "SELECT count(*) FROM issues WHERE 1",
    "open_issues": "SELECT count(*) FROM issues WHERE open=1",
    "comments": "SELECT count(*) FROM comments WHERE 1",
    "identities": "SELECT count(*) FROM identities",
    "void": "SELECT count(*) FROM events WHERE standing='void'",
    "forks": "SELECT count(*) FROM forks WHERE 1",
}
"""What to count."""
_EVERYBODYS = frozenset({"events", "identities"})
"""What is counted whole for whoever asks: positions are in every answer, and identities are public."""


@final
class SqliteViews:
    """Reads `views.sqlite`, which the writer process keeps.

    A code search right after a push waits up to `code_patience_s` for the index.
    """

    def __init__(self, path: Path, *, code_patience_s: float = 0.0, names: Names | None = None) -> None:
        """`names` knows what accounts are called on this node."""
        self._path = path
        self._names = names
        self._code_patience_s = code_patience_s
        self._local = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            try:
                connection = open_readonly(self._path, self._names)
                connection.execute("SELECT 1 FROM meta").fetchone()
            except sqlite3.OperationalError as fault:
                raise Unavailable("the views are not there yet", hint="try again in a moment") from fault
            self._local.connection = connection
        return connection

    def position(self) -> int:
        return int(self._connection.execute("SELECT value FROM meta WHERE name='position'").fetchone()[0])

    def repo(self, selector: str) -> RepoRow | None:
        return repos.repo(self._connection, selector)

    def visible(self, reader: Actor, selector: str, *, deleted: bool = False) -> RepoRow | None:
        return repos.visible(self._connection, reader, selector, deleted=deleted)

    def visible_formerly(self, reader: Actor, selector: str) -> RepoRow | None:
        return repos.visible_formerly(self._connection, reader, selector)

    def repo_at(self, owner: str, name: str) -> RepoRow | None:
        return repos.repo_at(self._connection, owner, name)

    def repos(
        self, reader: Actor, which: RepoFilter, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[RepoRow], str | None, int]:
        return repos.repos(self._connection, reader, which, after, limit)

    def fork_count(self, reader: Actor, stream: StreamId) -> int:
        return repos.fork_count(self._connection, reader, stream)

    def follower(self, stream: StreamId, did: Did) -> EntityRow | None:
        return followers.follower(self._connection, stream, did)

    def stars(self, stream: StreamId, *, after: str | None = None, limit: int = 30) -> Page:
        return followers.stars(self._connection, stream, after, limit)

    def issue(self, stream: StreamId, selector: str) -> EntityRow | None:
        return issues.issue(self._connection, stream, selector)

    def issues(
        self, stream: StreamId, query: Query, *, me: Did | None = None, after: str | None = None, limit: int = 30
    ) -> Page:
        return issue_search.of_repo(self._connection, stream, query, me, after, limit)

    def issues_everywhere(
        self,
        reader: Actor,
        query: Query,
        *,
        only: StreamId | None = None,
        after: str | None = None,
        limit: int = 30,
    ) -> Page:
        return issue_search.everywhere(self._connection, reader, query, only, after, limit)

    def timeline(
        self, stream: StreamId, issue: EventId, reader: Actor, *, after: str | None = None, limit: int = 30
    ) -> Moments:
        return timeline.timeline(self._connection, stream, issue, reader, after, limit)

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
        return timeline.happenings(self._connection, stream, issue, reader, after, until, limit)

    def writings(self, stream: StreamId, thing: EventId, *, limit: int = 100) -> Sequence[Moment]:
        return timeline.writings(self._connection, stream, thing, limit)

    def places(self, stream: StreamId, events: Sequence[bytes]) -> Mapping[bytes, Place]:
        return timeline.places(self._connection, stream, events)

    def label_names(self, stream: StreamId, labels: Sequence[bytes]) -> Mapping[bytes, str]:
        return timeline.label_names(self._connection, stream, labels)

    def reactions_of(self, did: Did, entities: Sequence[bytes]) -> Mapping[bytes, Sequence[str]]:
        return timeline.reactions_of(self._connection, did, entities)

    def unsettled(self, did: Did, *, limit: int = 10) -> tuple[Sequence[Unsettled], int]:
        return timeline.unsettled(self._connection, did, limit)

    def pinned(self, stream: StreamId) -> Sequence[bytes]:
        return timeline.pinned(self._connection, stream)

    def comment(self, stream: StreamId, comment: str) -> EntityRow | None:
        return entities.comment(self._connection, stream, comment)

    def comments(self, stream: StreamId, issue: bytes, *, after: str | None = None, limit: int = 30) -> Page:
        return entities.comments(self._connection, stream, issue, after, limit)

    def attachment(self, stream: StreamId, sha256: bytes, name: str = "") -> EntityRow | None:
        return attachments.attachment(self._connection, stream, sha256, name)

    def attachments(self, stream: StreamId, *, after: str | None = None, limit: int = 30) -> Page:
        return attachments.attachments(self._connection, stream, after, limit)

    def attached_bytes(self) -> int:
        return attachments.attached_bytes(self._connection)

    def label(self, stream: StreamId, name: str) -> EntityRow | None:
        return entities.label(self._connection, stream, name)

    def labels(self, stream: StreamId, *, after: str | None = None, limit: int = 30) -> Page:
        return entities.labels(self._connection, stream, after, limit)

    def ref(self, stream: StreamId, name: str) -> EntityRow | None:
        return entities.ref(self._connection, stream, name)

    def refs(self, stream: StreamId, *, prefix: str = "refs/", after: str | None = None, limit: int = 30) -> Page:
        return entities.refs(self._connection, stream, prefix, after, limit)

    def event(self, event: EventId) -> EventRow | None:
        return events.event(self._connection, event)

    def redactions(self, event: EventId) -> Sequence[EventId]:
        return events.redactions(self._connection, event)

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
        return events.events(self._connection, stream, kind, author, after, limit, verdict)

    def member(self, stream: StreamId, did: Did) -> bytes | None:
        return authority.member(self._connection, stream, did)

    def members(
        self, stream: StreamId, *, blocked: bool = False, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[bytes], str | None, int]:
        return authority.members(self._connection, stream, after, limit, blocked=blocked)

    def protection(self, stream: StreamId, pattern: str) -> bytes | None:
        return authority.protection(self._connection, stream, pattern)

    def protections(
        self, stream: StreamId, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[bytes], str | None, int]:
        return authority.protections(self._connection, stream, after, limit)

    def acts(
        self, stream: StreamId, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[ActRow], str | None, int]:
        return authority.acts(self._connection, stream, after, limit)

    def audit(
        self, reader: Actor, which: AuditFilter, *, after: str | None = None, limit: int = 30
    ) -> tuple[Sequence[ActRow], str | None, int]:
        return authority.audit(self._connection, reader, which, after, limit)

    def act(self, event: EventId) -> ActRow | None:
        return authority.act(self._connection, event)

    def act_behind(self, event: EventId) -> ActRow | None:
        return authority.act_behind(self._connection, event)

    def alarms(
        self, stream: StreamId, *, after: str | None = None, limit: int = 30, shown: int = 100
    ) -> tuple[Sequence[Alarm], str | None, int]:
        return authority.alarms(self._connection, stream, after, limit, shown)

    def overturned(self, stream: StreamId, act: EventId) -> Sequence[EventId]:
        return authority.overturned(self._connection, stream, act)

    def since(self, after: int, which: LogFilter, *, limit: int = 100) -> tuple[Sequence[LogLine], int]:
        return live.since(self._connection, after, which, limit)

    def activity(self, reader: Actor, *, author: Did | None = None, after: str | None = None, limit: int = 30) -> Page:
        return events.activity(self._connection, reader, after, limit, author)

    def lately(self, stream: StreamId, *, limit: int = 30) -> list[bytes]:
        return events.lately(self._connection, stream, limit)

    def search_code(
        self, stream: StreamId, words: str, *, limit: int = 50, patience_s_max: float = math.inf
    ) -> CodeHits:
        patience_s = min(patience_s_max, self._code_patience_s)
        return code_search.search(self._connection, stream, words, limit, patience_s=patience_s)

    def languages(self, stream: StreamId) -> Languages:
        return languages_of(self._connection, stream)

    def principal(self, name: str) -> Did | None:
        if is_did(name):
            return name  # type: ignore[return-value]  # just checked
        return people.did_of_name(self._connection, name)

    def name_of(self, did: Did) -> str | None:
        return people.name_of(self._connection, did)

    def heads(self, stream: StreamId, device: DeviceKey) -> StreamHeads:
        return heads.heads_of(self._connection, stream, device)

    def identity(self, did: Did) -> tuple[StreamId, bytes] | None:
        return heads.identity_of(self._connection, did)

    def agents(self, *, after: str | None = None, limit: int = 30) -> tuple[Sequence[bytes], str | None, int]:
        return agents.agents(self._connection, after, limit)

    def attestations(self, about: Did, *, most: int = 100) -> Sequence[Attested]:
        return agents.attestations(self._connection, about, most)

    def attested(self, source: Did, about: Did) -> bytes | None:
        return agents.attested(self._connection, source, about)

    def enrolled(self, did: Did) -> bool:
        return people.enrolled(self._connection, did)

    def fork_proofs(self, reader: Actor, *, limit: int = 30) -> tuple[Sequence[ForkProof], int]:
        return apart.fork_proofs(self._connection, reader, limit)

    def diverged(self, reader: Actor, *, limit: int = 30) -> tuple[Sequence[Unsettled], int]:
        return apart.diverged(self._connection, reader, limit)

    def stats(self, reader: Actor) -> Mapping[str, int]:
        seen = sight(reader)
        narrowed, values = f" AND stream IN (SELECT stream FROM repos WHERE {seen.sql})", seen.values
        if sees_all(reader):
            narrowed, values = "", ()
        return {
            name: self._connection.execute(query).fetchone()[0] or 0
            if name in _EVERYBODYS
            else self._connection.execute(query + narrowed, values).fetchone()[0]
            for name, query in _COUNTS.items()
        }
