"""Accounts as routes find and show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec

from api.entrance.entrance import ASKED, asked_of
from api.origin import COOKIE, SECURE_COOKIE, check_origin
from api.shapes_accounts import User
from api.threads import in_thread
from domain.errors import Forbidden, NotFound, Unauthenticated
from domain.ids import Did
from domain.keys import is_did

if TYPE_CHECKING:
    from api.accounts import AccountPorts
    from api.asking import Asking
    from api.ports import Asked
    from domain.ports_accounts import Account

_ME = frozenset({"me", "@me"})


class _Profile(msgspec.Struct):
    display_name: str = ""
    about: str = ""
    website: str = ""


def rfc3339(time_ms: int) -> str:
    """Milliseconds since 1970 as answers have times."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def accounts_of(request: Asking) -> AccountPorts:
    """What is behind the routes of accounts."""
    found = request.ports.accounts
    if found is None:
        raise NotFound("this node has no accounts")
    return found


async def account_of(request: Asking, name: str) -> Account:
    """The account that an address names: by user name, did, or `@me`. Who is not let in yet is not there for others."""
    people = accounts_of(request).people
    if name in _ME:
        return await own_account(request)
    account = await in_thread(people.by_did, Did(name)) if is_did(name) else await in_thread(people.by_name, name)
    actor = request.actor
    if account is not None and (actor.operator or actor.did == account.did or account.standing == "active"):
        return account
    raise NotFound(f"nobody here has the account {name[:100]!r}", hint="name it by user name or did:key")


async def own_account(request: Asking) -> Account:
    """The account of whoever asks."""
    did = request.actor.did
    if did is None:
        raise Unauthenticated("this needs a login", hint="POST /api/v1/auth/login, or send a token")
    account = await in_thread(accounts_of(request).people.by_did, did)
    if account is None:
        raise NotFound("you have no account here", hint="the operator has a token, and others have keys of their own")
    return account


def is_own(request: Asking, account: Account) -> bool:
    """Whether somebody asks about themselves."""
    return request.actor.did == account.did


def check_own(request: Asking, account: Account, *, operator: bool = True) -> None:
    """Raise `Forbidden` unless somebody asks about themselves, or as the operator."""
    if not (is_own(request, account) or (operator and request.actor.operator)):
        raise Forbidden(f"this is {account.name}'s own affair")


def shown(request: Asking, account: Account) -> User:
    """An account as whoever asks may see it."""
    found = request.ports.views.identity(account.did)
    profile = _Profile() if found is None else msgspec.json.decode(found[1], type=_Profile)
    near = is_own(request, account) or request.actor.operator
    return User(
        id=account.did,
        username=account.name,
        did=account.did,
        created_at=rfc3339(account.made_ms),
        display_name=profile.display_name,
        about=profile.about,
        website=profile.website,
        email=account.email if near else "",
        standing=account.standing if near else "",
    )


def asked(request: Asking) -> Asked:
    """The request as doors look at it."""
    scope = cast("dict[str, Any]", request.scope)
    found: Asked | None = scope.get(ASKED)
    if found is not None:
        return found
    return asked_of(scope, request.facts.headers, request.address)


def refuse_foreign_page(request: Asking) -> None:
    """Raise `Forbidden` for what a page of another site has sent: it could log people in as somebody else."""
    check_origin(asked(request), request.ports.node.public_url)


def cookie(
    request: Asking, secret: str, seconds: int, names: tuple[str, str] = (COOKIE, SECURE_COOKIE)
) -> tuple[bytes, bytes]:
    """The header that sets a session's cookie; with no secret, the one that takes it away.

    Of the `names` the second is for TLS.
    """
    public = request.ports.node.public_url or ""
    secure = request.scope["scheme"] == "https" or public.startswith("https:")
    name = names[secure]
    how = f"{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    return b"set-cookie", how.encode()
