"""The labels of a repository: what there is, and making, changing and deleting them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post

from api.asking import Asking
from api.forms import LabelChange, NewLabel
from api.pages.forms import Form, check_person, checked, form_of, sure
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, frame, may, repo_at, url_of
from api.pages.signing import status_of
from api.params import After
from api.reply import Reply
from api.writing import write
from domain.errors import InvalidInput, LocalFault

if TYPE_CHECKING:
    from domain.ports_views import RepoRow

PATH: Final = "/{owner:str}/{name:str}/labels"
LABELS_SHOWN: Final = 100
_TOLD: Final = {"make": "created", "edit": "saved", "delete": "deleted"}


@get(PATH)
async def show_labels(request: Asking, owner: Owner, name: Name, after: After = None) -> Reply:
    """Every label with what it is for, leading to the issues that carry it."""
    row = repo_at(request, owner, name)
    return await steady(request, partial(_page, request, row, after))


@post(PATH, status_code=303)
async def change_labels(request: Asking, owner: Owner, name: Name) -> Reply:
    """Make a label; give one another name, colour or description; delete one."""
    row = repo_at(request, owner, name)
    form = await form_of(request)
    act = form.text("act")
    values = {field: form.line(field) for field in ("name", "color", "description") if field in form}
    args: dict[str, Any] = {"repo": row.id, "label": form.text("label")}
    try:
        check_person(request)
        if act == "make":
            made = checked(NewLabel, **{"name": "", **values})
            await write(request, "label.create", {"repo": row.id, **msgspec.structs.asdict(made)})
        elif act == "edit":
            await write(request, "label.edit", args | msgspec.structs.asdict(checked(LabelChange, **values)))
        elif act == "delete":
            sure(form)
            await write(request, "label.delete", args)
        else:
            raise InvalidInput("choose what to do", field="act")
    except LocalFault as fault:
        return fresh(request, await _page(request, row, None, form, fault))
    return see(f"{url_of(row)}/labels", _TOLD[act])


async def _page(
    request: Asking, row: RepoRow, after: str | None, form: Form | None = None, fault: LocalFault | None = None
) -> Shown:
    page = request.ports.views.labels(row.id, after=after, limit=LABELS_SHOWN)
    values = frame(request, row, "issues") | {
        "labels": [msgspec.json.decode(doc) for doc in page.docs],
        "total": page.total,
        "following": page.next,
        "may_manage": may(request, row, "label.manage"),
        "form": form or Form(),
        "fault": fault,
    }
    return Shown("labels.html", f"Labels · {row.name}", values, status_of(fault))
