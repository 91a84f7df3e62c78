"""Who has an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, final

from domain.envelope import RawEvent
from domain.errors import Conflict
from domain.ids import Did
from domain.ports_accounts import Account
from storage.accounts.devices import put_device

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from domain.ports_accounts import KeptDevice, Standing
    from storage.kept import KeptFile

_ACCOUNT: Final = "SELECT did, name, email, standing, made_ms, password FROM accounts "


@final
class SqliteAccounts:
    """`Accounts`."""

    def __init__(self, file: KeptFile) -> None:
        self._file = file

    def add(self, account: Account, device: KeptDevice, events: Sequence[RawEvent]) -> None:
        with self._file.changing() as db:
            _reserve(db, account.name, account.did, account.made_ms)
            db.execute(
                "INSERT INTO accounts (did, name, email, standing, made_ms, password) VALUES (?, ?, ?, ?, ?, ?)",
                (account.did, account.name, account.email, account.standing, account.made_ms, account.password),
            )
            rows = [(account.did, place, *_parts(event)) for place, event in enumerate(events)]
            db.executemany("INSERT INTO unpublished VALUES (?, ?, ?, ?, ?)", rows)
            put_device(db, device)

    def unpublished(self, did: Did) -> list[RawEvent]:
        query = "SELECT header, signature, payload FROM unpublished WHERE did=? ORDER BY place"
        return [RawEvent(*map(bytes, row)) for row in self._file.rows(query, did)]

    def published(self, did: Did) -> None:
        with self._file.changing() as db:
            db.execute("DELETE FROM unpublished WHERE did=?", (did,))

    def by_did(self, did: Did) -> Account | None:
        return _one(self._file.rows(_ACCOUNT + "WHERE did=?", did))

    def by_name(self, name: str) -> Account | None:
        return _one(self._file.rows(_ACCOUNT + "JOIN names USING (did) WHERE folded=?", name.lower()))

    def by_email(self, email: str) -> Account | None:
        # Of several the oldest: whoever claims an address later must not keep its owner out.
        return _one(self._file.rows(_ACCOUNT + "WHERE lower(email)=? ORDER BY made_ms LIMIT 1", email.lower()))

    def page(self, *, after: str = "", limit: int = 30, standing: Standing | None = None) -> list[Account]:
        where = "WHERE name > ? AND (? IS NULL OR standing=?) ORDER BY name LIMIT ?"
        return [_account(row) for row in self._file.rows(_ACCOUNT + where, after, standing, standing, limit)]

    def count(self, standing: Standing | None = None) -> int:
        query = "SELECT count(*) FROM accounts WHERE ? IS NULL OR standing=?"
        return int(self._file.rows(query, standing, standing)[0][0])

    def set_email(self, did: Did, email: str) -> None:
        with self._file.changing() as db:
            db.execute("UPDATE accounts SET email=? WHERE did=?", (email, did))

    def set_standing(self, did: Did, standing: Standing) -> None:
        with self._file.changing() as db:
            db.execute("UPDATE accounts SET standing=? WHERE did=?", (standing, did))
            if standing != "active":
                db.execute("DELETE FROM sessions WHERE did=?", (did,))

    def set_password(self, did: Did, password: str) -> None:
        with self._file.changing() as db:
            _put_password(db, did, password)
            db.execute("DELETE FROM sessions WHERE did=?", (did,))

    def strengthen(self, did: Did, kept: str, password: str) -> None:
        with self._file.changing() as db:
            db.execute("UPDATE accounts SET password=? WHERE did=? AND password=?", (password, did, kept))

    def set_reset(self, did: Did, digest: bytes, until_ms: int) -> None:
        with self._file.changing() as db:
            query = "UPDATE accounts SET password='', reset=?, reset_until_ms=? WHERE did=?"
            db.execute(query, (digest, until_ms, did))
            db.execute("DELETE FROM sessions WHERE did=?", (did,))

    def take_reset(self, did: Did, digest: bytes, password: str, now_ms: int) -> bool:
        with self._file.changing() as db:
            query = "SELECT 1 FROM accounts WHERE did=? AND reset=? AND reset_until_ms>?"
            if db.execute(query, (did, digest, now_ms)).fetchone() is None:
                return False
            _put_password(db, did, password)
        return True

    def rename(self, did: Did, name: str, now_ms: int) -> None:
        with self._file.changing() as db:
            _reserve(db, name, did, now_ms)
            db.execute("UPDATE accounts SET name=? WHERE did=?", (name, did))

    def erase(self, did: Did) -> None:
        with self._file.changing() as db:
            gone = "UPDATE accounts SET email='', password='', reset=NULL, standing='deleted' WHERE did=?"
            db.execute(gone, (did,))
            db.execute("DELETE FROM sessions WHERE did=?", (did,))
            db.execute("DELETE FROM devices WHERE did=?", (did,))
            db.execute("DELETE FROM tokens WHERE did=?", (did,))
            db.execute("DELETE FROM unpublished WHERE did=?", (did,))


def _reserve(db: sqlite3.Connection, name: str, did: Did, now_ms: int) -> None:
    """Have a name be somebody's for ever, unless it is somebody else's."""
    row = db.execute("SELECT did FROM names WHERE folded=?", (name.lower(),)).fetchone()
    if row is not None and row[0] != did:
        raise Conflict(f"the user name {name} is taken", hint="choose another one", field="username")
    db.execute("INSERT OR IGNORE INTO names VALUES (?, ?, ?)", (name.lower(), did, now_ms))


def _put_password(db: sqlite3.Connection, did: Did, password: str) -> None:
    db.execute("UPDATE accounts SET password=?, reset=NULL, reset_until_ms=0 WHERE did=?", (password, did))


def _parts(event: RawEvent) -> tuple[bytes, bytes, bytes]:
    assert event.payload is not None, "what is not published yet cannot be redacted"
    return event.header, event.signature, event.payload


def _one(rows: list[Any]) -> Account | None:
    return _account(rows[0]) if rows else None


def _account(row: Sequence[Any]) -> Account:
    did, name, email, standing, made_ms, password = row
    return Account(Did(did), name, email, cast("Standing", standing), made_ms, password)
