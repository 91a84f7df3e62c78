"""What the routes of accounts are built on: `Reception` does what takes keys, passwords or the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from domain.errors import Forbidden

if TYPE_CHECKING:
    from api.ports import Asked
    from domain.accounts import Registration
    from domain.actor import Actor
    from domain.ports_accounts import Account, Accounts, Session, Sessions

COOKIE: Final = "gitant_session"
SECURE_COOKIE: Final = "__Host-gitant_session"
"""Over TLS: browsers then take it from this very host only."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What somebody who registers says of themselves."""

    name: str
    email: str
    password: str
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new account, and the one line its owner has to keep: the root key, which this node forgets."""

    account: Account
    recovery: str


class Reception(Protocol):
    """Lets people have accounts and log in to them."""

    async def register(self, wanted: NewAccount, *, waiting: bool) -> Registered:
        """Make an account; unless it is `waiting`, its identity is in the log on return.

        Raises `InvalidInput` for a name, email or password that will not do, `Conflict` for a name that is taken.
        """
        ...

    async def approve(self, account: Account) -> None:
        """Let an account in, new or suspended: its identity is in the log on return."""
        ...

    async def known(self, name: str, password: str, address: str) -> Account:
        """The account of a user name or email with its password, which is active.

        Raises `Unauthenticated` where they do not fit, after the same work and in the same words whether the name is
        known or not; `RateLimited` after too many such; `Forbidden` where they fit and the account is not active.
        """
        ...

    async def login(self, account: Account, label: str, address: str) -> tuple[Session, str]:
        """Begin a session; its secret is told this once."""
        ...

    async def set_email(self, account: Account, email: str) -> None:
        """Another address, or none; raises `InvalidInput` for what is no address."""
        ...

    async def set_password(self, account: Account, password: str) -> None:
        """Another password; every session ends. Raises `InvalidInput` for one that will not do."""
        ...

    async def offer_reset(self, account: Account) -> tuple[str, int]:
        """A code that lets its owner choose a password once, and until when. The old one and all sessions end."""
        ...

    async def reset(self, name: str, code: str, password: str, address: str) -> None:
        """Use such a code up; raises as `known` does."""
        ...

    async def rename(self, account: Account, name: str) -> None:
        """Give an account another user name; raises as `register` does."""
        ...

    async def erase(self, account: Account) -> None:
        """End an account for good: its device by an event, then everything that is kept of it."""
        ...


@dataclass(frozen=True, slots=True)
class AccountPorts:
    """Everything behind the routes of accounts. `people` and `sessions` are called in threads."""

    people: Accounts
    sessions: Sessions
    reception: Reception
    registration: Registration = "closed"


def check_origin(asked: Asked, public_url: str | None) -> None:
    """Raise `Forbidden` for what a page of somebody else's has a browser send.

    Browsers of today say so in `Sec-Fetch-Site`; older ones name the page's origin. What has neither is no browser.
    """
    site = asked.header(b"sec-fetch-site")
    origin = asked.header(b"origin")
    if (
        site in {"same-origin", "none"}
        or (not site and not origin)
        or (not site and _is_own(origin, asked, public_url))
    ):
        return
    raise Forbidden(
        "a page of another site sent this, so its cookie does not count",
        hint="send it from a page of this node, or with Authorization: Bearer",
    )


def came_from_own_page(asked: Asked, public_url: str | None) -> bool:
    """Whether a cookie counts for something that changes anything: only with word that the page was ours."""
    site = asked.header(b"sec-fetch-site")
    if site:
        return site in {"same-origin", "none"}
    return _is_own(asked.header(b"origin"), asked, public_url)


def _is_own(origin: str, asked: Asked, public_url: str | None) -> bool:
    if not origin or origin == "null":
        return False
    if public_url:
        parts = urlsplit(public_url)
        if origin.lower() == f"{parts.scheme}://{parts.netloc}".lower():
            return True
    return urlsplit(origin).netloc.lower() == asked.header(b"host").lower() != ""


def session_of(actor: Actor) -> str:
    """The id of the session that the asker came with, empty for another way in."""
    return actor.credential if actor.door == "session" else ""
