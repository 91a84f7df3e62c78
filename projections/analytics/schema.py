"""The tables of `analytics.duckdb`, as data. Every row goes in as one JSON object, whose parts the columns name.

`fingerprint` changes whenever the row's source in the views does; it is how a catch-up finds what to write again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from projections.tables import FOLD_VERSION

if TYPE_CHECKING:
    import duckdb

VERSION: Final = f"1/{FOLD_VERSION}"
"""Of these tables and of the folds behind them: another one in the file means that it is made anew."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `columns` are (name, type, expression over the object `d`), `shape` the object's types."""

    name: str
    shape: str
    columns: tuple[tuple[str, str, str], ...]

    @property
    def ddl(self) -> str:
        """The statement that makes it."""
        return f"CREATE TABLE {self.name} ({', '.join(f'{name} {kind}' for name, kind, _ in self.columns)})"

    @property
    def insert(self) -> str:
        """The statement that takes a list of JSON texts, one for each row."""
        values = ", ".join(expression for _, _, expression in self.columns)
        return (
            f"INSERT INTO {self.name} SELECT {values} "
            f"FROM (SELECT from_json(unnest($1::VARCHAR[]), '{self.shape}') AS d)"
        )


EVENTS: Final = Table(
    "events",
    '{"position":"BIGINT","id":"VARCHAR","stream":"VARCHAR","kind":"VARCHAR","entity":"VARCHAR","author":"VARCHAR",'
    '"device":"VARCHAR","seq":"BIGINT","lamport":"BIGINT","time":"BIGINT","verdict":"VARCHAR","reason":"VARCHAR",'
    '"payload_size":"INTEGER"}',
    (
        ("position", "BIGINT", "d.position"),
        ("id", "VARCHAR", "d.id"),
        ("stream", "VARCHAR", "d.stream"),
        ("kind", "VARCHAR", "d.kind"),
        ("entity", "VARCHAR", "d.entity"),
        ("author", "VARCHAR", "d.author"),
        ("device", "VARCHAR", "d.device"),
        ("seq", "BIGINT", "d.seq"),
        ("lamport", "BIGINT", "d.lamport"),
        ("time", "TIMESTAMP", "epoch_ms(d.time)"),
        ("verdict", "VARCHAR", "d.verdict"),
        ("reason", "VARCHAR", "d.reason"),
        ("payload_size", "INTEGER", "d.payload_size"),
    ),
)
REPOSITORIES: Final = Table(
    "repositories",
    '{"doc":{"id":"VARCHAR","name":"VARCHAR","description":"VARCHAR","private":"BOOLEAN","archived":"BOOLEAN",'
    '"default_branch":"VARCHAR","created_at":"TIMESTAMP","updated_at":"TIMESTAMP","roots":["VARCHAR"],'
    '"open_issues":"BIGINT","closed_issues":"BIGINT"},"author":"VARCHAR","deleted":"BOOLEAN","fingerprint":"UBIGINT"}',
    (
        ("id", "VARCHAR", "d.doc.id"),
        ("name", "VARCHAR", "d.doc.name"),
        ("description", "VARCHAR", "d.doc.description"),
        ("author", "VARCHAR", "d.author"),
        ("roots", "VARCHAR[]", "d.doc.roots"),
        ("private", "BOOLEAN", "d.doc.private"),
        ("archived", "BOOLEAN", "d.doc.archived"),
        ("deleted", "BOOLEAN", "d.deleted"),
        ("default_branch", "VARCHAR", "d.doc.default_branch"),
        ("created", "TIMESTAMP", "d.doc.created_at"),
        ("updated", "TIMESTAMP", "d.doc.updated_at"),
        ("open_issues", "BIGINT", "d.doc.open_issues"),
        ("closed_issues", "BIGINT", "d.doc.closed_issues"),
        ("fingerprint", "UBIGINT", "d.fingerprint"),
    ),
)
ISSUES: Final = Table(
    "issues",
    '{"doc":{"id":"VARCHAR","repo":"VARCHAR","number":"BIGINT","title":"VARCHAR","body":"VARCHAR","state":"VARCHAR",'
    '"state_reason":"VARCHAR","author":"VARCHAR","labels":["VARCHAR"],"assignees":["VARCHAR"],"comments":"BIGINT",'
    '"created_at":"TIMESTAMP","updated_at":"TIMESTAMP","lamport":"BIGINT","edited":"BOOLEAN"},"closed":"BIGINT",'
    '"fingerprint":"UBIGINT"}',
    (
        ("id", "VARCHAR", "d.doc.id"),
        ("repository", "VARCHAR", "d.doc.repo"),
        ("number", "BIGINT", "d.doc.number"),
        ("title", "VARCHAR", "d.doc.title"),
        ("state", "VARCHAR", "d.doc.state"),
        ("state_reason", "VARCHAR", "d.doc.state_reason"),
        ("author", "VARCHAR", "d.doc.author"),
        ("labels", "VARCHAR[]", "d.doc.labels"),
        ("assignees", "VARCHAR[]", "d.doc.assignees"),
        ("comments", "BIGINT", "d.doc.comments"),
        ("opened", "TIMESTAMP", "d.doc.created_at"),
        ("updated", "TIMESTAMP", "d.doc.updated_at"),
        ("closed", "TIMESTAMP", "epoch_ms(d.closed)"),
        ("edited", "BOOLEAN", "d.doc.edited"),
        ("body_chars", "BIGINT", "length(d.doc.body)"),
        ("lamport", "BIGINT", "d.doc.lamport"),
        ("fingerprint", "UBIGINT", "d.fingerprint"),
    ),
)
COMMENTS: Final = Table(
    "comments",
    '{"doc":{"id":"VARCHAR","issue":"VARCHAR","body":"VARCHAR","author":"VARCHAR","created_at":"TIMESTAMP",'
    '"updated_at":"TIMESTAMP","edited":"BOOLEAN","redacted":"BOOLEAN","lamport":"BIGINT"},"stream":"VARCHAR",'
    '"fingerprint":"UBIGINT"}',
    (
        ("id", "VARCHAR", "d.doc.id"),
        ("repository", "VARCHAR", "d.stream"),
        ("issue", "VARCHAR", "d.doc.issue"),
        ("author", "VARCHAR", "d.doc.author"),
        ("created", "TIMESTAMP", "d.doc.created_at"),
        ("updated", "TIMESTAMP", "d.doc.updated_at"),
        ("edited", "BOOLEAN", "d.doc.edited"),
        ("redacted", "BOOLEAN", "d.doc.redacted"),
        ("body_chars", "BIGINT", "length(d.doc.body)"),
        ("lamport", "BIGINT", "d.doc.lamport"),
        ("fingerprint", "UBIGINT", "d.fingerprint"),
    ),
)
PUSHES: Final = Table(
    "pushes",
    '{"event":"VARCHAR","repository":"VARCHAR","ref":"VARCHAR","old":"VARCHAR","new":"VARCHAR","author":"VARCHAR",'
    '"time":"BIGINT","lamport":"BIGINT"}',
    (
        ("event", "VARCHAR", "d.event"),
        ("repository", "VARCHAR", "d.repository"),
        ("ref", "VARCHAR", "d.ref"),
        ("old", "VARCHAR", "d.old"),
        ("new", "VARCHAR", "d.new"),
        ("author", "VARCHAR", "d.author"),
        ("time", "TIMESTAMP", "epoch_ms(d.time)"),
        ("lamport", "BIGINT", "d.lamport"),
    ),
)
TABLES: Final = (EVENTS, REPOSITORIES, ISSUES, COMMENTS, PUSHES)

FEED_DDL: Final = "CREATE TABLE feed (version VARCHAR, position BIGINT, last VARCHAR)"
"""One row: how far the log has been read, and the id of the event there (another log has another one)."""


def create_tables(db: duckdb.DuckDBPyConnection) -> None:
    """Make every table anew and empty, in one transaction."""
    db.execute("BEGIN")
    for name in (*(table.name for table in TABLES), "feed"):
        db.execute(f"DROP TABLE IF EXISTS {name}")
    for table in TABLES:
        db.execute(table.ddl)
    db.execute(FEED_DDL)
    db.execute("INSERT INTO feed VALUES ($1, 0, '')", [VERSION])
    db.execute("COMMIT")
