"""Who is logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from domain.ids import Did
from domain.ports_accounts import SESSION_IDLE_MS_MAX, SESSIONS_MAX, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.kept import KeptFile

SESSION: Final = "SELECT s.id, s.did, s.label, s.address, s.made_ms, s.seen_ms, s.ends_ms FROM sessions s "


@final
class SqliteSessions:
    """`Sessions`."""

    def __init__(self, file: KeptFile) -> None:
        self._file = file

    def begin(self, session: Session, digest: bytes) -> None:
        with self._file.changing() as db:
            ended = "DELETE FROM sessions WHERE ends_ms<=? OR seen_ms<=?"
            db.execute(ended, (session.made_ms, session.made_ms - SESSION_IDLE_MS_MAX))
            db.execute(
                "INSERT INTO sessions SELECT ?, ?, ?, ?, ?, ?, ?, ? FROM accounts WHERE did=? AND standing='active'",
                (
                    *(session.id, digest, session.did, session.label, session.address),
                    *(session.made_ms, session.seen_ms, session.ends_ms, session.did),
                ),
            )
            db.execute(
                "DELETE FROM sessions WHERE id IN "
                "(SELECT id FROM sessions WHERE did=? ORDER BY seen_ms DESC, id LIMIT -1 OFFSET ?)",
                (session.did, SESSIONS_MAX),
            )

    def of(self, did: Did, now_ms: int) -> list[Session]:
        where = "WHERE did=? AND ends_ms>? AND seen_ms>? ORDER BY seen_ms DESC, id"
        rows = self._file.rows(SESSION + where, did, now_ms, now_ms - SESSION_IDLE_MS_MAX)
        return [session_of(row) for row in rows]

    def seen(self, id: str, now_ms: int) -> None:  # noqa: A002 - it is one
        with self._file.changing() as db:
            db.execute("UPDATE sessions SET seen_ms=max(seen_ms, ?) WHERE id=?", (now_ms, id))

    def end(self, did: Did, id: str | None = None) -> bool:  # noqa: A002 - it is one
        with self._file.changing() as db:
            gone = db.execute("DELETE FROM sessions WHERE did=? AND (? IS NULL OR id=?)", (did, id, id))
            return gone.rowcount > 0


def session_of(row: Sequence[Any]) -> Session:
    """A row that `SESSION` selects."""
    name, did, *rest = row
    return Session(name, Did(did), *rest)
