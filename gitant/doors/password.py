"""The password's door: what stock git and curl send with a user name, where there is no token."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final, final

from domain.actor import Actor
from domain.errors import Unauthenticated
from gitant.doors.credentials import credentials_in

if TYPE_CHECKING:
    from api.accounts import Reception
    from api.ports import Asked
    from domain.ids import Did
    from domain.ports_accounts import Known

REMEMBERED_MAX: Final = 1_024
_NO_PASSWORDS: Final = frozenset({"", "x-oauth-basic"})
_TOKEN_PREFIXES: Final = ("gat_", "gap_", "gas_")


@final
class PasswordDoor:
    """Knows an account by its user name (or email) and password.

    A clone asks several times, and to stretch a password takes long: one that fitted is remembered, as a keyed hash,
    for as long as the account is as it was then.
    """

    def __init__(self, reception: Reception, known: Known) -> None:
        self._reception = reception
        self._known = known
        self._secret = secrets.token_bytes(32)
        self._fitted: dict[bytes, tuple[Did, str]] = {}

    async def actor(self, asked: Asked) -> Actor | None:
        """The account, or None where there is no password. Raises as `Reception.known` does."""
        header = asked.header(b"authorization")
        if not header:
            return None
        try:
            found = credentials_in(header)
        except Unauthenticated:
            return None
        if not found.user or found.password in _NO_PASSWORDS:
            return None
        if found.user.startswith(_TOKEN_PREFIXES) or found.password.startswith(_TOKEN_PREFIXES):
            return None
        name = self._name_of(found.user, found.password)
        remembered = self._fitted.get(name)
        if remembered is not None and self._known.password_of(remembered[0]) == remembered[1]:
            return Actor(remembered[0], door="password")
        self._fitted.pop(name, None)
        account = await self._reception.known(found.user, found.password, asked.address)
        kept = self._known.password_of(account.did)
        if kept:
            if len(self._fitted) >= REMEMBERED_MAX:
                self._fitted.clear()
            self._fitted[name] = (account.did, kept)
        return Actor(account.did, door="password")

    def _name_of(self, user: str, password: str) -> bytes:
        """What a pair is remembered under: useless to whoever reads this process's memory without its secret."""
        words = b"\0".join(word.encode("utf-8", "surrogateescape") for word in (user, password))
        return hashlib.blake2b(words, key=self._secret, digest_size=32).digest()
