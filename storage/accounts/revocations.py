"""Delegations that were taken back on this node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from domain.errors import Conflict
from domain.ids import Did
from domain.ports_doors import REVOCATIONS_MAX, REVOCATIONS_OF_ONE_MAX, Revocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.accounts.shelf import Glance
    from storage.kept import KeptFile

_COLUMNS: Final = "SELECT link, by, issuer, revoked_s, expires_s FROM revocations "
_KNOWN: Final = "SELECT link FROM revocations WHERE link=?"


@final
class SqliteRevocations:
    """`Revocations`. Those of delegations that have expired go when others come."""

    def __init__(
        self,
        file: KeptFile,
        glance: Glance,
        *,
        of_one_max: int = REVOCATIONS_OF_ONE_MAX,
        rows_max: int = REVOCATIONS_MAX,
    ) -> None:
        self._file = file
        self._glance = glance
        self._of_one_max = of_one_max
        self._rows_max = rows_max

    def add(self, revocation: Revocation) -> bool:
        with self._file.changing() as db:
            db.execute("DELETE FROM revocations WHERE expires_s < ?", (revocation.revoked_s,))
            if db.execute(_KNOWN, (revocation.link,)).fetchone() is not None:
                return False
            (own,) = db.execute("SELECT count(*) FROM revocations WHERE by=?", (revocation.by,)).fetchone()
            (total,) = db.execute("SELECT count(*) FROM revocations").fetchone()
            if own >= self._of_one_max or total >= self._rows_max:
                raise Conflict(
                    "too many delegations are revoked here already", hint="lend for less time, so that they expire"
                )
            db.execute(
                "INSERT INTO revocations VALUES (?, ?, ?, ?, ?)",
                (revocation.link, revocation.by, revocation.issuer, revocation.revoked_s, revocation.expires_s),
            )
        return True

    def is_revoked(self, link: str) -> bool:
        return self._glance.row(_KNOWN, link) is not None

    def page(self, *, after: str = "", limit: int = 30) -> Sequence[Revocation]:
        rows = self._file.rows(_COLUMNS + "WHERE link > ? ORDER BY link LIMIT ?", after, limit)
        return [_revocation_of(row) for row in rows]

    def count(self) -> int:
        return int(self._file.rows("SELECT count(*) FROM revocations")[0][0])


def _revocation_of(row: Sequence[Any]) -> Revocation:
    link, by, issuer, revoked_s, expires_s = row
    return Revocation(link, Did(by), Did(issuer), revoked_s, expires_s)
