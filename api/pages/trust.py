"""Events as people look at them: who signed what, and how that was checked just now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import PathParameter, QueryParameter

from api.asking import Asking
from api.pages.audit import alarms_of
from api.pages.page import Shown, steady
from api.pages.place import Name, Owner, frame, may, repo_at, url_of
from api.params import After, Author, principal
from api.reply import Reply
from api.routes.events import VerdictWord, whole_event
from domain.errors import NotFound
from domain.ids import is_hex_id, parse_event_id

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from domain.ports_views import RepoRow

EVENTS_SHOWN: Final = 50
Kind = Annotated[str, QueryParameter(description="Only events of this kind.", max_length=64)]


@get("/-/events/{event:str}")
async def show_event(
    request: Asking, event: Annotated[str, PathParameter(description="An event's id.", max_length=100)]
) -> Reply:
    """One event: what it says, who signed it, what became of it; its bytes are checked as the page is made."""
    return await steady(request, partial(_event, request, event))


@get("/{owner:str}/{name:str}/events")
async def show_events(
    request: Asking,
    owner: Owner,
    name: Name,
    kind: Kind = "",
    author: Author = "",
    verdict: VerdictWord = "",
    after: After = None,
) -> Reply:
    """The log of a repository, newest first."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_events, request, row, kind, author, verdict, after))


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_event, show_events)


async def _event(request: Asking, event: str) -> Shown:
    found = whole_event(request, parse_event_id(event), verify=True) if is_hex_id(event) else None
    if found is None:
        raise NotFound("there is no such event here", hint="an event's id is 64 hexadecimal digits")
    doc: dict[str, Any] = msgspec.json.decode(found)
    repo = request.ports.views.repo(doc["stream"])
    payload = (
        None if doc["payload"] is None else msgspec.json.format(msgspec.json.encode(doc["payload"]), indent=2).decode()
    )
    values = {
        "event": doc,
        "parents": [each for each in doc["header"].get("parents", []) if isinstance(each, str)],
        "payload_text": payload,
        "repo_url": url_of(repo) if repo is not None else "",
        "may_admit": repo is not None and "rests_on" in doc and may(request, repo, "member.change"),
        "whole": all(check["ok"] for check in doc["verification"]),
    }
    return Shown("event.html", f"{doc['kind']} · {event[:10]}", values)


async def _events(request: Asking, row: RepoRow, kind: str, author: str, verdict: Any, after: str | None) -> Shown:
    views = request.ports.views
    by = principal(request, author)
    page = views.events(row.id, kind=kind, author=by, verdict=verdict, after=after, limit=EVENTS_SHOWN)
    keeps = may(request, row, "member.change")
    values = frame(request, row, "events") | {
        "events": [msgspec.json.decode(doc) for doc in page.docs],
        "total": page.total,
        "following": page.next,
        "kind": kind,
        "author": author,
        "verdict": verdict,
        "alarms": [each for each in alarms_of(request, row) if each["void"]] if keeps else [],
        "may_manage": may(request, row, "held.manage"),
    }
    return Shown("events.html", f"Events · {row.name}", values)
