"""One's own account: who one is, the password, where one is signed in, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post

from api.accounts import session_of
from api.asking import Asking
from api.forms_accounts import AccountChange
from api.forms_tokens import NewToken
from api.noting import note
from api.pages.forms import Form, check_person, checked, form_of, lifetime
from api.pages.page import Shown, fresh, see
from api.pages.signing import NO_STORE, session_cookie, status_of
from api.people import accounts_of, asked, own_account, shown
from api.reply import Reply
from api.routes.auth import change_own
from api.threads import in_thread
from api.tokens import maker, new_token, now_ms, tokens_of
from api.tokens import shown as token_shown
from domain.errors import Forbidden, InvalidInput, LocalFault, NotFound, Unauthenticated
from domain.scopes import NODE_ADMIN, SCOPES

if TYPE_CHECKING:
    from api import shapes_tokens
    from domain.ports_accounts import Account

PATH: Final = "/settings"
_PROFILE: Final = ("display_name", "about", "website", "email")
_OFFERED: Final = {name: words for name, words in SCOPES.items() if name != NODE_ADMIN}


@get(PATH)
async def show_account(request: Asking) -> Reply:
    """Everything that somebody can set of themselves here."""
    check_person(request)
    return fresh(request, await _page(request))


@post(PATH, status_code=303)
async def change_account(request: Asking) -> Reply:
    """Another profile or password; a session or token ended."""
    form = await form_of(request)
    act, _, which = form.text("act").partition(":")
    check_person(request)
    try:
        account = await own_account(request)
        if act == "profile":
            fields = {name: form.line(name) for name in _PROFILE}
            await change_own(request, account, checked(AccountChange, **fields))
        elif act == "password":
            return await _another_password(request, account, form)
        elif act == "end-session":
            await in_thread(accounts_of(request).sessions.end, account.did, which or None)
            await note(request, "session.ended", f"{which or 'all'} of {account.name}")
        elif act == "end-token":
            await _end_token(request, account, which)
        else:
            raise InvalidInput("choose what to change", field="act")
    except LocalFault as fault:
        return fresh(request, await _page(request, form, fault))
    return see(PATH, "saved")


@post(f"{PATH}/tokens", status_code=303)
async def make_token(request: Asking) -> Reply:
    """Make a token, and show it: once."""
    form = await form_of(request)
    check_person(request)
    try:
        did = maker(request)
        wanted = checked(NewToken, name=form.line("name"), scopes=form.all("scopes"), **lifetime(form))
        if NODE_ADMIN in wanted.scopes:
            raise Forbidden(f"{NODE_ADMIN} is for the operator's tokens")
        token, secret, digest = new_token(did, wanted.name, frozenset(wanted.scopes), None, wanted.lifetime_days)
        await in_thread(tokens_of(request).add, token, digest)
        await note(request, "token.created", f"{token.id} {token.name}: {' '.join(sorted(token.scopes))}")
    except LocalFault as fault:
        return fresh(request, await _page(request, form, fault))
    return fresh(request, await _page(request, secret=secret), headers=[NO_STORE])


async def _another_password(request: Asking, account: Account, form: Form) -> Reply:
    reception = accounts_of(request).reception
    try:
        await reception.known(account.name, form.text("current"), asked(request).address)
    except Unauthenticated as fault:
        raise Forbidden("that is not the password you have now", field="current") from fault
    await reception.set_password(account, form.text("password"))
    await note(request, "account.password_changed", account.name)
    return see(PATH, "saved", headers=[await session_cookie(request, account), NO_STORE])


async def _end_token(request: Asking, account: Account, which: str) -> None:
    gone = await in_thread(tokens_of(request).revoke, which, did=account.did)
    if gone is None:
        raise NotFound("there is no such token")
    await note(request, "token.revoked", f"{gone.id} {gone.name}")


async def _page(request: Asking, form: Form | None = None, fault: LocalFault | None = None, secret: str = "") -> Shown:
    typed = form or Form()
    if request.actor.operator:
        return Shown("settings_operator.html", "Settings", {"fault": fault}, status_of(fault))
    account = await own_account(request)
    found = await in_thread(accounts_of(request).sessions.of, account.did, now_ms())
    tokens: list[shapes_tokens.AccessToken] = []
    if request.ports.tokens is not None:
        tokens = [token_shown(each) for each in await in_thread(request.ports.tokens.of, account.did)]
    user: dict[str, Any] = msgspec.to_builtins(shown(request, account))
    typed_of = {name: typed.text(name) for name in _PROFILE}
    values = {
        "user": user | (typed_of if typed.text("act") == "profile" else {}),
        "sessions": found,
        "own_session": session_of(request.actor),
        "tokens": [msgspec.to_builtins(each) for each in tokens],
        "scopes": _OFFERED,
        "form": typed,
        "secret": secret,
        "fault": fault,
    }
    return Shown("settings.html", "Settings", values, status_of(fault))
