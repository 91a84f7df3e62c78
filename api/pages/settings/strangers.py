"""Who may say something without a role: the rule for strangers' events, and those that wait for a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar import get, post

from api.asking import Asking
from api.forms_authority import StrangersRule
from api.pages.forms import Form, checked, form_of, sure
from api.pages.page import Shown, fresh, see
from api.pages.place import Name, Owner, may, url_of
from api.pages.settings.kept import kept_by, settings_frame
from api.pages.signing import status_of
from api.params import After
from api.reply import Reply
from api.routes.held import held_in, rule_of
from api.writing import write
from domain.errors import InvalidInput, LocalFault

if TYPE_CHECKING:
    from domain.ports_views import RepoRow

PATH: Final = "/{owner:str}/{name:str}/settings/strangers"
HELD_SHOWN: Final = 50
_RULES: Final = {
    "hold": "They wait here until somebody admits them",
    "open": "They count at once",
    "refuse": "They are refused",
    "node": "As on the whole node",
}
_ACTS: Final = {"admit": "held.admit", "block": "held.block", "drop": "held.drop"}


@get(PATH)
async def show_strangers(request: Asking, owner: Owner, name: Name, after: After = None) -> Reply:
    """What becomes of strangers' events, and which wait."""
    row = kept_by(request, owner, name, "strangers")
    return fresh(request, await _page(request, row, after=after))


@post(PATH, status_code=303)
async def decide(request: Asking, owner: Owner, name: Name) -> Reply:
    """Choose the rule; let somebody in, block them, or forget what they sent."""
    row = kept_by(request, owner, name, "strangers")
    form = await form_of(request)
    act, _, author = form.text("act").partition(":")
    refused: list[dict[str, str]] = []
    try:
        if act == "rule":
            wanted = checked(StrangersRule, rule=form.text("rule"))
            await write(request, "held.choose", {"repo": row.id, "rule": wanted.rule})
        elif act in _ACTS:
            answer = await write(request, _ACTS[act], {"repo": row.id, "author": author})
            refused = answer.extra["held"].get("refused", [])
        elif act == "drop-all":
            sure(form)
            await write(request, "held.drop", {"repo": row.id, "origin": form.line("origin") or None})
        else:
            raise InvalidInput("choose what to do", field="act")
    except LocalFault as fault:
        return fresh(request, await _page(request, row, form, fault))
    if refused:
        return fresh(request, await _page(request, row, refused=refused))
    return see(f"{url_of(row)}/settings/strangers", "done")


async def _page(
    request: Asking,
    row: RepoRow,
    form: Form | None = None,
    fault: LocalFault | None = None,
    *,
    after: str | None = None,
    refused: list[dict[str, str]] | None = None,
) -> Shown:
    held, following, total = await held_in(request, row, after, HELD_SHOWN)
    by_author: dict[str, list[dict[str, Any]]] = {}
    for each in held:
        by_author.setdefault(each["author"], []).append(each)
    values = settings_frame(request, row, "strangers") | {
        "rule": await rule_of(request, row),
        "rules": _RULES,
        "may_choose": may(request, row, "repository.administer") or request.actor.operator,
        "held": by_author,
        "origins": sorted({each["origin"] for each in held if each["origin"]}),
        "total": total,
        "following": following,
        "refused": refused or [],
        "form": form or Form(),
        "fault": fault,
    }
    return Shown("repo_strangers.html", f"Strangers · {row.name}", values, status_of(fault))
