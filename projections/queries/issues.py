"""Issues by id and number, and filtered lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.errors import Conflict, InvalidInput
from domain.ids import is_hex_id
from domain.ports_views import EntityRow, IssueFilter, Page
from projections.queries.cursors import order_cursor, read_order
from projections.queries.pages import taken
from projections.queries.people import did_of_name
from projections.queries.text import conditions

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import StreamId

_NUMBER_DIGITS_MAX = 15


def issue(connection: sqlite3.Connection, stream: StreamId, selector: str) -> EntityRow | None:
    """By content id, number, or `number.<id prefix>`."""
    if is_hex_id(selector):
        row = connection.execute(
            "SELECT id, stream, author, doc FROM issues WHERE id=? AND stream=?", (bytes.fromhex(selector), stream)
        ).fetchone()
        return EntityRow(*row) if row else None
    number, _, prefix = selector.partition(".")
    if not number.isascii() or not number.isdigit() or len(number) > _NUMBER_DIGITS_MAX or int(number) < 1:
        return None
    # The plus keeps SQLite from walking all issues in that order instead of looking the number up.
    rows = connection.execute(
        "SELECT id, stream, author, doc FROM issues WHERE stream=? AND number=? ORDER BY +lamport, id",
        (stream, int(number)),
    ).fetchall()
    rows = [row for row in rows if row[0].hex().startswith(prefix)]
    if len(rows) > 1:
        claimants = ", ".join(f"{number}.{row[0].hex()[:12]}" for row in rows[:10])
        raise Conflict(f"#{number} is claimed by {len(rows)} issues", hint=f"say which: {claimants}", field="number")
    return EntityRow(*rows[0]) if rows else None


def issues(connection: sqlite3.Connection, stream: StreamId, which: IssueFilter, after: str | None, limit: int) -> Page:
    """Newest first by (lamport, id)."""
    tests, values = _tests(connection, stream, which)
    where = " AND ".join(tests)
    if len(tests) > (1 if which.state == "all" else 2):
        total = connection.execute(f"SELECT count(*) FROM issues WHERE {where}", values).fetchone()[0]
    else:
        total = _plain_total(connection, stream, which.state)
    if after is not None:
        where += " AND (lamport, id) < (?, ?)"
        values += read_order(after)
    rows = connection.execute(
        f"SELECT doc, lamport, id FROM issues WHERE {where} ORDER BY lamport DESC, id DESC LIMIT ?",
        (*values, limit + 1),
    )
    found, more = taken(rows, limit)
    return Page([row[0] for row in found], order_cursor(*found[-1][1:]) if more else None, total)


def _tests(connection: sqlite3.Connection, stream: StreamId, which: IssueFilter) -> tuple[list[str], list[Any]]:
    tests: list[str] = ["stream=?"]
    values: list[Any] = [stream]
    if which.state not in ("open", "closed", "all"):
        raise InvalidInput("state is open, closed or all", field="state")
    if which.state != "all":
        tests.append("open=?")
        values.append(int(which.state == "open"))
    for name in which.labels:
        tests.append(
            "id IN (SELECT issue FROM issue_labels WHERE stream=? AND label IN"
            " (SELECT id FROM labels WHERE stream=? AND name=? AND deleted=0))"
        )
        values += [stream, stream, name]
    if which.assignee:
        tests.append("id IN (SELECT issue FROM issue_assignees WHERE stream=? AND did=?)")
        values += [stream, did_of_name(connection, which.assignee) or ""]
    if which.author:
        tests.append("author=?")
        values.append(did_of_name(connection, which.author) or "")
    if which.text:
        found, words = conditions(which.text, "issues_fts", "issues", ("title", "body"))
        tests += found
        values += words
    return tests, values


def _plain_total(connection: sqlite3.Connection, stream: StreamId, state: str) -> int:
    """The count of an unfiltered list, which the repository's row keeps."""
    row = connection.execute(
        "SELECT json_extract(CAST(doc AS TEXT), '$.open_issues'), json_extract(CAST(doc AS TEXT), '$.closed_issues')"
        " FROM repos WHERE stream=?",
        (stream,),
    ).fetchone()
    if row is None:
        return 0
    opened, closed = row
    return int({"open": opened, "closed": closed, "all": opened + closed}[state])
