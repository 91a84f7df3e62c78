"""Registering, logging in and out, and what whoever asks has here themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody

from api import shapes
from api.accounts import NewAccount, session_of
from api.asking import Asking
from api.forms_accounts import AccountChange, Login, Registration, ResetUse
from api.gate import writers
from api.noting import note, noting_refusals
from api.people import accounts_of, asked, cookie, own_account, refuse_foreign_page, rfc3339, shown
from api.reply import Reply, encode_json, read_value
from api.shapes_accounts import LoggedIn, NewUser, User
from api.threads import in_thread
from api.writing import refuse_condition
from domain.actor import Actor
from domain.errors import Forbidden, InvalidInput
from domain.ports_accounts import SESSION_MS_MAX

if TYPE_CHECKING:
    from domain.ports_accounts import Account

SECRET = (b"cache-control", b"no-store")
"""On answers that hold a secret."""


@post("/api/v1/auth/register", responses=shapes.shows(NewUser, status=201))
async def register(request: Asking, data: JSONBody[Registration]) -> Reply:
    """Make an account, where the node takes registrations; the operator always may. A 202 has to be approved."""
    refuse_foreign_page(request)
    ports = accounts_of(request)
    operator = request.actor.operator
    if ports.registration == "closed" and not operator:
        raise Forbidden(
            "this node takes no registrations", hint="ask its operator for an account: gitant account create"
        )
    waiting = ports.registration == "approval" and not operator
    wanted = NewAccount(data.username, data.email, data.password, data.display_name)
    address = None if operator else asked(request).address
    made = await ports.reception.register(wanted, waiting=waiting, address=address)
    maker = request.actor if operator else Actor(made.account.did, door="registration")
    await note(request, "account.created", made.account.name, actor=maker)
    user = shown(request, made.account)
    user.email, user.standing = made.account.email, made.account.standing
    body = encode_json(NewUser(user, made.recovery, waiting))
    return Reply(body, status=202 if waiting else 201, headers=[SECRET])


@post("/api/v1/auth/login", status_code=200, responses=shapes.shows(LoggedIn))
async def login(request: Asking, data: JSONBody[Login]) -> Reply:
    """Begin a session, by user name or email and password. A session that the request came with ends."""
    refuse_foreign_page(request)
    name = data.username or data.email
    if not name:
        raise InvalidInput("nobody is named", hint="send username, or email, with password", field="username")
    with noting_refusals(request, name):
        account = await accounts_of(request).reception.known(name, data.password, asked(request).address)
    return await _logged_in(request, account)


@post("/api/v1/auth/logout", status_code=200, responses=shapes.shows(None, status=204))
async def logout(request: Asking) -> Reply:
    """End the session that the request came with."""
    await _leave(request)
    return Reply(b"", status=204, headers=[cookie(request, "", 0)])


@post("/api/v1/auth/reset", status_code=200, responses=shapes.shows(None, status=204))
async def reset_password(request: Asking, data: JSONBody[ResetUse]) -> Reply:
    """Choose a password with a code that the operator has handed out. It works once."""
    refuse_foreign_page(request)
    await use_code(request, data)
    return Reply(b"", status=204)


@get("/api/v1/auth/profile", guards=[writers], responses=shapes.shows(User))
async def show_profile(request: Asking) -> Reply:
    """Who asks."""
    return read_value(request, await _profile(request))


@patch("/api/v1/auth/profile", guards=[writers], responses=shapes.shows(User))
async def edit_profile(request: Asking, data: JSONBody[AccountChange]) -> Reply:
    """Change one's own display name, about, website and email."""
    refuse_condition(request)
    account = await own_account(request)
    await change_own(request, account, data)
    return Reply(encode_json(await _profile(request)))


async def use_code(request: Asking, data: ResetUse) -> None:
    """Have a code count for a password, once; who guesses is counted as at every door."""
    address = asked(request).address
    with noting_refusals(request, data.username):
        account = await accounts_of(request).reception.reset(data.username, data.code, data.password, address)
    await note(request, "account.reset_used", account.name, actor=Actor(account.did, door="reset"))


async def change_own(request: Asking, account: Account, data: AccountChange) -> None:
    """Carry out what somebody changes of themselves: words for everybody as an event, the email for nobody."""
    said = {
        name: value
        for name in ("display_name", "about", "website")
        if (value := getattr(data, name)) is not msgspec.UNSET
    }
    if data.email is not msgspec.UNSET:
        await accounts_of(request).reception.set_email(account, data.email)
        await note(request, "account.email_changed", account.name)
    if said:
        await request.ports.writer.send("identity.describe", request.actor, {"did": account.did, **said})


async def _logged_in(request: Asking, account: Account) -> Reply:
    await _leave(request)
    return await begin_session(request, account)


async def begin_session(request: Asking, account: Account) -> Reply:
    """The answer that tells of a new session."""
    label, address = request.header(b"user-agent"), asked(request).address
    session, secret = await accounts_of(request).reception.login(account, label, address)
    await note(request, "login", account.name, actor=Actor(account.did, door="password", credential=session.id))
    user = shown(request, account)
    user.email, user.standing = account.email, account.standing
    body = encode_json(LoggedIn(user, secret, rfc3339(session.ends_ms)))
    return Reply(body, headers=[SECRET, cookie(request, secret, SESSION_MS_MAX // 1_000)])


async def _leave(request: Asking) -> None:
    """End the session that the request came with, if it came with one."""
    actor = request.actor
    if (session := session_of(actor)) and actor.did is not None:
        await in_thread(accounts_of(request).sessions.end, actor.did, session)
        await note(request, "logout", session)


async def _profile(request: Asking) -> User:
    did = request.actor.did
    assert did is not None, "the guard has seen to it"
    account = await in_thread(accounts_of(request).people.by_did, did)
    if account is not None:
        return shown(request, account)
    name = request.ports.views.name_of(did) or ("operator" if request.actor.operator else "")
    return User(id=did, username=name, did=did, created_at="", operator=request.actor.operator)
