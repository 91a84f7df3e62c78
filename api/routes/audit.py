"""Who changed who may do what, and what such changes undid.

Acts of authority are of the log, and so the same on every node that has it. What this node noted of its own (who
signed in, who wrote which event by which door) is put among them by when it happened here, for its operator and for
whom it is about.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from litestar import get
from litestar.params import PathParameter, QueryParameter
from litestar.response.base import ASGIResponse

from api import gate, shapes, shapes_authority
from api.acts import ACTS_MAX, shown
from api.asking import Asking
from api.gate import readable
from api.lines import Lines, wants_lines
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo, principal
from api.reply import Reply, encode_json, read
from api.trail import entries_for, piece, place_of, with_doors
from domain.errors import InvalidInput, NotFound
from domain.ids import is_hex_id, parse_event_id
from domain.ports_authority import AuditFilter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.audit import EntryFilter
    from domain.ports_authority import Alarm
    from domain.ports_views import RepoRow

_KIND: Final = re.compile(r"[a-z0-9_.]{1,64}\*?|\*")
_DAY: Final = re.compile(r"\d{4}-?\d\d-?\d\d")
Actor = Annotated[str, QueryParameter(description="Only acts of this user name or did:key.", max_length=200)]
Action = Annotated[
    str,
    QueryParameter(
        description="Only acts of this kind, like member.granted.v1; `member.*` is every kind that begins so.",
        max_length=64,
    ),
]
Which = Annotated[
    str, QueryParameter(name="repo", description="Only acts in this repository: a name or id.", max_length=200)
]
Verdict = Annotated[Literal["", "accepted", "void"], QueryParameter(description="Only acts of this verdict.")]
Source = Annotated[
    Literal["", "log", "node"],
    QueryParameter(description="Only acts of the log, or only what this node noted of its own."),
]
Since = Annotated[
    str, QueryParameter(description="Only acts that claim this day or time, or a later one (RFC 3339).", max_length=40)
]
Until = Annotated[
    str, QueryParameter(description="Only acts that claim this day, or an earlier day or time.", max_length=40)
]


@get("/api/v1/audit", responses=shapes.shows(shapes_authority.Trail))
async def list_all(
    request: Asking,
    actor: Actor = "",
    action: Action = "",
    repo: Which = "",
    verdict: Verdict = "",
    source: Source = "",
    since: Since = "",
    until: Until = "",
    after: After = None,
    per_page: PerPage = None,
    limit: Limit = None,
) -> ASGIResponse:
    """Every act of authority in repositories that the asker may see, newest here first, and among them what this node
    noted: to the operator all of it, to others what they did themselves.

    With `Accept: application/x-ndjson` all of them, without pages, one a line.
    """
    which = filter_of(request, actor, action, repo, verdict, since, until)
    own = entries_for(request, which) if source != "log" else None
    acts = which if source != "node" else None
    place = place_of(after)
    if wants_lines(request):
        first = await piece(request, acts, own, place, ACTS_MAX)
        return Lines(first.docs, _later(request, acts, own, first.following))
    found = await piece(request, acts, own, place, page_size(request, per_page, limit))
    return listed(request, b"audit", [encode_json(doc) for doc in found.docs], found.following, found.total)


def filter_of(request: Asking, actor: str, action: str, repo: str, verdict: str, since: str, until: str) -> AuditFilter:
    """Which acts are asked for, as the asker typed it; raises `InvalidInput` naming what is wrong."""
    if action and not _KIND.fullmatch(action):
        raise InvalidInput(f"{action!r} is no kind of event", hint="like member.granted.v1 or member.*", field="action")
    return AuditFilter(
        readable(request, repo).id if repo else None,
        principal(request, actor, "actor"),
        action,
        verdict,
        _moment(since, "since"),
        _moment(until, "until", whole_day=True),
    )


async def _later(
    request: Asking, acts: AuditFilter | None, own: EntryFilter | None, following: str | None
) -> AsyncIterator[list[dict[str, Any]]]:
    """What comes behind the first page, a page at a time."""
    while following is not None:
        found = await piece(request, acts, own, place_of(following), ACTS_MAX)
        yield found.docs
        following = found.following


def _moment(text: str, field: str, *, whole_day: bool = False) -> int | None:
    """A day or time in milliseconds since 1970, of a `whole_day` its end. UTC, where it does not say."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        ends = whole_day and _DAY.fullmatch(text)
        return int((found + timedelta(days=1 if ends else 0)).timestamp() * 1000)
    except (ValueError, OverflowError):
        hint = "like 2026-11-22 or 2026-11-22T10:00:00Z"
        raise InvalidInput(f"{field} is no day or time", hint=hint, field=field) from None


@get("/api/v1/audit/{id:str}", responses=shapes.shows(shapes_authority.LogAct))
async def show_act(
    request: Asking,
    event: Annotated[str, PathParameter(name="id", description="An act's event: 64 hexadecimal digits.")],
) -> Reply:
    """One act of authority."""
    views = request.ports.views
    row = views.event(parse_event_id(event)) if is_hex_id(event) else None
    act = views.act(row.id) if row is not None and gate.visible_event(request, row) else None
    if act is None:
        raise NotFound(f"there is no act of authority {event!r} here", hint="GET /api/v1/audit lists those there are")
    return read(request, encode_json((await with_doors(request, [act]))[0]))


@get("/api/v1/repos/{id:str}/audit", sync_to_thread=False, responses=shapes.shows(shapes_authority.Audit))
def list_audit(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """Every act of authority of a repository, newest first, with its verdict."""
    row = readable(request, repo)
    found, following, total = request.ports.views.acts(row.id, after=after, limit=page_size(request, per_page, limit))
    return listed(request, b"audit", [encode_json(act) for act in shown(request, found)], following, total)


@get("/api/v1/repos/{id:str}/alarms", sync_to_thread=False, responses=shapes.shows(shapes_authority.Alarms))
def list_alarms(
    request: Asking, repo: Repo, after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """The acts that voided what had counted on this node, newest first, with what they voided."""
    row = readable(request, repo)
    size = page_size(request, per_page, limit)
    found, following, total = request.ports.views.alarms(row.id, after=after, limit=size)
    acts = shown(request, [alarm.act for alarm in found])
    docs = [encode_json(alarm_doc(row, alarm, act)) for alarm, act in zip(found, acts, strict=True)]
    return listed(request, b"alarms", docs, following, total)


def alarm_doc(row: RepoRow, alarm: Alarm, act: dict[str, Any]) -> dict[str, Any]:
    """An alarm as it is shown, with the command that undoes it."""
    name = f"{row.owner}/{row.name}"
    undo = {"undo": f"gitant member admit --act {alarm.act.id.hex()} -R {name}"} if alarm.void else {}
    return {
        "act": act,
        "total": alarm.total,
        "void": alarm.void,
        "events": [event.hex() for event in alarm.events],
        **undo,
    }
