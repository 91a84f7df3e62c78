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
from api.pages.issues.articles import FACES, Articles, Line, blocks
from api.pages.issues.finding import ISSUE, Number, found, labels_of, tag_of, url_of_issue
from api.pages.issues.rivals import quarrels
from api.pages.markdown import Place, is_kept, rendered
from api.pages.page import Shown, fresh, naming, see, steady
from api.pages.place import Name, Owner, frame, may, url_of
from api.pages.signing import status_of
from api.pages.templating import environment
from api.params import After
from api.reply import Reply
from api.standing import role_of
from api.threads import in_thread
from api.writing import write
from domain.authority.roles import Role
from domain.errors import LocalFault, PreconditionFailed
from domain.etag import etag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from api.shapes_moments import Moment
    from domain.ports_issues import Moment as Happening
    from domain.ports_views import EntityRow, RepoRow

COMMENTS_SHOWN: Final = 100
MOMENTS_SHOWN: Final = 100
_CLOSINGS: Final[Mapping[str, str]] = {"close": "completed", "reject": "not planned"}
"""Buttons that close an issue, with the reason that they give."""


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
        if form.text("body").strip() or act not in {*_CLOSINGS, "reopen"}:
            said = checked(CommentText, body=form.text("body"))
            await write(request, "comment.add", {**where, "body": said.body})
        if act in _CLOSINGS:
            await write(request, "issue.close", {**where, "reason": _CLOSINGS[act]})
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
    own_doc, *docs = personal(request, [thing.doc, *page.docs])
    doc = msgspec.json.decode(own_doc)
    own, triage, moderates = did == thing.author, may(request, row, "issue.triage"), may(request, row, "content.redact")
    role = role_of(views, row, did) if did is not None else Role.BLOCKED
    labels = labels_of(request, row, doc["labels"])
    naming(request)
    articles = Articles(request, row, f"{url_of(row)}/issues/{doc['number']}", docs, moderates=moderates)
    span = {"after": after, "until": page.next}
    happened = views.happenings(row.id, moments.event_id(thing), request.actor, limit=MOMENTS_SHOWN, **span)
    told = partial(_told, request, row, doc, articles, _lines(request, row, doc, labels.by_name, happened))
    values = frame(request, row, "issues") | {
        "issue": doc,
        "tag": etag(thing.doc),
        "tags": {
            "words": _tag_of_words(doc, form, fault),
            "labels": tag_of(doc, "labels"),
            "people": tag_of(doc, "assignees"),
        },
        "following": page.next,
        **(told() if articles.ready and _is_known(doc, row) else await in_thread(told)),
        **labels.values(),
        "form": form,
        "fault": fault,
        "faces": FACES,
        "may_triage": triage,
        "may_edit": own or may(request, row, "issue.edit"),
        "may_write_body": own or may(request, row, "body.edit"),
        "may_moderate": moderates,
        "may_close": own or may(request, row, "issue.close"),
        "may_say": did is not None and (not doc.get("locked") or role >= Role.DEVELOPER),
    }
    return Shown("issue.html", f"{doc['title']} · #{doc['number']} · {row.name}", values, status_of(fault))


def _tag_of_words(doc: Mapping[str, Any], form: Form, fault: LocalFault | None) -> str:
    """What the form is bound to that changes title and text: as it was sent, unless it was refused for just that."""
    sent = form.text("tag") if "title" in form and not isinstance(fault, PreconditionFailed) else ""
    return sent or tag_of(doc, "title", "body")


def _is_known(doc: Mapping[str, Any], row: RepoRow) -> bool:
    """Whether an issue's own text was rendered before, and nothing of it is to settle."""
    return "conflicts" not in doc and is_kept(doc["body"], Place(url_of(row)))


def _told(
    request: Asking, row: RepoRow, doc: Mapping[str, Any], articles: Articles, happened: Iterable[Line]
) -> dict[str, Any]:
    """What was said, as it looks. Blocking where something is seen for the first time: a hostile text takes seconds."""
    return {
        "body": rendered(doc["body"], Place(url_of(row))),
        "quarrels": quarrels(request, row.id, doc),
        "thread": list(blocks(sorted([*articles.lines(), *happened], key=lambda line: line.at))),
    }


def _lines(
    request: Asking, row: RepoRow, doc: Mapping[str, Any], labels: Mapping[str, Any], happened: Sequence[Happening]
) -> list[Line]:
    """What happened besides, as it looks."""
    parts: Any = environment().get_template("issue_parts.html").module
    base = url_of(row)
    return [
        Line((each.lamport, each.id), parts.told(_plain(request, each), base, labels, f"{base}/issues/{doc['number']}"))
        for each in moments.rows(request, row.id, happened)
    ]


def _plain(request: Asking, moment: Moment) -> dict[str, Any]:
    """With what is not said left out, as documents are; and where the words are that refer to the issue."""
    made: dict[str, Any] = msgspec.to_builtins(moment)
    if moment.source is not UNSET:
        repo = request.ports.views.repo(moment.source.repo)
        assert repo is not None, "the views name it"
        made["source"]["place"] = url_of(repo)
    return made
