"""What the node was started with, and what takes its room, for its operator to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import get

from api.asking import Asking
from api.pages.forms import check_operator, check_person
from api.pages.page import Shown, fresh
from api.ports import Number
from api.reply import Reply
from api.threads import in_thread
from domain.ports_views import RepoFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.ports import ApiPorts
    from domain.ports_views import RepoRow

PATH: Final = "/-/admin/settings"
REPOS_SHOWN: Final = 20
_FILE_BYTES: Final = "gitant_file_bytes"


@get(PATH)
async def show_settings(request: Asking) -> Reply:
    """Every setting, and the room that databases, attachments and repositories take."""
    check_person(request)
    check_operator(request)
    ports = request.ports
    rows, _, total = ports.views.repos(request.actor, RepoFilter(sort="updated"), limit=REPOS_SHOWN)
    values: dict[str, Any] = {
        "settings": ports.node.settings(),
        "free_bytes": ports.node.free_bytes(),
        "free_bytes_min": ports.node.free_bytes_min,
        "attached_bytes": ports.views.attached_bytes(),
        "total": total,
        **await in_thread(_sizes, ports, rows),
    }
    return fresh(request, Shown("admin_settings.html", "Settings of this node", values))


def _sizes(ports: ApiPorts, rows: Sequence[RepoRow]) -> dict[str, Any]:
    numbers = (each for each in ports.node.numbers() if isinstance(each, Number) and each.name == _FILE_BYTES)
    repos = [(f"/{row.owner}/{row.name}", ports.git.disk_bytes(row.id)) for row in rows]
    return {
        "files": [(dict(each.labels)["file"], int(each.value)) for each in numbers],
        "repos": sorted(repos, key=lambda each: -each[1]),
    }
