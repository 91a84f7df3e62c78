"""What the routes of accounts are built on: `Reception` does what takes keys, passwords or the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from domain.accounts import Registration
    from domain.actor import Actor
    from domain.ports_accounts import Account, Accounts, Session, Sessions


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

    async def register(self, wanted: NewAccount, *, waiting: bool, address: str | None = None) -> Registered:
        """Make an account; unless it is `waiting`, its identity is in the log on return.

        Raises `InvalidInput` for a name, email or password that will not do, `Conflict` for a name that is taken,
        `RateLimited` for too many from one `address`; whoever the operator makes has none.
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

    async def reset(self, name: str, code: str, password: str, address: str) -> Account:
        """Use such a code up; whose it was. Raises as `known` does."""
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


def session_of(actor: Actor) -> str:
    """The id of the session that the asker came with, empty for another way in."""
    return actor.credential if actor.door == "session" else ""
