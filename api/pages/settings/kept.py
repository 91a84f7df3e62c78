"""What the pages of a repository's settings share: for whom they are, and the way from one to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from api.gate import check_role
from api.pages.forms import check_person
from api.pages.place import frame, may, repo_at, url_of

if TYPE_CHECKING:
    from api.asking import Asking
    from domain.ports_views import RepoRow


class Section(NamedTuple):
    """One page of the settings, what role it takes (by action), and whether the node's operator sees it anyhow."""

    name: str
    words: str
    path: str
    action: str
    operator: bool = False


_SECTIONS: Final = {
    each.name: each
    for each in (
        Section("general", "General", "/settings", "repository.edit"),
        Section("branches", "Branches", "/settings/branches", "repository.edit"),
        Section("strangers", "Strangers", "/settings/strangers", "held.manage", operator=True),
    )
}


def kept_by(request: Asking, owner: str, name: str, section: str = "general") -> RepoRow:
    """The repository, for those to whom a page is: a refused form is shown on it with what others may not see."""
    row = repo_at(request, owner, name)
    check_person(request)
    which = _SECTIONS[section]
    if not (which.operator and request.actor.operator):
        check_role(request, row, which.action)
    return row


def settings_frame(request: Asking, row: RepoRow, section: str) -> dict[str, Any]:
    """The top of one of these pages: `sections` are those that whoever asks may open."""
    operator = request.actor.operator
    return frame(request, row, "settings") | {
        "section": section,
        "here": url_of(row) + _SECTIONS[section].path,
        "sections": [
            each for each in _SECTIONS.values() if may(request, row, each.action) or (each.operator and operator)
        ],
    }
