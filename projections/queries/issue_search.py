"""Issues that a query asks for, of one repository or of all that an asker may read, each from an index.

One repository's are listed by (lamport, id), which is the same on every node; Lamport times of different
repositories do not compare, so those of all are listed as they arrived here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from domain.errors import Unauthenticated
from domain.issue.search import ME, Query
from domain.ports_views import Page
from projections.queries.cursors import order_cursor, position_cursor, read_order, read_position
from projections.queries.pages import taken
from projections.queries.people import did_of_name, name_of
from projections.queries.sight import sight
from projections.queries.text import TRIGRAM_CHARS, like
from projections.show.form import encode_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from domain.actor import Actor
    from domain.ids import Did, StreamId
    from domain.issue.search import Term

_ONE: Final = "=:stream"
_PLAIN: Final = frozenset({"is", "state", "sort"})
"""What an index of counts can answer."""


def of_repo(
    connection: sqlite3.Connection, stream: StreamId, query: Query, me: Did | None, after: str | None, limit: int
) -> Page:
    """One repository's, newest first unless the query sorts otherwise."""
    search = _Search(connection, query, me, _ONE, {"stream": stream})
    by, descending = _sorting(query)
    key = ("updated", "id") if by == "updated" else ("lamport", "id")
    rows = search.rows(("doc", *key), key, None if after is None else read_order(after), limit, descending)
    found, more = taken(rows, limit)
    return Page([row[0] for row in found], order_cursor(*found[-1][1:]) if more else None, search.total())


def everywhere(
    connection: sqlite3.Connection,
    reader: Actor,
    query: Query,
    only: StreamId | None,
    after: str | None,
    limit: int,
) -> Page:
    """Those of every repository that the reader may see; each document says in `repo_full_name` which that is."""
    seen, values = sight(reader).named()
    within = f" IN (SELECT stream FROM repos WHERE {seen})"
    if only is not None:
        within, values = _ONE, {"stream": only}
    search = _Search(connection, query, reader.did, within, values)
    by, descending = _sorting(query)
    if by == "updated":
        start: Sequence[Any] | None = None if after is None else read_order(after)
        rows = search.rows(("doc", "stream", "updated", "id"), ("updated", "id"), start, limit, descending)
    else:
        start = None if after is None else (read_position(after),)
        rows = search.rows(("doc", "stream", "pos"), ("pos",), start, limit, descending)
    found, more = taken(rows, limit)
    cursor = None
    if more:
        cursor = order_cursor(*found[-1][2:]) if by == "updated" else position_cursor(found[-1][2])
    names = _names(connection, {row[1] for row in found})
    return Page([_placed(row[0], names[row[1]]) for row in found], cursor, search.total())


@dataclass(slots=True)
class _Search:
    """Conditions with their parameters, all named, so that each can say where its streams are."""

    connection: sqlite3.Connection
    query: Query
    me: Did | None
    within: str
    values: dict[str, Any]
    tests: list[str] = field(default_factory=list[str])
    _open: str = "open"

    few: bool = False
    """Whether a text or a number finds the rows, which are then sorted. A plus hides a column from the planner, who
    would rather walk every issue of the repository in order and look at each."""

    def __post_init__(self) -> None:
        found = {term.field for term in self.query.terms if not term.negated and self._is_sharp(term)}
        self.few = bool(found & {"", "number"})
        self._open = "+open" if found else "open"
        all_of_all = self.within != _ONE and self._is_plain
        self.tests.append(f"{'+' if '' in found or all_of_all else ''}stream{self.within}")
        for term in self.query.terms:
            test = self._test(term)
            if test:
                self.tests.append(f"NOT ({test})" if term.negated else test)

    def total(self) -> int:
        """How many there are in all."""
        if self._is_plain:
            return self._kept_total()
        where = " AND ".join(self.tests)
        return int(self.connection.execute(f"SELECT count(*) FROM issues WHERE {where}", self.values).fetchone()[0])

    def rows(
        self, columns: Sequence[str], key: Sequence[str], after: Sequence[Any] | None, limit: int, descending: bool
    ) -> sqlite3.Cursor:
        """One more row than `limit`, in the order of `key`, behind `after`."""
        tests, values = self.tests, {**self.values, "limit": limit + 1}
        if after is not None:
            marks = ", ".join(f":after{number}" for number in range(len(key)))
            tests = [*tests, f"({', '.join(key)}) {'<' if descending else '>'} ({marks})"]
            values |= {f"after{number}": value for number, value in enumerate(after)}
        plus = "+" if self.few else ""
        order = ", ".join(f"{plus}{column} {'DESC' if descending else 'ASC'}" for column in key)
        where = " AND ".join(tests)
        return self.connection.execute(
            f"SELECT {', '.join(columns)} FROM issues WHERE {where} ORDER BY {order} LIMIT :limit", values
        )

    @property
    def _is_plain(self) -> bool:
        return all(term.field in _PLAIN for term in self.query.terms)

    @staticmethod
    def _is_sharp(term: Term) -> bool:
        """Whether an index finds what the term means, and few of them."""
        return term.field in {"number", "author"} or (not term.field and len(term.value) >= TRIGRAM_CHARS)

    def _kept_total(self) -> int:
        """The count of a list that only open or closed narrows, which the repositories' rows keep."""
        wanted = {True, False}
        for term in self.query.terms:
            if term.field in {"is", "state"} and term.value != "all":
                wanted &= {(term.value == "open") != term.negated}
        kept = "total(json_extract(CAST(doc AS TEXT), '$.{}_issues'))"
        row = self.connection.execute(
            f"SELECT {kept.format('open')}, {kept.format('closed')} FROM repos WHERE stream{self.within}", self.values
        ).fetchone()
        return sum(int(row[0 if is_open else 1]) for is_open in wanted)

    def _test(self, term: Term) -> str:
        match term.field:
            case "":
                return self._text(term.value)
            case "is" | "state":
                return "" if term.value == "all" else f"{self._open}={int(term.value == 'open')}"
            case "label":
                labels = (
                    f"SELECT id FROM labels WHERE stream{self.within} AND name={self._mark(term.value)} AND deleted=0"
                )
                return f"id IN (SELECT issue FROM issue_labels WHERE stream{self.within} AND label IN ({labels}))"
            case "author":
                return f"author={self._mark(self._did(term.value))}"
            case "assignee":
                did = self._mark(self._did(term.value))
                return f"id IN (SELECT issue FROM issue_assignees WHERE stream{self.within} AND did={did})"
            case "mentions":
                did = self._mark(self._did(term.value))
                return f"id IN (SELECT issue FROM mentions WHERE stream{self.within} AND did={did})"
            case "no":
                table = {"label": "issue_labels", "assignee": "issue_assignees"}[term.value]
                return f"NOT EXISTS (SELECT 1 FROM {table} WHERE issue=issues.id)"
            case "number":
                return f"number={self._mark(int(term.value))}"
            case _:
                return ""

    def _text(self, text: str) -> str:
        columns = self.query.values("in") or ["title", "body"]
        if len(text) >= TRIGRAM_CHARS:
            quoted = text.replace('"', '""')
            words = self._mark(f'{{{" ".join(columns)}}} : "{quoted}"')
            return f"pos IN (SELECT rowid FROM issues_fts WHERE issues_fts MATCH {words})"
        # Trigrams find nothing so short.
        mark = self._mark(like(text))
        return "(" + " OR ".join(f"{column} LIKE {mark} ESCAPE '\\'" for column in columns) + ")"

    def _mark(self, value: object) -> str:
        name = f"value{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def _did(self, name: str) -> str:
        if name != ME:
            return did_of_name(self.connection, name) or ""
        if self.me is None:
            raise Unauthenticated(f"{ME} is whoever asks, and nobody said who that is", hint="send your token")
        return self.me


def _sorting(query: Query) -> tuple[str, bool]:
    by, _, way = (query.value("sort") or "created-desc").partition("-")
    return by, way == "desc"


def _names(connection: sqlite3.Connection, streams: set[StreamId]) -> dict[StreamId, str]:
    marks = ", ".join("?" * len(streams))
    rows = connection.execute(f"SELECT stream, owner, name FROM repos WHERE stream IN ({marks})", [*streams]).fetchall()
    owners = {owner: name_of(connection, owner) or owner.replace(":", "-") for owner in {row[1] for row in rows}}
    return {stream: f"{owners[owner]}/{name}" for stream, owner, name in rows}


def _placed(doc: bytes, name: str) -> bytes:
    return doc[:-1] + b',"repo_full_name":' + encode_json(name) + b"}"
