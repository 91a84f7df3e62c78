"""Charts of a repository, and of all that somebody may see of this node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from litestar import get

from api.asking import Asking
from api.pages.insight.charts import Chart, Row, lying, standing, total
from api.pages.page import Shown, fresh
from api.pages.place import Name, Owner, frame, repo_at
from api.pages.signing import status_of
from api.reply import Reply
from domain.errors import LocalFault, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from litestar.types import ControllerRouterHandler

    from domain.ports_insight import Insight, Table
    from domain.ports_views import RepoRow

PATH: Final = "/-/insight"


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart with the table it is drawn from."""

    name: str
    title: str
    words: str
    chart: Chart | None
    rows: list[Row]
    table: Table


@get(PATH)
async def show_node(request: Asking) -> Reply:
    """What this node comes to: its public repositories; for the operator, all of them."""
    return await _page(request, None)


@get("/{owner:str}/{name:str}/insight")
async def show_repository(request: Asking, owner: Owner, name: Name) -> Reply:
    """What a repository comes to."""
    return await _page(request, repo_at(request, owner, name))


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_node, show_repository)


async def _page(request: Asking, row: RepoRow | None) -> Reply:
    title = "Insight" if row is None else f"Insight · {row.name}"
    values: dict[str, Any] = {"figures": [], "fault": None, "whole": row is None}
    if row is not None:
        values |= frame(request, row, "insight")
    headers: list[tuple[bytes, bytes]] = []
    try:
        tables = await insight_of(request).of(
            request.actor, row.id if row is not None else None, request.ports.views.position()
        )
        values["figures"] = figures(tables)
    except LocalFault as fault:
        values["fault"] = fault
        if fault.retry_after_s:
            headers.append((b"retry-after", b"%d" % fault.retry_after_s))
    template = "insight_node.html" if row is None else "insight.html"
    return fresh(request, Shown(template, title, values, status_of(values["fault"])), headers=headers)


def insight_of(request: Asking) -> Insight:
    """The one who answers; raises where there is nobody."""
    if request.ports.insight is None:
        raise Unavailable("this node answers no such questions")
    return request.ports.insight


def figures(tables: Mapping[str, Table]) -> list[Figure]:
    """The charts in the order in which a page shows them."""
    found: list[Figure] = []
    for name, title, words, series, unit in _STANDING:
        table = tables[name]
        found.append(Figure(name, title, words(table), standing(table, series, unit), [], table))
    for name, title, words, column in _LYING:
        table = tables[name]
        found.append(Figure(name, title, words(table), None, lying(table, column), table))
    return sorted(found, key=lambda each: _ORDER.index(each.name))


def _activity(table: Table) -> str:
    return f"{total(table, 'events'):,} signed events in a year, by the week."


def _flow(table: Table) -> str:
    return f"{total(table, 'opened'):,} issues opened and {total(table, 'closed'):,} closed in a year, by the week."


def _response(table: Table) -> str:
    issues, answered = total(table, "issues"), total(table, "answered")
    return (
        f"Of {issues:,} issues opened in two years, {answered:,} were answered by somebody else than who opened them."
        " How many hours that took: half of them less than the first bar, nine in ten less than the second; by month."
    )


def _growth(table: Table) -> str:
    last = table.rows[-1] if table.rows else ("", 0, 0)
    return f"{last[1]:,} signed events by now; at the end of each month of two years."


def _age(table: Table) -> str:
    found = total(table, "issues")
    return f"{found:,} {'issue is' if found == 1 else 'issues are'} open, by how long."


def _contributors(_: Table) -> str:
    return "The twenty who signed most."


_STANDING: Final[tuple[tuple[str, str, Callable[[Table], str], tuple[str, ...], str], ...]] = (
    ("activity", "Activity", _activity, ("events",), ""),
    ("flow", "Issues opened and closed", _flow, ("opened", "closed"), ""),
    ("response", "Until somebody answers", _response, ("median_hours", "hours_of_nine_in_ten"), ""),
    ("growth", "Growth", _growth, ("events",), ""),
)
_LYING: Final[tuple[tuple[str, str, Callable[[Table], str], str], ...]] = (
    ("contributors", "Contributors", _contributors, "events"),
    ("age", "Age of open issues", _age, "issues"),
)
_ORDER: Final = ("activity", "contributors", "flow", "age", "response", "growth")
