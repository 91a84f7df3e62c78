"""One issue: what was said, and what happened, in one thread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post
from msgspec import UNSET

from api import moments
from api.asking import Asking
from api.forms import CommentText
from api.own import personal
from api.pages.forms import Form, check_person, checked, form_of
from api.pages.issues.finding import ISSUE, Number, found, labels_of, url_of_issue
from api.pages.issues.rivals import quarrels
from api.pages.markdown import Place, rendered
from api.pages.page import Shown, fresh, see, steady
from api.pages.place import Name, Owner, frame, may, url_of
from api.pages.signing import status_of
from api.params import After
from api.reply import Reply
from api.standing import role_of
from api.threads import in_thread
from api.writing import write
from domain.authority.roles import Role
from domain.errors import LocalFault
from domain.etag import etag
from domain.reaction.contents import CONTENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.shapes_moments import Moment
    from domain.ports_views import EntityRow, RepoRow

COMMENTS_SHOWN: Final = 100
MOMENTS_SHOWN: Final = 100
_UNTOLD: Final = frozenset({"opened", "commented", "reacted", "unreacted"})
"""What the thread shows by itself."""
FACES: Final = dict(zip(CONTENTS, ("👍", "👎", "😄", "😕", "❤️", "🎉", "🚀", "👀"), strict=True))


@get(ISSUE)
async def show_issue(request: Asking, owner: Owner, name: Name, number: Number, after: After = None) -> Reply:
    """One issue, with what was said and done on it."""
    row, thing = found(request, owner, name, number)
    return await steady(request, partial(issue_page, request, row, thing, Form(), after=after))


@post(f"{ISSUE}/comments", status_code=303)
async def say(request: Asking, owner: Owner, name: Name, number: Number) -> Reply:
    """Say something on it; close or reopen it with that, if the button says so."""
    row, thing = found(request, owner, name, number)
    form = await form_of(request)
    act = form.text("act")
    try:
        check_person(request)
        where = {"repo": row.id, "issue": thing.id}
        if form.text("body").strip() or act not in {"close", "reopen"}:
            said = checked(CommentText, body=form.text("body"))
            await write(request, "comment.add", {**where, "body": said.body})
        if act == "close":
            await write(request, "issue.close", {**where, "reason": form.text("reason", "completed")})
        elif act == "reopen":
            await write(request, "issue.reopen", where)
    except LocalFault as fault:
        return fresh(request, await issue_page(request, row, thing, form, fault))
    return see(url_of_issue(row, number, "say"))


async def issue_page(
    request: Asking,
    row: RepoRow,
    thing: EntityRow,
    form: Form,
    fault: LocalFault | None = None,
    after: str | None = None,
) -> Shown:
    """The page of an issue; with what was typed, where a form of it was refused."""
    views, did = request.ports.views, request.actor.did
    page = views.comments(row.id, thing.id, after=after, limit=COMMENTS_SHOWN)
    (doc, *said) = (msgspec.json.decode(each) for each in personal(request, [thing.doc, *page.docs]))
    whole = after is None and page.next is None
    role = role_of(views, row, did) if did is not None else Role.BLOCKED
    own, triage = did == thing.author, may(request, row, "issue.triage")
    values = frame(request, row, "issues") | {
        "issue": doc,
        "tag": etag(thing.doc),
        "following": page.next,
        **await in_thread(_told, request, row, thing, doc, said, whole=whole),
        "labels": labels_of(request, row),
        "form": form,
        "fault": fault,
        "faces": FACES,
        "may_triage": triage,
        "may_edit": own or may(request, row, "issue.edit"),
        "may_write_body": own or may(request, row, "body.edit"),
        "may_moderate": may(request, row, "content.redact"),
        "may_close": own or may(request, row, "issue.close"),
        "may_say": did is not None and (not doc.get("locked") or role >= Role.DEVELOPER),
    }
    return Shown("issue.html", f"{doc['title']} · #{doc['number']} · {row.name}", values, status_of(fault))


def _told(
    request: Asking, row: RepoRow, thing: EntityRow, doc: dict[str, Any], said: list[dict[str, Any]], *, whole: bool
) -> dict[str, Any]:
    """What was said, as it looks. Blocking: a hostile text takes seconds."""
    place = Place(url_of(row))
    lines: list[dict[str, Any]] = [
        {
            "comment": each,
            "html": rendered(each["body"], place),
            "at": (each["lamport"], each["id"]),
            "quarrels": quarrels(request, row.id, each),
        }
        for each in said
    ]
    first, last = (said[0]["lamport"], said[-1]["lamport"]) if said else (0, 0)
    lines += [each for each in _happened(request, row, thing) if whole or first <= each["at"][0] <= last]
    return {
        "body": rendered(doc["body"], place),
        "quarrels": quarrels(request, row.id, doc),
        "thread": sorted(lines, key=lambda line: line["at"]),
    }


def _happened(request: Asking, row: RepoRow, thing: EntityRow) -> Iterator[dict[str, Any]]:
    """Moments that the thread does not show by itself."""
    page = request.ports.views.timeline(row.id, moments.event_id(thing), request.actor, limit=MOMENTS_SHOWN)
    for moment in moments.rows(request, row.id, page.moments):
        if moment.action not in _UNTOLD or moment.source is not UNSET:
            yield {"moment": _plain(request, moment), "at": (moment.lamport, moment.id)}


def _plain(request: Asking, moment: Moment) -> dict[str, Any]:
    """With what is not said left out, as documents are; and where the words are that refer to the issue."""
    made: dict[str, Any] = msgspec.to_builtins(moment)
    if moment.source is not UNSET:
        repo = request.ports.views.repo(moment.source.repo)
        assert repo is not None, "the views name it"
        made["source"]["place"] = url_of(repo)
    return made
