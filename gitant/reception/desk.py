"""The reception at work: what accounts need of passwords, keys, the log and the views, put together."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, final

from api.accounts import NewAccount, Registered
from api.threads import in_thread
from domain.accounts import email_problem, password_problem, user_name_problem
from domain.actor import Actor
from domain.errors import Conflict, Forbidden, InvalidInput, LocalFault, Unauthenticated
from domain.ids import Did
from domain.ports_accounts import RESET_MS_MAX, SESSION_MS_MAX, Account, Session
from domain.words import line_problem
from gitant.reception.making import make_principal
from gitant.secret import RESET_PREFIX, SESSION_PREFIX, digest_of, now_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ports_accounts import Accounts, Guesses, KeptDevices, Sessions
    from domain.ports_views import Views, Writer
    from gitant.custody import Vault
    from gitant.passwords import Passwords

LABEL_CHARS_MAX: Final = 200
_WRONG: Final = "the user name and the password do not fit together"
_WRONG_CODE: Final = "the user name and the code do not fit together, or the code was used, or is too old"


@final
class NodeReception:
    """`Reception`. Passwords are stretched and files written beside the event loop."""

    def __init__(
        self,
        people: Accounts,
        sessions: Sessions,
        devices: KeptDevices,
        passwords: Passwords,
        guesses: Guesses,
        vault: Callable[[], Vault],
        views: Views,
        writer: Writer,
        node: Did,
        *,
        now_ms: Callable[[], int] = now_ms,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """`vault` is asked when somebody registers: nothing else in this process needs the node's key."""
        self._people = people
        self._sessions = sessions
        self._devices = devices
        self._passwords = passwords
        self._guesses = guesses
        self._vault = vault
        self._views = views
        self._writer = writer
        self._node = node
        self._now_ms = now_ms
        self._random_bytes = random_bytes

    async def register(self, wanted: NewAccount, *, waiting: bool, address: str | None = None) -> Registered:
        _refuse(user_name_problem(wanted.name), "username")
        _refuse(email_problem(wanted.email) if wanted.email else "", "email")
        _refuse(password_problem(wanted.password, wanted.name, wanted.email), "password")
        _refuse(line_problem(wanted.display_name, "display_name") if wanted.display_name else "", "display_name")
        await self._refuse_taken(wanted.name)
        if address is not None:
            self._guesses.arriving(address)
        stretched = await self._passwords.stretched(wanted.password)
        now = self._now_ms()
        made = make_principal(
            wanted.name,
            wanted.display_name,
            node=self._node,
            vault=self._vault(),
            now_ms=now,
            random_bytes=self._random_bytes,
        )
        account = Account(made.did, wanted.name, wanted.email, "waiting" if waiting else "active", now, stretched)
        await in_thread(self._people.add, account, made.device, made.events)
        if not waiting:
            await self._publish(account)
        return Registered(account, made.recovery)

    async def approve(self, account: Account) -> None:
        await self._publish(account)
        await in_thread(self._people.set_standing, account.did, "active")

    async def known(self, name: str, password: str, address: str) -> Account:
        self._guesses.trying(name, address)
        people = self._people
        account = await in_thread(people.by_email, name) if "@" in name else await in_thread(people.by_name, name)
        kept = account.password if account is not None and account.standing != "deleted" else ""
        if not await self._passwords.fits(kept, password) or account is None:
            raise Unauthenticated(_WRONG, hint="the operator can hand out a code to choose another password with")
        self._guesses.right(name, address)
        if account.standing == "waiting":
            raise Forbidden("this account waits until the operator approves it", hint="try again later, or ask them")
        if account.standing != "active":
            raise Forbidden("this account is suspended", hint="ask the operator of this node")
        if self._passwords.is_weak(kept):
            again = await self._passwords.stretched(password)
            await in_thread(self._people.strengthen, account.did, kept, again)
        return account

    async def login(self, account: Account, label: str, address: str) -> tuple[Session, str]:
        await self._publish(account)
        secret = SESSION_PREFIX + secrets.token_urlsafe(32)
        now = self._now_ms()
        shown = "".join(char for char in label[:LABEL_CHARS_MAX] if char.isprintable())
        session = Session(secrets.token_hex(8), account.did, shown, address, now, now, now + SESSION_MS_MAX)
        await in_thread(self._sessions.begin, session, digest_of(secret))
        return session, secret

    async def set_email(self, account: Account, email: str) -> None:
        _refuse(email_problem(email) if email else "", "email")
        await in_thread(self._people.set_email, account.did, email)

    async def set_password(self, account: Account, password: str) -> None:
        _refuse(password_problem(password, account.name, account.email), "password")
        stretched = await self._passwords.stretched(password)
        await in_thread(self._people.set_password, account.did, stretched)

    async def offer_reset(self, account: Account) -> tuple[str, int]:
        code = RESET_PREFIX + secrets.token_urlsafe(32)
        until_ms = self._now_ms() + RESET_MS_MAX
        await in_thread(self._people.set_reset, account.did, digest_of(code), until_ms)
        return code, until_ms

    async def reset(self, name: str, code: str, password: str, address: str) -> Account:
        self._guesses.trying(name, address)
        # Not compared with the account's email: who knows only its name would learn that.
        _refuse(password_problem(password, name, ""), "password")
        account = await in_thread(self._people.by_name, name)
        stretched = await self._passwords.stretched(password)
        whose = account.did if account is not None and account.standing in {"active", "waiting"} else Did("")
        fits = await in_thread(self._people.take_reset, whose, digest_of(code), stretched, self._now_ms())
        if not fits or account is None:
            raise Unauthenticated(_WRONG_CODE, hint="ask the operator for another one: gitant account reset-password")
        self._guesses.right(name, address)
        return account

    async def rename(self, account: Account, name: str) -> None:
        _refuse(user_name_problem(name), "username")
        if name.lower() != account.name.lower():
            await self._refuse_taken(name, account.did)
        await in_thread(self._people.rename, account.did, name, self._now_ms())

    async def erase(self, account: Account) -> None:
        kept = await in_thread(self._devices.device_of, account.did)
        if kept is not None and account.standing != "waiting":
            if account.standing == "suspended":
                # Its device signs for no one who is suspended, and has to sign its own end.
                await in_thread(self._people.set_standing, account.did, "active")
            await self._publish(account)
            actor = Actor(account.did, door="reception")
            await self._writer.send("identity.end_device", actor, {"did": account.did, "device": bytes(kept.device)})
        await in_thread(self._people.erase, account.did)

    async def _publish(self, account: Account) -> None:
        """Have the log begin an account's identity, if a registration was cut short or had to wait."""
        events = await in_thread(self._people.unpublished, account.did)
        if not events:
            return
        operator = Actor(self._node, operator=True, door="reception")
        for event in events:
            parts = {"header": event.header, "signature": event.signature, "payload": event.payload}
            await self._writer.send("event.submit", operator, parts)
        await in_thread(self._people.published, account.did)

    async def _refuse_taken(self, name: str, own: Did | None = None) -> None:
        """Names of accounts are unique by themselves; those of identities that came from elsewhere are asked for."""
        try:
            other = self._views.principal(name)
        except LocalFault:
            other = None
        if other is not None and other != own:
            raise Conflict(f"the user name {name} is taken", hint="choose another one", field="username")


def _refuse(problem: str, field: str) -> None:
    if problem:
        raise InvalidInput(problem, field=field)
