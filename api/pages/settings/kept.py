"""What the pages of a repository's settings share: for whom they are, and the way from one to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from api.pages.forms import check_person
from api.pages.place import frame, repo_at, url_of
from api.standing import lacks, role_of
from domain.authority.needs import need
from domain.authority.roles import Role
from domain.errors import Forbidden

if TYPE_CHECKING:
    from api.asking import Asking
    from domain.ports_views import RepoRow


class Section(NamedTuple):
    """One page of the settings, what role it takes, and whether the node's operator sees it anyhow."""

    name: str
    words: str
    path: str
    role: Role
    operator: bool = False


_SECTIONS: Final = {
    each.name: each
    for each in (
        Section("general", "General", "/settings", need("repository.edit").role),
        Section("branches", "Branches", "/settings/branches", need("repository.edit").role),
        Section("strangers", "Strangers", "/settings/strangers", need("held.manage").role, operator=True),
        Section("keys", "Deploy keys", "/settings/keys", Role.ADMIN, operator=True),
    )
}


def kept_by(request: Asking, owner: str, name: str, section: str = "general") -> RepoRow:
    """The repository, for those to whom a page is: a refused form is shown on it with what others may not see."""
    row = repo_at(request, owner, name)
    check_person(request)
    did, which = request.actor.did, _SECTIONS[section]
    assert did is not None, "somebody is signed in"
    if not (which.operator and request.actor.operator) and (why := lacks(request.ports.views, row, did, which.role)):
        raise Forbidden(why, hint="ask those who look after it")
    return row


def settings_frame(request: Asking, row: RepoRow, section: str) -> dict[str, Any]:
    """The top of one of these pages: `sections` are those that whoever asks may open."""
    did, operator = request.actor.did, request.actor.operator
    role = Role.GUEST if did is None else role_of(request.ports.views, row, did)
    return frame(request, row, "settings") | {
        "section": section,
        "here": url_of(row) + _SECTIONS[section].path,
        "sections": [each for each in _SECTIONS.values() if role >= each.role or (each.operator and operator)],
    }
