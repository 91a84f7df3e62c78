"""Accounts: who has one, what their owners and the operator may change of them, and how they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import shapes
from api.accounts import session_of
from api.asking import Asking
from api.forms_accounts import PasswordChange, UserChange
from api.gate import operators, writers
from api.noting import note, noting_refusals
from api.paging import listed, page_size
from api.params import After, Limit, PerPage
from api.people import account_of, accounts_of, asked, check_own, is_own, rfc3339, shown
from api.reply import Reply, encode_json, read_value
from api.routes.auth import SECRET, begin_session, change_own
from api.shapes_accounts import Export, LoggedIn, ResetCode, User, Users
from api.threads import in_thread
from api.writing import refuse_condition
from domain.errors import Forbidden, Unauthenticated
from domain.issue.search import Query, Term
from domain.ports_views import LogFilter, RepoFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from domain.ports_accounts import Account, Standing
    from domain.ports_views import Page

UserId = Annotated[str, PathParameter(name="id", description="An account: its user name, its did:key, or `@me`.")]
OfStanding = Annotated[
    str, QueryParameter(description="waiting, active, suspended or deleted; for the operator.", max_length=20)
]
_PAGE = 100
_STANDINGS: dict[str, Standing] = {each: each for each in ("waiting", "active", "suspended", "deleted")}


@get("/api/v1/users", guards=[writers], responses=shapes.shows(Users))
async def list_users(
    request: Asking, standing: OfStanding = "", after: After = None, per_page: PerPage = None, limit: Limit = None
) -> Reply:
    """The accounts of this node, by user name."""
    people = accounts_of(request).people
    size = page_size(request, per_page, limit)
    which = _STANDINGS.get(standing) if request.actor.operator else "active"
    found = await in_thread(people.page, after=after or "", limit=size + 1, standing=which)
    total = await in_thread(people.count, which)
    docs = [encode_json(shown(request, account)) for account in found[:size]]
    return listed(request, b"users", docs, found[size - 1].name if len(found) > size else None, total)


@get("/api/v1/users/{id:str}", responses=shapes.shows(User))
async def show_user(request: Asking, user: UserId) -> Reply:
    """One account."""
    return read_value(request, shown(request, await account_of(request, user)))


@patch("/api/v1/users/{id:str}", guards=[writers], responses=shapes.shows(User))
async def edit_user(request: Asking, user: UserId, data: JSONBody[UserChange]) -> Reply:
    """Change what is one's own; user name and standing are the operator's to change. Old user names lead on."""
    refuse_condition(request)
    account = await account_of(request, user)
    check_own(request, account)
    if not request.actor.operator and (data.username, data.standing) != (msgspec.UNSET, msgspec.UNSET):
        raise Forbidden("user names and standings are changed by the operator", hint="ask the operator of this node")
    reception = accounts_of(request).reception
    if data.username is not msgspec.UNSET:
        await reception.rename(account, data.username)
        await note(request, "account.renamed", f"{account.name} to {data.username}")
    if is_own(request, account):
        await change_own(request, account, data)
    elif (data.display_name, data.about, data.website) != (msgspec.UNSET, msgspec.UNSET, msgspec.UNSET):
        raise Forbidden(f"what {account.name} says of themselves, they sign themselves")
    elif data.email is not msgspec.UNSET:
        await reception.set_email(account, data.email)
        await note(request, "account.email_changed", account.name)
    if data.standing == "active":
        await reception.approve(account)
        await note(request, "account.let_in", account.name)
    elif data.standing == "suspended":
        await in_thread(accounts_of(request).people.set_standing, account.did, "suspended")
        await note(request, "account.suspended", account.name)
    return Reply(encode_json(shown(request, await account_of(request, account.did))))


@put("/api/v1/users/{id:str}/password", guards=[writers], responses=shapes.shows(LoggedIn))
async def set_password(request: Asking, user: UserId, data: JSONBody[PasswordChange]) -> Reply:
    """Choose another password. Every session ends, and a new one begins for whoever asks."""
    refuse_condition(request)
    account = await account_of(request, user)
    check_own(request, account, operator=False)
    reception = accounts_of(request).reception
    try:
        with noting_refusals(request, account.name):
            await reception.known(account.name, data.current, asked(request).address)
    except Unauthenticated as fault:
        raise Forbidden("that is not the password you have now", field="current") from fault
    await reception.set_password(account, data.password)
    await note(request, "account.password_changed", account.name)
    return await begin_session(request, account)


@post("/api/v1/users/{id:str}/reset", guards=[operators], responses=shapes.shows(ResetCode, status=201))
async def offer_reset(request: Asking, user: UserId) -> Reply:
    """Make a code that lets an account's owner choose a password, once. The old one, and all sessions, end now."""
    account = await account_of(request, user)
    code, until_ms = await accounts_of(request).reception.offer_reset(account)
    await note(request, "account.reset_offered", account.name)
    return Reply(encode_json(ResetCode(account.name, code, rfc3339(until_ms))), status=201, headers=[SECRET])


@delete("/api/v1/users/{id:str}", status_code=200, guards=[writers], responses=shapes.shows(None, status=204))
async def delete_user(request: Asking, user: UserId) -> Reply:
    """End an account for good. What its owner wrote stays, and nobody else ever gets the name."""
    refuse_condition(request)
    account = await account_of(request, user)
    check_own(request, account)
    if is_own(request, account) and not session_of(request.actor):
        raise Forbidden("an account is ended from a session", hint="log in with the password first")
    await accounts_of(request).reception.erase(account)
    await note(request, "account.deleted", account.name)
    return Reply(b"", status=204)


@get("/api/v1/users/{id:str}/export", guards=[writers], responses=shapes.shows(Export))
async def export_user(request: Asking, user: UserId) -> Reply:
    """What an account has here, in one document."""
    account = await account_of(request, user)
    check_own(request, account)
    found = await in_thread(_exported, request, account)
    await note(request, "account.exported", account.name)
    return read_value(request, found)


def _exported(request: Asking, account: Account) -> Export:
    views, actor = request.ports.views, request.actor
    found = views.identity(account.did)
    repos = RepoFilter(owner=account.did)
    written = Query((Term(account.did, "author"), Term("all", "state")))
    return Export(
        user=shown(request, account),
        identity={} if found is None else msgspec.json.decode(found[1]),
        repositories=[
            msgspec.json.decode(row.doc)
            for row in _paged(lambda after: views.repos(actor, repos, after=after, limit=_PAGE))
        ],
        issues=[
            msgspec.json.decode(doc)
            for doc in _paged(lambda after: _parts(views.issues_everywhere(actor, written, after=after, limit=_PAGE)))
        ],
        comments=list(_comments(request, account)),
    )


def _comments(request: Asking, account: Account) -> Iterator[dict[str, Any]]:
    views = request.ports.views
    which = LogFilter(kinds=("comment.added.v1",), author=account.did)
    after = 0
    while True:
        lines, reached = views.since(after, which, limit=_PAGE)
        for line in lines:
            row = views.comment(line.stream, line.id.hex())
            repo = views.repo(line.stream.hex())
            if row is not None and repo is not None:
                yield {**msgspec.json.decode(row.doc), "repository": f"{repo.owner}/{repo.name}"}
        if reached <= after or reached >= views.position():
            return
        after = reached


def _parts(page: Page) -> tuple[Any, str | None, int]:
    return page.docs, page.next, page.total


def _paged(find: Callable[[str | None], tuple[Any, str | None, int]]) -> Iterator[Any]:
    """Everything, over all its pages."""
    after: str | None = None
    while True:
        found, after, _ = find(after)
        yield from found
        if after is None:
            return
