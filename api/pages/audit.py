"""Who changed who may do what: of one repository, with what such changes undid; of the node; and of oneself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from litestar import get, post

from api.acts import shown
from api.asking import Asking
from api.pages.forms import check_operator, check_person, form_of
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, frame, may, repo_at, url_of
from api.pages.signing import status_of
from api.params import After
from api.reply import Reply
from api.routes.audit import Action, Actor, Since, Source, Until, Verdict, Which, alarm_doc, filter_of
from api.trail import ACTS, entries_for, piece, place_of
from api.writing import write
from domain.errors import Conflict, InvalidInput, LocalFault
from domain.ids import is_hex_id, parse_event_id

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from domain.ports_views import RepoRow

NODE_PATH: Final = "/-/admin/audit"
OWN_PATH: Final = "/settings/audit"
ACTS_SHOWN: Final = 50
ALARMS_SHOWN: Final = 20
EVENTS_SHOWN: Final = 10
"""Of those that one alarm is about."""


@get("/{owner:str}/{name:str}/audit")
async def show_acts(request: Asking, owner: Owner, name: Name, after: After = None) -> Reply:
    """A repository's acts of authority, and those that undid what had counted."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_acts, request, row, after))


@post("/{owner:str}/{name:str}/audit", status_code=303)
async def admit(request: Asking, owner: Owner, name: Name) -> Reply:
    """Have count again what an act has voided here, or one event that a cut has hit."""
    row = repo_at(request, owner, name)
    check_person(request)
    form = await form_of(request)
    act, _, which = form.text("act").partition(":")
    try:
        if act not in {"undo", "admit"} or not is_hex_id(which):
            raise InvalidInput("choose what is to count again", field="act")
        event = parse_event_id(which)
        events = request.ports.views.overturned(row.id, event) if act == "undo" else [event]
        if not events:
            raise Conflict("nothing is void by this act any more")
        answer = await write(request, "member.admit", {"repo": row.id, "events": [bytes(each) for each in events]})
        if missed := sum(not counts for _, counts in answer.extra["admitted"]):
            raise Conflict(f"{missed:,} of {len(events):,} do not count yet", hint="what they rest on is void, too")
    except LocalFault as fault:
        return fresh(request, await _acts(request, row, None, fault))
    return see(f"/-/events/{which}" if act == "admit" else f"{url_of(row)}/audit", "settled")


@get(NODE_PATH)
async def show_trail(
    request: Asking,
    actor: Actor = "",
    action: Action = "",
    repo: Which = "",
    verdict: Verdict = "",
    source: Source = "",
    since: Since = "",
    until: Until = "",
    after: After = None,
) -> Reply:
    """All of it, for the operator, and narrowed by each of these."""
    check_person(request)
    check_operator(request)
    asked = {"actor": actor, "action": action, "repo": repo, "verdict": verdict, "since": since, "until": until}
    return fresh(request, await _trail(request, "This node's audit", NODE_PATH, asked, source, after))


@get(OWN_PATH)
async def show_own(request: Asking, source: Source = "", after: After = None) -> Reply:
    """What was done in the name of whoever asks."""
    check_person(request)
    assert request.actor.did is not None, "somebody is signed in"
    asked = {"actor": str(request.actor.did), "action": "", "repo": "", "verdict": "", "since": "", "until": ""}
    return fresh(request, await _trail(request, "What you did", OWN_PATH, asked, source, after))


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_acts, admit, show_trail, show_own)


def alarms_of(request: Asking, row: RepoRow) -> list[dict[str, Any]]:
    """The latest acts in a repository that undid what had counted on this node."""
    alarms = request.ports.views.alarms(row.id, limit=ALARMS_SHOWN, shown=EVENTS_SHOWN)[0]
    acts = shown(request, [alarm.act for alarm in alarms])
    return [alarm_doc(row, alarm, act) for alarm, act in zip(alarms, acts, strict=True)]


async def _acts(request: Asking, row: RepoRow, after: str | None, fault: LocalFault | None = None) -> Shown:
    found, following, total = request.ports.views.acts(row.id, after=after, limit=ACTS_SHOWN)
    values = frame(request, row, "events") | {
        "acts": shown(request, found),
        "total": total,
        "following": following,
        "alarms": alarms_of(request, row),
        "may_undo": may(request, row, "member.change"),
        "fault": fault,
    }
    return Shown("repo_audit.html", f"Audit · {row.name}", values, status_of(fault))


async def _trail(
    request: Asking, title: str, path: str, asked: dict[str, str], source: str, after: str | None
) -> Shown:
    fault: LocalFault | None = None
    docs: list[dict[str, Any]] = []
    following, total = None, 0
    try:
        which = filter_of(request, **asked)
        own = entries_for(request, which) if source != "log" else None
        acts = which if source != "node" else None
        docs, following, total = await piece(request, acts, own, place_of(after), ACTS_SHOWN)
    except LocalFault as found:
        fault = found
    values = {
        "docs": docs,
        "following": following,
        "total": total,
        "asked": asked | {"source": source},
        "kinds": ACTS,
        "here": path,
        "all": path == NODE_PATH,
        "fault": fault,
    }
    return Shown("audit.html", title, values, status_of(fault))
