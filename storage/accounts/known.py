"""What is asked with each request: whom a secret stands for, and who is called what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from domain.ids import Did
from domain.ports_accounts import SESSION_IDLE_MS_MAX, Session
from storage.accounts.sessions import SESSION, session_of

if TYPE_CHECKING:
    from storage.accounts.shelf import Glance

_BY_DIGEST: Final = SESSION + "JOIN accounts a ON a.did=s.did AND a.standing='active' WHERE s.digest=?"
_STANDING: Final = "SELECT standing FROM accounts WHERE did=?"
_KEPT_OF: Final = "SELECT password FROM accounts WHERE did=? AND standing='active'"
_DID_OF: Final = "SELECT did FROM names WHERE folded=?"
_NAME_OF: Final = "SELECT name FROM accounts WHERE did=?"


@final
class SqliteKnown:
    """`Known`."""

    def __init__(self, glance: Glance) -> None:
        self._glance = glance

    def session(self, digest: bytes, now_ms: int) -> Session | None:
        row = self._glance.row(_BY_DIGEST, digest)
        if row is None:
            return None
        session = session_of(row)
        if session.ends_ms <= now_ms or session.seen_ms <= now_ms - SESSION_IDLE_MS_MAX:
            return None
        return session

    def password_of(self, did: Did) -> str:
        row = self._glance.row(_KEPT_OF, did)
        return "" if row is None else str(row[0])

    def is_active(self, did: Did) -> bool:
        row = self._glance.row(_STANDING, did)
        return row is None or row[0] == "active"


@final
class SqliteNames:
    """`Names`."""

    def __init__(self, glance: Glance) -> None:
        self._glance = glance

    def did_of(self, name: str) -> Did | None:
        row = self._glance.row(_DID_OF, name.lower())
        return None if row is None else Did(row[0])

    def name_of(self, did: Did) -> str | None:
        row = self._glance.row(_NAME_OF, did)
        return None if row is None else str(row[0])
