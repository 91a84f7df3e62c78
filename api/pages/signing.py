"""Signing in and out, and registering."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from litestar import get, post
from litestar.params import QueryParameter

from api.accounts import NewAccount, session_of
from api.asking import Asking
from api.forms_accounts import ResetUse
from api.noting import note, noting_refusals
from api.operating import OPERATOR_COOKIE, OPERATOR_S_MAX, SECURE_OPERATOR_COOKIE, made
from api.pages.forms import Form, checked, form_of, local_path
from api.pages.page import Shown, fresh, see
from api.people import accounts_of, asked, cookie, refuse_foreign_page
from api.problems import TABLE
from api.reply import Reply
from api.routes.auth import use_code
from api.threads import in_thread
from domain.actor import Actor
from domain.errors import Forbidden, LocalFault, Unauthenticated
from domain.ports_accounts import SESSION_MS_MAX

if TYPE_CHECKING:
    from domain.ports_accounts import Account

Next = Annotated[str, QueryParameter(name="next", description="Where to go on.", max_length=2_000)]
OPERATOR = "operator"
OPERATOR_COOKIES = (OPERATOR_COOKIE, SECURE_OPERATOR_COOKIE)
NO_STORE = (b"cache-control", b"no-store")


@get("/login")
async def show_login(request: Asking, next_: Next = "/") -> Reply:
    """The form to sign in with."""
    return _login_page(request, local_path(next_))


@post("/login", status_code=303)
async def login(request: Asking) -> Reply:
    """Begin a session; one that the request came with ends."""
    form = await form_of(request)
    to, name = local_path(form.text("next")), form.line("username")
    try:
        refuse_foreign_page(request)
        if name.lower() == OPERATOR:
            return see(to, "signed-in", headers=[await _operator_cookie(request, form.text("password")), NO_STORE])
        with noting_refusals(request, name):
            account = await accounts_of(request).reception.known(name, form.text("password"), asked(request).address)
    except LocalFault as fault:
        return _login_page(request, to, name, fault)
    return see(to, "signed-in", headers=[*await signed_in(request, account), NO_STORE])


@post("/logout", status_code=303)
async def logout(request: Asking) -> Reply:
    """End the session that the request came with."""
    refuse_foreign_page(request)
    await _leave(request)
    return see("/", "signed-out", headers=[cookie(request, "", 0), cookie(request, "", 0, OPERATOR_COOKIES)])


@get("/register")
async def show_register(request: Asking) -> Reply:
    """The form to make an account with."""
    return _register_page(request)


@post("/register", status_code=303)
async def register(request: Asking) -> Reply:
    """Make an account, and show its recovery line: once, and never again."""
    form = await form_of(request)
    wanted = NewAccount(form.line("username"), form.line("email"), form.text("password"), form.line("display_name"))
    ports = accounts_of(request)
    waiting = ports.registration == "approval"
    try:
        refuse_foreign_page(request)
        if ports.registration == "closed":
            raise Forbidden("this node takes no registrations", hint="ask its operator for an account")
        made = await ports.reception.register(wanted, waiting=waiting, address=asked(request).address)
    except LocalFault as fault:
        return _register_page(request, wanted, fault)
    await note(request, "account.created", made.account.name, actor=Actor(made.account.did, door="registration"))
    headers = [NO_STORE] if waiting else [NO_STORE, *await signed_in(request, made.account)]
    values = {"account": made.account, "recovery": made.recovery, "waiting": waiting}
    return fresh(request, Shown("registered.html", "Keep your recovery line", values, keep=False), headers=headers)


@get("/reset")
async def show_reset(request: Asking) -> Reply:
    """The form to choose a password with, for whom the operator gave a code."""
    return _reset_page(request, Form())


@post("/reset", status_code=303)
async def reset(request: Asking) -> Reply:
    """Choose another password with a code; it works once."""
    form = await form_of(request)
    try:
        refuse_foreign_page(request)
        said = {"username": form.line("username"), "code": form.line("code"), "password": form.text("password")}
        await use_code(request, checked(ResetUse, **said))
    except LocalFault as fault:
        return _reset_page(request, form, fault)
    return see("/login", "saved", headers=[NO_STORE])


async def signed_in(request: Asking, account: Account) -> list[tuple[bytes, bytes]]:
    """Begin a session, and take an operator's cookie from the browser: it would count before the session."""
    return [await session_cookie(request, account), cookie(request, "", 0, OPERATOR_COOKIES)]


async def session_cookie(request: Asking, account: Account) -> tuple[bytes, bytes]:
    """Begin a session; the header that has the browser remember it."""
    await _leave(request)
    label, address = request.header(b"user-agent"), asked(request).address
    session, secret = await accounts_of(request).reception.login(account, label, address)
    await note(request, "login", account.name, actor=Actor(account.did, door="password", credential=session.id))
    return cookie(request, secret, SESSION_MS_MAX // 1_000)


async def _operator_cookie(request: Asking, token: str) -> tuple[bytes, bytes]:
    """Sign the operator in for a while: whoever has the token. Wrong ones are counted as everywhere."""
    shown = replace(asked(request), headers={b"authorization": b"Bearer " + token.strip().encode()})
    with noting_refusals(request, OPERATOR):
        actor = await request.ports.doors.actor(shown)
        if not actor.operator:
            raise Unauthenticated("this is not the operator's token", hint="`gitant token` prints it")
    await _leave(request)
    await note(request, "login", OPERATOR, actor=actor)
    return cookie(request, made(token.strip(), int(time.time()) + OPERATOR_S_MAX), OPERATOR_S_MAX, OPERATOR_COOKIES)


async def _leave(request: Asking) -> None:
    actor = request.actor
    if (session := session_of(actor)) and actor.did is not None:
        await in_thread(accounts_of(request).sessions.end, actor.did, session)
        await note(request, "logout", session)


def _login_page(request: Asking, to: str, name: str = "", fault: LocalFault | None = None) -> Reply:
    values = {"next": to, "username": name, "fault": fault}
    return fresh(request, Shown("login.html", "Sign in", values, status_of(fault)), headers=[NO_STORE])


def _register_page(request: Asking, wanted: NewAccount | None = None, fault: LocalFault | None = None) -> Reply:
    values = {"wanted": wanted, "fault": fault, "registration": accounts_of(request).registration}
    return fresh(request, Shown("register.html", "Make an account", values, status_of(fault)), headers=[NO_STORE])


def _reset_page(request: Asking, form: Form, fault: LocalFault | None = None) -> Reply:
    values = {"form": form, "fault": fault}
    return fresh(request, Shown("reset.html", "Another password", values, status_of(fault)), headers=[NO_STORE])


def status_of(fault: LocalFault | None) -> int:
    """What HTTP says of a form that is shown again."""
    return 200 if fault is None else TABLE[fault.code].status
