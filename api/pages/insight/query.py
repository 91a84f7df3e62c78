"""SQL over everything the node has: its operator's alone."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Annotated, Final

from litestar import get, post
from litestar.params import QueryParameter

from api.asking import Asking
from api.pages.forms import check_operator, check_person, form_of
from api.pages.insight.show import insight_of
from api.pages.page import Shown, fresh
from api.pages.signing import NO_STORE, status_of
from api.reply import Reply
from domain.errors import InvalidInput, LocalFault

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from domain.ports_insight import Table

PATH: Final = "/-/query"
SQL_CHARS_MAX: Final = 10_000
SHOWN_ROWS_MAX: Final = 500
SHOWN_BYTES_MAX: Final = 1 << 20
CSV_ROWS_MAX: Final = 100_000
CSV_BYTES_MAX: Final = 16 << 20
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, if a cell begins with it."""
_POINTED: Final = re.compile(r"\s*\n(LINE \d+):[^\n]*\n *\^+\s*$")
"""The question once more with a mark below it, which says nothing where lines are broken elsewhere."""
EXAMPLES: Final = (
    ("Tables", "SHOW TABLES"),
    ("Columns of one", "DESCRIBE issues"),
    ("Most open issues", "SELECT name, open_issues\nFROM repositories\nORDER BY open_issues DESC\nLIMIT 20"),
    ("Kinds of events", "SELECT kind, verdict, count(*) AS events\nFROM events\nGROUP BY ALL\nORDER BY events DESC"),
    ("Who pushes when", "SELECT hour(time) AS hour_utc, count(*) AS pushes\nFROM pushes\nGROUP BY ALL\nORDER BY ALL"),
    (
        "Longest without an answer",
        """SELECT r.name, i.number, i.title, i.opened
FROM issues i JOIN repositories r ON r.id = i.repository
WHERE i.state = 'open' AND i.comments = 0
ORDER BY i.opened
LIMIT 50""",
    ),
)


@get(PATH)
async def show_query(
    request: Asking,
    sql: Annotated[str, QueryParameter(description="What to begin with.", max_length=SQL_CHARS_MAX)] = "",
) -> Reply:
    """The form; nothing is asked before it is sent."""
    check_person(request)
    check_operator(request)
    return fresh(request, _page(sql), headers=[NO_STORE])


@post(PATH, status_code=200)
async def ask(request: Asking) -> Reply:
    """Ask, and show the rows, or send them as CSV."""
    form = await form_of(request)
    check_person(request)
    check_operator(request)
    sql = form.text("sql")
    as_csv = form.text("as") == "csv"
    try:
        if not sql.strip() or len(sql) > SQL_CHARS_MAX:
            raise InvalidInput(f"a question has 1 to {SQL_CHARS_MAX:,} characters", field="sql")
        bounds = (CSV_ROWS_MAX, CSV_BYTES_MAX) if as_csv else (SHOWN_ROWS_MAX, SHOWN_BYTES_MAX)
        table = await insight_of(request).query(sql, rows_max=bounds[0], bytes_max=bounds[1])
    except InvalidInput as fault:
        told = InvalidInput(_POINTED.sub(r" (\1)", fault.message), hint=fault.hint, field="sql")
        return fresh(request, _page(sql, fault=told), headers=[NO_STORE])
    except LocalFault as fault:
        return fresh(request, _page(sql, fault=fault), headers=[NO_STORE])
    if as_csv:
        return Reply(
            csv_of(table),
            kind=b"text/csv; charset=utf-8",
            headers=[NO_STORE, (b"content-disposition", b'attachment; filename="query.csv"')],
        )
    return fresh(request, _page(sql, table=table), headers=[NO_STORE])


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_query, ask)


def csv_of(table: Table) -> bytes:
    """RFC 4180 with a heading line. A text that a spreadsheet would carry out gets a quotation mark before it."""
    into = io.StringIO()
    writer = csv.writer(into)
    writer.writerow([_safe(name) for name in table.columns])
    writer.writerows([[_safe(cell) for cell in row] for row in table.rows])
    return into.getvalue().encode("utf-8", "replace")


def _safe(cell: str | float | None) -> str | float | None:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _page(sql: str, *, table: Table | None = None, fault: LocalFault | None = None) -> Shown:
    values = {"sql": sql, "table": table, "fault": fault, "examples": EXAMPLES, "csv_rows_max": CSV_ROWS_MAX}
    return Shown("query.html", "Query", values, status_of(fault))
