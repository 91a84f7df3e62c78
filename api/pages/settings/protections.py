"""Which branches are protected, and how: list, add, change and end the rules of a pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.params import QueryParameter

from api.asking import Asking
from api.forms_authority import ProtectionRules
from api.pages.forms import Form, checked, form_of
from api.pages.page import Shown, fresh, see
from api.pages.place import Name, Owner, may, url_of
from api.pages.settings.kept import kept_by, settings_frame
from api.pages.signing import status_of
from api.params import After
from api.reply import Reply
from api.writing import write
from domain.errors import InvalidInput, LocalFault
from domain.etag import etag
from domain.limits import APPROVALS_MAX

if TYPE_CHECKING:
    from domain.ids import Did
    from domain.ports_views import RepoRow

PATH: Final = "/{owner:str}/{name:str}/settings/branches"
RULES_SHOWN: Final = 50
Edited = Annotated[str, QueryParameter(name="edit", description="The pattern whose rules the form shows.")]
_NEW: Final[dict[str, Any]] = msgspec.to_builtins(ProtectionRules())


@get(PATH)
async def show_protections(request: Asking, owner: Owner, name: Name, edit: Edited = "", after: After = None) -> Reply:
    """The rules there are, and a form for new ones or for those of one pattern."""
    row = kept_by(request, owner, name, "branches")
    return fresh(request, _page(request, row, edit=edit, after=after))


@post(PATH, status_code=303)
async def change_protections(request: Asking, owner: Owner, name: Name) -> Reply:
    """Make these the rules of a pattern, or end those of one. What was changed meanwhile is not overwritten."""
    row = kept_by(request, owner, name, "branches")
    form = await form_of(request)
    act, _, pattern = form.text("act").partition(":")
    try:
        if act == "set":
            rules = msgspec.structs.asdict(_rules(form))
            where = {"repo": row.id, "pattern": form.line("pattern")}
            bound = {"if_match": form.text("tag")} if form.text("tag") else {}
            await write(request, "branch.protect", {**where, **rules, **bound})
        elif act == "end":
            await write(request, "branch.unprotect", {"repo": row.id, "pattern": pattern})
        else:
            raise InvalidInput("choose what to do", field="act")
    except LocalFault as fault:
        return fresh(request, _page(request, row, form, fault))
    return see(f"{url_of(row)}/settings/branches", "saved")


def _rules(form: Form) -> ProtectionRules:
    return checked(
        ProtectionRules,
        push_role=form.text("push_role"),
        pushers=[each.removeprefix("@") for each in form.text("pushers").replace(",", " ").split()],
        allow_force=form.flag("allow_force"),
        allow_delete=form.flag("allow_delete"),
        approvals=form.number("approvals"),
        dismiss_stale=form.flag("dismiss_stale"),
        checks=[line.strip() for line in form.text("checks").split("\n") if line.strip()],
    )


def _page(
    request: Asking,
    row: RepoRow,
    form: Form | None = None,
    fault: LocalFault | None = None,
    *,
    edit: str = "",
    after: str | None = None,
) -> Shown:
    views = request.ports.views
    found, following, total = views.protections(row.id, after=after, limit=RULES_SHOWN)
    values = settings_frame(request, row, "branches") | {
        "protections": [msgspec.json.decode(doc) for doc in found],
        "total": total,
        "following": following,
        "typed": _typed(form) if form is not None and form.text("act") == "set" else _kept(request, row, edit),
        "may_protect": may(request, row, "branch.protect"),
        "approvals_max": APPROVALS_MAX,
        "fault": fault,
    }
    return Shown("repo_protections.html", f"Protected branches · {row.name}", values, status_of(fault))


def _typed(form: Form) -> dict[str, Any]:
    """What somebody typed, whatever it is."""
    texts = {name: form.text(name) for name in ("pattern", "push_role", "pushers", "approvals", "checks", "tag")}
    return texts | {name: form.flag(name) for name in ("allow_force", "allow_delete", "dismiss_stale")}


def _kept(request: Asking, row: RepoRow, pattern: str) -> dict[str, Any]:
    """The rules of a pattern, or those of a new one, as the form has them."""
    doc = request.ports.views.protection(row.id, pattern) if pattern else None
    rules: dict[str, Any] = _NEW if doc is None else msgspec.json.decode(doc)
    pushers: list[Did] = rules["pushers"]
    named = (request.ports.views.name_of(did) or did for did in pushers)
    lists = {"pushers": "\n".join(named), "checks": "\n".join(rules["checks"])}
    return rules | lists | {"pattern": "" if doc is None else pattern, "tag": "" if doc is None else etag(doc)}
