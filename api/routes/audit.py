"""Who changed who may do what, and what such changes undid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import get

from api import shapes, shapes_authority
from api.acts import shown
from api.asking import Asking
from api.gate import readable
from api.paging import listed, page_size
from api.params import After, Limit, PerPage, Repo
from api.reply import Reply, encode_json

if TYPE_CHECKING:
    from domain.ports_authority import Alarm
    from domain.ports_views import RepoRow


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
    docs = [encode_json(_alarm(row, alarm, act)) for alarm, act in zip(found, acts, strict=True)]
    return listed(request, b"alarms", docs, following, total)


def _alarm(row: RepoRow, alarm: Alarm, act: dict[str, Any]) -> dict[str, Any]:
    name = f"{row.owner}/{row.name}"
    undo = {"undo": f"gitant member admit --act {alarm.act.id.hex()} -R {name}"} if alarm.void else {}
    return {
        "act": act,
        "total": alarm.total,
        "void": alarm.void,
        "events": [event.hex() for event in alarm.events],
        **undo,
    }
