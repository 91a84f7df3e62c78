"""The front page, and all repositories."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import get
from litestar.params import QueryParameter

from api.asking import Asking
from api.pages.page import Shown, steady
from api.pages.place import labels_across, url_of
from api.params import After
from api.reply import Reply
from domain.issue.search import Term, parse
from domain.ports_views import RepoFilter, RepoRow
from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX

if TYPE_CHECKING:
    from domain.ports_issues import Unsettled

REPOS_SHOWN = 30
_NEEDS = (("Assigned to me", "assignee"), ("Where I am mentioned", "mentions"), ("Opened by me", "author"))


@get("/")
async def show_front(request: Asking) -> Reply:
    """What needs whoever is signed in, or what this node is."""
    if request.actor.did is None:
        return await steady(request, partial(_welcome, request))
    return await steady(request, partial(_dashboard, request))


@get("/explore")
async def explore(
    request: Asking,
    q: Annotated[str, QueryParameter(description="Words of names and descriptions.", max_length=200)] = "",
    sort: Annotated[
        str, QueryParameter(description="How to sort.", pattern="^(created|updated|stars|name)$")
    ] = "updated",
    topic: Annotated[str, QueryParameter(description="A topic.", max_length=50)] = "",
    after: After = None,
) -> Reply:
    """Every repository that whoever asks may see."""
    return await steady(request, partial(_explored, request, q, sort, topic, after))


def listed(row: RepoRow) -> dict[str, Any]:
    """A repository as lists show it."""
    return {**msgspec.json.decode(row.doc), "owner": row.owner, "url": f"/{row.owner}/{row.name}"}


async def _welcome(request: Asking) -> Shown:
    views = request.ports.views
    rows, _, total = views.repos(request.actor, RepoFilter(sort="updated"), limit=REPOS_SHOWN)
    lately = [msgspec.json.decode(doc) for doc in views.activity(request.actor, limit=10).docs]
    values = {
        "repos": [listed(row) for row in rows],
        "total": total,
        "lately": lately,
        "stats": views.stats(request.actor),
    }
    return Shown("welcome.html", "Gitant", values)


async def _dashboard(request: Asking) -> Shown:
    views, actor = request.ports.views, request.actor
    assert actor.did is not None
    mine, _, total = views.repos(actor, RepoFilter(owner=actor.did, sort="updated"), limit=REPOS_SHOWN)
    needs: list[dict[str, Any]] = []
    for title, name in _NEEDS:
        query = parse("").plus(Term(actor.did, name), Term("open", "state"))
        page = views.issues_everywhere(actor, query, limit=10)
        found = [msgspec.json.decode(doc) for doc in page.docs]
        needs.append({"title": title, "q": f"is:open {name}:@me", "issues": found, "total": page.total})
    labels = labels_across(request, chain.from_iterable(need["issues"] for need in needs))
    lately = [msgspec.json.decode(doc) for doc in views.activity(actor, limit=15).docs]
    waiting, waiting_total = views.unsettled(actor.did)
    values = {
        "needs": needs,
        "labels": labels,
        "unsettled": [place for each in waiting if (place := settled_at(request, each)) is not None],
        "unsettled_total": waiting_total,
        "repos": [listed(row) for row in mine],
        "total": total,
        "lately": lately,
    }
    return Shown("dashboard.html", "Dashboard", values)


def settled_at(request: Asking, unsettled: Unsettled) -> tuple[str, str, str] | None:
    """Whose repository, what in it, and the address where it is settled; None where the repository went just now."""
    row = request.ports.views.repo(unsettled.repo.hex())
    if row is None:
        return None
    if unsettled.number:
        mark = "settle" if unsettled.comment is None else f"comment-{unsettled.comment.hex()[:12]}"
        where = f"{url_of(row)}/issues/{unsettled.number}"
        return f"{row.owner}/{row.name}#{unsettled.number}", unsettled.name, f"{where}#{mark}"
    tag = unsettled.name.startswith(TAG_PREFIX)
    name = unsettled.name.removeprefix(TAG_PREFIX).removeprefix(BRANCH_PREFIX)
    return f"{row.owner}/{row.name}", name, f"{url_of(row)}/{'tags' if tag else 'branches'}"


async def _explored(request: Asking, q: str, sort: str, topic: str, after: str | None) -> Shown:
    which = RepoFilter(text=q, topic=topic, sort=sort)
    rows, following, total = request.ports.views.repos(request.actor, which, after=after, limit=REPOS_SHOWN)
    values = {
        "repos": [listed(row) for row in rows],
        "total": total,
        "following": following,
        "q": q,
        "sort": sort,
        "topic": topic,
    }
    return Shown("explore.html", "Repositories", values)
