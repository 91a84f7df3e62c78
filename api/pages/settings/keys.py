"""Deploy keys: what machines show to fetch or push the code of one repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post

from api.asking import Asking
from api.forms_tokens import NewDeployKey
from api.pages.forms import Form, checked, form_of, lifetime
from api.pages.page import Shown, fresh, see
from api.pages.place import Name, Owner, may, url_of
from api.pages.settings.kept import kept_by, settings_frame
from api.pages.signing import NO_STORE, status_of
from api.reply import Reply
from api.routes.deploy_keys import end_key, keys_of, make_key
from domain.errors import InvalidInput, LocalFault

if TYPE_CHECKING:
    from domain.ports_views import RepoRow

PATH: Final = "/{owner:str}/{name:str}/settings/keys"


@get(PATH)
async def show_keys(request: Asking, owner: Owner, name: Name) -> Reply:
    """A repository's deploy keys, without their secrets."""
    row = kept_by(request, owner, name, "keys")
    return fresh(request, await _page(request, row))


@post(PATH, status_code=303)
async def change_keys(request: Asking, owner: Owner, name: Name) -> Reply:
    """Make one, and show its secret: once. Or end one, whoever made it."""
    row = kept_by(request, owner, name, "keys")
    form = await form_of(request)
    act, _, which = form.text("act").partition(":")
    try:
        if act == "make":
            wanted = checked(NewDeployKey, name=form.line("name"), write=form.flag("write"), **lifetime(form))
            made = await make_key(request, row, wanted)
            return fresh(request, await _page(request, row, secret=made.token), headers=[NO_STORE])
        if act != "end":
            raise InvalidInput("choose what to do", field="act")
        await end_key(request, row, which)
    except LocalFault as fault:
        return fresh(request, await _page(request, row, form, fault))
    return see(f"{url_of(row)}/settings/keys", "revoked")


async def _page(
    request: Asking, row: RepoRow, form: Form | None = None, fault: LocalFault | None = None, *, secret: str = ""
) -> Shown:
    values: dict[str, Any] = settings_frame(request, row, "keys") | {
        "deploy_keys": [msgspec.to_builtins(each) for each in await keys_of(request, row)],
        "may_make": may(request, row, "branch.protect"),
        "form": form or Form(),
        "secret": secret,
        "fault": fault,
    }
    return Shown("repo_keys.html", f"Deploy keys · {row.name}", values, status_of(fault))
