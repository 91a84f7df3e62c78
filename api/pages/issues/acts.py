"""What is done to an issue by forms around its thread: title, labels, people, state, locks, pins, reactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import post
from litestar.params import QueryParameter

from api.asking import Asking
from api.forms import Assignees, IssueChange, IssueLabels
from api.gate import comment_of
from api.pages.forms import Form, checked, form_of
from api.pages.issues.finding import ISSUE, Number, acting, bound_to, found, labels_in, people_in, url_of_issue
from api.pages.issues.one import issue_page
from api.pages.issues.rivals import chosen
from api.pages.page import fresh, see
from api.pages.place import Name, Owner
from api.reply import Reply
from api.threads import in_thread
from api.writing import write
from domain.errors import InvalidInput, LocalFault
from domain.reaction.contents import CONTENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.ports_views import EntityRow, RepoRow

Back = Annotated[bool, QueryParameter(name="back", description="Take it back.")]
_ACTS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "close": ("issue.close", {"reason": "completed"}),
    "reject": ("issue.close", {"reason": "not planned"}),
    "reopen": ("issue.reopen", {}),
    "lock": ("issue.lock", {"reason": ""}),
    "unlock": ("issue.unlock", {}),
    "pin": ("issue.pin", {}),
    "unpin": ("issue.unpin", {}),
}


@post(f"{ISSUE}/edit", status_code=303)
async def edit(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """Another title, another text, or both. Bound to what was read, so nobody's change is lost."""
    form = await form_of(request)
    fields = {field: form.text(field) for field in ("title", "body") if field in form}
    if "title" in fields:
        fields["title"] = fields["title"].strip()

    def wanted() -> dict[str, Any]:
        return _set(checked(IssueChange, **fields))

    return await _done(request, owner, name, number, form, "issue.edit", wanted, ("title", "body"))


@post(f"{ISSUE}/labels", status_code=303)
async def label(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """Have it carry the labels that are ticked or written, and no others."""
    form = await form_of(request)

    def wanted() -> dict[str, Any]:
        return {"set": checked(IssueLabels, labels=labels_in(form)).labels}

    return await _done(request, owner, name, number, form, "issue.label", wanted, ("labels",))


@post(f"{ISSUE}/assignees", status_code=303)
async def assign(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """Assign it to the people named, and to nobody else; `me` is whoever asks."""
    form = await form_of(request)

    def wanted() -> dict[str, Any]:
        return {"set": checked(Assignees, assignees=people_in(form, request)).assignees}

    return await _done(request, owner, name, number, form, "issue.assign", wanted, ("assignees",))


@post(f"{ISSUE}/settle", status_code=303)
async def settle(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """Settle a field that two people wrote at once: with the value of one of them, or with other words."""
    form = await form_of(request)
    row, thing, where = acting(request, owner, name, number)
    try:
        doc = msgspec.json.decode(thing.doc)
        command, args = await in_thread(_settling, request, row, thing, doc, form)
        bound = {"if_match": form.text("tag")} if form.text("tag") else {}
        await write(request, command, {**where, **args, **bound}, bound=True)
    except LocalFault as fault:
        row, thing = found(request, owner, name, number)
        typed = Form([("value", form.text("value"))])
        return fresh(request, await issue_page(request, row, thing, typed, fault))
    return see(url_of_issue(row, number), "settled")


@post(f"{ISSUE}/do", status_code=303)
async def do(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """What one button does: close, reopen, lock, unlock, pin, unpin."""
    form = await form_of(request)
    act = _ACTS.get(form.text("act"))
    if act is None:
        raise InvalidInput(f"an act is one of {', '.join(_ACTS)}", field="act")
    command, args = act
    return await _done(request, owner, name, number, form, command, lambda: args)


@post(f"{ISSUE}/react", status_code=303)
async def react(request: Asking, owner: Owner, name: Name, number: Number, *, back: Back = False) -> Reply:
    """React to the issue or to a comment of it, or take that back."""
    row, thing, where = acting(request, owner, name, number)
    form = await form_of(request)
    content = form.text("content")
    if content not in CONTENTS:
        raise InvalidInput(f"a reaction is one of {', '.join(CONTENTS)}", field="content")
    comment = form.text("comment")
    said = comment_of(request, row, thing, comment).id if comment else None
    command = "issue.unreact" if back else "issue.react"
    await write(request, command, {**where, "comment": said, "content": content})
    return see(url_of_issue(row, number, f"comment-{comment[:12]}" if comment else "issue-body"))


def _settling(
    request: Asking, row: RepoRow, thing: EntityRow, doc: Mapping[str, Any], form: Form
) -> tuple[str, Mapping[str, Any]]:
    """The command that settles a field, and what it takes."""
    field = form.text("field")
    if field == "title" and "value" in form:
        return "issue.edit", {"title": checked(IssueChange, title=form.line("value")).title}
    value = chosen(request, row.id, thing, doc, field, form.text("event"))
    if field == "state":
        is_open, reason = value
        return "issue.edit", {"state": "open" if is_open else "closed", "reason": reason}
    if field == "lock":
        locked, reason = value
        return ("issue.lock", {"reason": reason}) if locked else ("issue.unlock", {})
    return "issue.edit", {field: value}


async def _done(
    request: Asking,
    owner: str,
    name: str,
    number: str,
    form: Form,
    command: str,
    args: Callable[[], Mapping[str, Any]],
    fields: Sequence[str] = (),
) -> Reply:
    """Carry a command out and show the issue; refused, by its form or by the log, show it with why.

    It is bound to what was read of the `fields`.
    """
    try:
        row, thing, where = acting(request, owner, name, number)
        condition = bound_to(form, thing, *fields) if fields else {}
        await write(request, command, {**where, **args(), **condition}, bound=True)
    except LocalFault as fault:
        row, thing = found(request, owner, name, number)
        return fresh(request, await issue_page(request, row, thing, form, fault))
    return see(url_of_issue(row, number), "saved")


def _set(change: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(change).items() if value is not msgspec.UNSET}
