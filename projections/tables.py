"""Every table of `views.sqlite`, as data: columns, keys, indexes, and what of it goes into a stream's view digest.

A `shared` column means the same on every node that holds the same log. Positions and row numbers are this node's own
and never shared. Ids are 32 raw bytes, `doc` is the JSON that readers get.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

FOLD_VERSION: Final = 7
"""Bump when a fold or a table changes: older views are thrown away and rebuilt."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `key` is the primary key; `shared` the columns of the digest (none: not digested).

    The fold itself looks up rows by `unique` and `lookups`. Only readers need `indexes`.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()
    lookups: tuple[tuple[str, ...], ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    shared: tuple[str, ...] = ()
    with_rowid: bool = False

    @property
    def ddl(self) -> str:
        """The statement that makes it."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in self.columns.items())
        tail = "" if self.with_rowid else " WITHOUT ROWID"
        return f'CREATE TABLE "{self.name}" ({columns}, PRIMARY KEY ({", ".join(self.key)})){tail}'


def upsert(table: Table) -> str:
    """The statement that writes one whole row by key."""
    names = ", ".join(table.columns)
    marks = ", ".join("?" * len(table.columns))
    rest = ", ".join(f"{name}=excluded.{name}" for name in table.columns if name not in table.key)
    action = f"DO UPDATE SET {rest}" if rest else "DO NOTHING"
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT ({', '.join(table.key)}) {action}"


EVENTS: Final = Table(
    "events",
    {
        "pos": "INTEGER",
        "id": "BLOB NOT NULL",
        "stream": "BLOB NOT NULL",
        "kind": "TEXT NOT NULL",
        "entity": "BLOB",
        "author": "TEXT NOT NULL",
        "device": "BLOB NOT NULL",
        "seq": "INTEGER NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "time": "INTEGER NOT NULL",
        "standing": "TEXT NOT NULL",
        "reason": "TEXT NOT NULL",
        "branch": "INTEGER NOT NULL",
        "seen": "INTEGER NOT NULL",
    },
    key=("pos",),
    unique=(("id",),),
    lookups=(("branch", "seq"),),
    indexes=(("stream", "lamport", "id"),),
    shared=("id", "standing", "reason"),
    with_rowid=True,
)
BRANCHES: Final = Table(
    "branches",
    {
        "n": "INTEGER",
        "stream": "BLOB NOT NULL",
        "device": "BLOB NOT NULL",
        "principal": "TEXT NOT NULL",
        "rank": "INTEGER NOT NULL",
        "node": "TEXT",
        "fault": "TEXT NOT NULL",
    },
    key=("n",),
    lookups=(("stream",),),
    with_rowid=True,
)
"""One chain of a device's events in a stream, and what its first event enrolled the device for; `n` is local."""

ACTS: Final = Table(
    "acts",
    {
        "stream": "BLOB NOT NULL",
        "n": "INTEGER NOT NULL",
        "event": "BLOB NOT NULL",
        "level": "INTEGER NOT NULL",
        "alive": "INTEGER NOT NULL",
        "cut_known": "INTEGER NOT NULL",
        "reach": "BLOB NOT NULL",
        "pos": "INTEGER NOT NULL",
    },
    key=("stream", "n"),
    lookups=(("event",),),
    indexes=(("pos",),),
)
"""The acts of authority of each stream in order of arrival, with what they count for and how far their cuts reach."""

ACT_SETS: Final = Table(
    "act_sets", {"n": "INTEGER", "bits": "BLOB NOT NULL"}, key=("n",), unique=(("bits",),), with_rowid=True
)
"""Which acts are in an event's past, each set once."""

MARKS: Final = Table("marks", {"event": "BLOB NOT NULL", "reach": "BLOB NOT NULL"}, key=("event",))
"""The whole past of one event in so many, by branch: where walks through the graph end."""

ROLES: Final = Table(
    "roles",
    {"stream": "BLOB NOT NULL", "did": "TEXT NOT NULL", "role": "INTEGER NOT NULL", "doc": "BLOB NOT NULL"},
    key=("stream", "did"),
    indexes=(("did",),),
    shared=("did", "role", "doc"),
)
PROTECTIONS: Final = Table(
    "protections",
    {"id": "BLOB NOT NULL", "stream": "BLOB NOT NULL", "pattern": "TEXT NOT NULL", "doc": "BLOB NOT NULL"},
    key=("id",),
    indexes=(("stream", "pattern"),),
    shared=("pattern", "doc"),
)
ALARMS: Final = Table(
    "alarms",
    {"act": "BLOB NOT NULL", "stream": "BLOB NOT NULL", "event": "BLOB NOT NULL"},
    key=("act", "event"),
    lookups=(("stream",),),
)
"""Events that counted here until an act of authority voided them: what was seen differs from node to node."""

MEMBERS: Final = Table(
    "members",
    {"key": "BLOB NOT NULL", "lamport": "INTEGER NOT NULL", "id": "BLOB NOT NULL", "pos": "INTEGER NOT NULL"},
    key=("key", "lamport", "id"),
)
REDACTIONS: Final = Table(
    "redactions",
    {"target": "BLOB NOT NULL", "by": "BLOB NOT NULL", "stream": "BLOB NOT NULL"},
    key=("target", "by"),
    shared=("target", "by"),
)
AWAITING: Final = Table("awaiting", {"awaited": "BLOB NOT NULL", "event": "BLOB NOT NULL"}, key=("awaited", "event"))
STREAMS: Final = Table(
    "streams",
    {"stream": "BLOB NOT NULL", "kind": "TEXT NOT NULL", "pos": "INTEGER NOT NULL", "roots": "TEXT NOT NULL"},
    key=("stream",),
    shared=("kind", "roots"),
)
FRONTIER: Final = Table(
    "frontier",
    {
        "stream": "BLOB NOT NULL",
        "id": "BLOB NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "head": "INTEGER NOT NULL",
        "citable": "INTEGER NOT NULL",
    },
    key=("stream", "id"),
)
FEEDS: Final = Table(
    "feeds",
    {
        "stream": "BLOB NOT NULL",
        "device": "BLOB NOT NULL",
        "seq": "INTEGER NOT NULL",
        "id": "BLOB NOT NULL",
        "lamport": "INTEGER NOT NULL",
    },
    key=("stream", "device"),
)
FORKS: Final = Table(
    "forks",
    {
        "stream": "BLOB NOT NULL",
        "device": "BLOB NOT NULL",
        "seq": "INTEGER NOT NULL",
        "low": "BLOB NOT NULL",
        "high": "BLOB NOT NULL",
    },
    key=("stream", "device", "seq"),
    shared=("device", "seq", "low", "high"),
)
IDENTITIES: Final = Table(
    "identities",
    {
        "stream": "BLOB NOT NULL",
        "did": "TEXT NOT NULL",
        "name": "TEXT NOT NULL COLLATE NOCASE",
        "lamport": "INTEGER NOT NULL",
        "agent": "INTEGER NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("stream",),
    indexes=(("did",), ("name",), ("agent", "did")),
    shared=("doc",),
)
ATTESTATIONS: Final = Table(
    "attestations",
    {
        "stream": "BLOB NOT NULL",
        "target": "TEXT NOT NULL",
        "source": "TEXT NOT NULL",
        "value": "INTEGER NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "event": "BLOB NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("stream", "target"),
    indexes=(("target",),),
    shared=("target", "value", "doc"),
)
REPOS: Final = Table(
    "repos",
    {
        "stream": "BLOB NOT NULL",
        "pos": "INTEGER NOT NULL",
        "placed": "INTEGER NOT NULL",
        "name": "TEXT NOT NULL",
        "owner": "TEXT NOT NULL",
        "private": "INTEGER NOT NULL",
        "archived": "INTEGER NOT NULL",
        "successor": "BLOB",
        "deleted": "INTEGER NOT NULL",
        "default_branch": "TEXT NOT NULL",
        "roots": "TEXT NOT NULL",
        "updated": "INTEGER NOT NULL",
        "stars": "INTEGER NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("stream",),
    indexes=(
        ("name",),
        ("deleted", "private", "pos"),
        ("deleted", "pos"),
        ("deleted", "updated", "stream"),
        ("deleted", "stars", "stream"),
        ("deleted", "name", "stream"),
    ),
    shared=("name", "owner", "private", "archived", "successor", "deleted", "default_branch", "roots", "doc"),
)
FORMER_PLACES: Final = Table(
    "former_places",
    {"name": "TEXT NOT NULL", "owner": "TEXT NOT NULL", "stream": "BLOB NOT NULL", "pos": "INTEGER NOT NULL"},
    key=("name", "owner", "stream"),
    lookups=(("stream",),),
    shared=("name", "owner"),
)
REPO_TOPICS: Final = Table(
    "repo_topics",
    {"topic": "TEXT NOT NULL", "stream": "BLOB NOT NULL"},
    key=("topic", "stream"),
    lookups=(("stream",),),
    shared=("topic",),
)
REPO_FORKS: Final = Table(
    "repo_forks",
    {"origin": "BLOB NOT NULL", "stream": "BLOB NOT NULL"},
    key=("origin", "stream"),
    lookups=(("stream",),),
    shared=("origin",),
)
FOLLOWERS: Final = Table(
    "followers",
    {
        "stream": "BLOB NOT NULL",
        "did": "TEXT NOT NULL",
        "starred": "INTEGER NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "star": "BLOB NOT NULL",
        "level": "TEXT NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("stream", "did"),
    lookups=(("stream", "starred", "lamport", "star"),),
    indexes=(("did", "starred"),),
    shared=("did", "starred", "level", "doc"),
)
REFS: Final = Table(
    "refs",
    {
        "stream": "BLOB NOT NULL",
        "name": "TEXT NOT NULL",
        "oid": "BLOB",
        "author": "TEXT NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("stream", "name"),
    shared=("name", "oid", "doc"),
)
LABELS: Final = Table(
    "labels",
    {
        "id": "BLOB NOT NULL",
        "stream": "BLOB NOT NULL",
        "name": "TEXT NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "deleted": "INTEGER NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("id",),
    indexes=(("stream", "name", "lamport", "id"),),
    shared=("id", "name", "deleted", "doc"),
)
ISSUES: Final = Table(
    "issues",
    {
        "pos": "INTEGER",
        "id": "BLOB NOT NULL",
        "stream": "BLOB NOT NULL",
        "number": "INTEGER NOT NULL",
        "open": "INTEGER NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "updated": "INTEGER NOT NULL",
        "author": "TEXT NOT NULL",
        "title": "TEXT NOT NULL",
        "body": "TEXT NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("pos",),
    unique=(("id",),),
    indexes=(
        ("stream", "open", "lamport", "id"),
        ("stream", "lamport", "id"),
        ("stream", "number"),
        ("stream", "updated", "id"),
        ("author", "stream", "lamport", "id"),
        ("open",),
    ),
    shared=("id", "number", "open", "author", "doc"),
    with_rowid=True,
)
ISSUE_LABELS: Final = Table(
    "issue_labels",
    {"stream": "BLOB NOT NULL", "label": "BLOB NOT NULL", "lamport": "INTEGER NOT NULL", "issue": "BLOB NOT NULL"},
    key=("stream", "label", "lamport", "issue"),
    lookups=(("issue",),),
    shared=("label", "issue"),
)
ISSUE_ASSIGNEES: Final = Table(
    "issue_assignees",
    {"stream": "BLOB NOT NULL", "did": "TEXT NOT NULL", "lamport": "INTEGER NOT NULL", "issue": "BLOB NOT NULL"},
    key=("stream", "did", "lamport", "issue"),
    lookups=(("issue",),),
    shared=("did", "issue"),
)
COMMENTS: Final = Table(
    "comments",
    {
        "pos": "INTEGER",
        "id": "BLOB NOT NULL",
        "stream": "BLOB NOT NULL",
        "issue": "BLOB NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "author": "TEXT NOT NULL",
        "redacted": "INTEGER NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("pos",),
    unique=(("id",),),
    indexes=(("issue", "lamport", "id"), ("stream",)),
    shared=("id", "issue", "redacted", "doc"),
    with_rowid=True,
)
"""By position: new ones come one after the other, where by id each would change a page of its own."""
REACTIONS: Final = Table(
    "reactions",
    {"entity": "BLOB NOT NULL", "did": "TEXT NOT NULL", "content": "TEXT NOT NULL", "stream": "BLOB NOT NULL"},
    key=("entity", "did", "content"),
    indexes=(("stream",),),
    shared=("entity", "did", "content"),
)
UNSETTLED: Final = Table(
    "unsettled",
    {"stream": "BLOB NOT NULL", "sort": "TEXT NOT NULL", "thing": "BLOB NOT NULL"},
    key=("stream", "sort", "thing"),
    shared=("sort", "thing"),
)
"""Issues, comments and refs in which rival values stand beside one another; `thing` is their key."""
PINS: Final = Table(
    "pins",
    {
        "stream": "BLOB NOT NULL",
        "issue": "BLOB NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "event": "BLOB NOT NULL",
    },
    key=("stream", "issue"),
    shared=("issue", "event"),
)
MENTIONS: Final = Table(
    "mentions",
    {
        "stream": "BLOB NOT NULL",
        "did": "TEXT NOT NULL",
        "issue": "BLOB NOT NULL",
        "event": "BLOB NOT NULL",
        "entity": "BLOB NOT NULL",
    },
    key=("stream", "did", "issue", "event"),
    lookups=(("entity",),),
    shared=("did", "issue", "event"),
)
LINKS: Final = Table(
    "links",
    {
        "target": "BLOB NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "event": "BLOB NOT NULL",
        "stream": "BLOB NOT NULL",
        "issue": "BLOB NOT NULL",
        "entity": "BLOB NOT NULL",
    },
    key=("target", "lamport", "event"),
    lookups=(("entity",),),
    indexes=(("stream",),),
    shared=("target", "event", "issue"),
)
ATTACHMENTS: Final = Table(
    "attachments",
    {
        "id": "BLOB NOT NULL",
        "stream": "BLOB NOT NULL",
        "lamport": "INTEGER NOT NULL",
        "sha256": "BLOB NOT NULL",
        "size": "INTEGER NOT NULL",
        "redacted": "INTEGER NOT NULL",
        "name": "TEXT NOT NULL",
        "target": "BLOB NOT NULL",
        "doc": "BLOB NOT NULL",
    },
    key=("id",),
    lookups=(("sha256", "stream", "size"),),
    indexes=(("stream", "redacted", "lamport", "id"), ("target", "lamport", "id")),
    shared=("id", "redacted", "doc"),
)
CODE_STATE: Final = Table(
    "code_state",
    {
        "stream": "BLOB NOT NULL",
        "commit_id": "TEXT NOT NULL",
        "weight": "INTEGER NOT NULL",
        "cut": "INTEGER NOT NULL",
    },
    key=("stream",),
)
LANGUAGES: Final = Table(
    "languages",
    {"stream": "BLOB NOT NULL", "commit_id": "TEXT NOT NULL", "tree": "TEXT NOT NULL", "doc": "BLOB NOT NULL"},
    key=("stream",),
)
CODE_FILES: Final = Table(
    "code_files",
    {
        "n": "INTEGER",
        "stream": "BLOB NOT NULL",
        "path": "TEXT NOT NULL",
        "oid": "TEXT NOT NULL",
        "text": "TEXT NOT NULL",
    },
    key=("n",),
    unique=(("stream", "path"),),
    with_rowid=True,
)

TABLES: Final = (
    EVENTS,
    BRANCHES,
    ACTS,
    ACT_SETS,
    MARKS,
    ROLES,
    PROTECTIONS,
    ALARMS,
    MEMBERS,
    REDACTIONS,
    AWAITING,
    STREAMS,
    FRONTIER,
    FEEDS,
    FORKS,
    IDENTITIES,
    ATTESTATIONS,
    REPOS,
    FORMER_PLACES,
    REPO_TOPICS,
    REPO_FORKS,
    FOLLOWERS,
    REFS,
    LABELS,
    ISSUES,
    ISSUE_LABELS,
    ISSUE_ASSIGNEES,
    COMMENTS,
    ATTACHMENTS,
    REACTIONS,
    UNSETTLED,
    PINS,
    MENTIONS,
    LINKS,
    CODE_STATE,
    CODE_FILES,
    LANGUAGES,
)
FROM_LOG: Final = tuple(table for table in TABLES if table not in (ALARMS, CODE_STATE, CODE_FILES, LANGUAGES))
"""What the log alone says. Alarms tell what was seen here, and the others what is in git's objects."""
META_DDL: Final = "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"

FULL_TEXT: Final = {"issues": ("title", "body"), "code_files": ("text",)}
"""Tables with an FTS5 index over these columns (`<name>_fts`, trigram, so that parts of words are found)."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Make every table, with what the fold looks rows up by, in an empty database, in one transaction."""
    from sqlite_utils import Database  # readers, who never get here, start sooner without it

    db = Database(connection)
    with db.atomic():
        connection.execute(META_DDL)
        for table in TABLES:
            connection.execute(table.ddl)
            for columns in table.unique:
                db.table(table.name).create_index(columns, unique=True)
            for columns in table.lookups:
                db.table(table.name).create_index(columns)
        connection.execute("INSERT INTO meta VALUES ('version', ?), ('position', 0)", (FOLD_VERSION,))


def create_indexes(connection: sqlite3.Connection) -> None:
    """Make what only readers need, of whatever rows there are: made at the end of a rebuild, it costs far less."""
    from sqlite_utils import Database

    db = Database(connection)
    with db.atomic():
        for table in TABLES:
            for columns in table.indexes:
                db.table(table.name).create_index(columns)
        for name, columns in FULL_TEXT.items():
            db.table(name).enable_fts(columns, fts_version="FTS5", tokenize="trigram")
            for statement in _triggers(name, columns):
                connection.execute(statement)


def _triggers(name: str, columns: tuple[str, ...]) -> tuple[str, str, str]:
    """Keep an external-content FTS index in step (SQLite FTS5 §4.4.3), on changes of the indexed columns only."""
    fts, names = f"{name}_fts", ", ".join(columns)
    new, old = ", ".join(f"new.{c}" for c in columns), ", ".join(f"old.{c}" for c in columns)
    differs = " OR ".join(f"old.{c} IS NOT new.{c}" for c in columns)
    drop = f"INSERT INTO {fts} ({fts}, rowid, {names}) VALUES ('delete', old.rowid, {old});"
    put = f"INSERT INTO {fts} (rowid, {names}) VALUES (new.rowid, {new});"
    return (
        f"CREATE TRIGGER {name}_fts_insert AFTER INSERT ON {name} BEGIN {put} END",
        f"CREATE TRIGGER {name}_fts_delete AFTER DELETE ON {name} BEGIN {drop} END",
        f"CREATE TRIGGER {name}_fts_update AFTER UPDATE ON {name} WHEN {differs} BEGIN {drop} {put} END",
    )
