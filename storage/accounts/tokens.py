"""Access tokens and deploy keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from domain.errors import Conflict
from domain.ids import Did, StreamId
from domain.ports_tokens import TOKENS_MAX, USED_GRAIN_MS, Token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.accounts.shelf import Glance
    from storage.kept import KeptFile

_SELECT: Final = (
    "SELECT t.id, t.did, t.name, t.scopes, t.repos, t.made_ms, t.ends_ms, t.used_ms, t.deploys FROM tokens t "
)
# By an index on the hash of all of the secret: what there is to learn from the time this takes is about hashes.
_BY_DIGEST: Final = (
    _SELECT + "LEFT JOIN accounts a ON a.did=t.did WHERE t.digest=? AND (a.did IS NULL OR a.standing='active')"
)
_ID_BYTES: Final = 32


@final
class SqliteTokens:
    """`Tokens`."""

    def __init__(self, file: KeptFile) -> None:
        self._file = file

    def add(self, token: Token, digest: bytes) -> None:
        repos = None if token.repos is None else b"".join(sorted(token.repos))
        with self._file.changing() as db:
            (count,) = db.execute("SELECT count(*) FROM tokens WHERE did=?", (token.did,)).fetchone()
            if count >= TOKENS_MAX:
                raise Conflict(f"there are {count} tokens already, and no more are kept", hint="revoke one first")
            db.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(token.id, digest, token.did, token.name, " ".join(sorted(token.scopes)), repos),
                    *(token.made_ms, token.ends_ms, token.used_ms, token.deploys),
                ),
            )

    def of(self, did: Did) -> list[Token]:
        where = "WHERE t.did=? AND t.deploys IS NULL ORDER BY t.made_ms DESC, t.id"
        return [_token_of(row) for row in self._file.rows(_SELECT + where, did)]

    def deploying(self, repo: StreamId) -> list[Token]:
        where = "WHERE t.deploys=? ORDER BY t.made_ms DESC, t.id"
        return [_token_of(row) for row in self._file.rows(_SELECT + where, repo)]

    def used(self, id: str, now_ms: int) -> bool:  # noqa: A002 - it is one
        with self._file.changing() as db:
            first = db.execute("UPDATE tokens SET used_ms=? WHERE id=? AND used_ms IS NULL", (now_ms, id)).rowcount
            if not first:
                # Another worker may have been as quick.
                old = now_ms - USED_GRAIN_MS
                db.execute("UPDATE tokens SET used_ms=? WHERE id=? AND used_ms<=?", (now_ms, id, old))
        return first > 0

    def revoke(self, id: str, *, did: Did | None = None, deploys: StreamId | None = None) -> Token | None:  # noqa: A002
        with self._file.changing() as db:
            where = "WHERE t.id=? AND (? IS NULL OR t.did=?) AND (? IS NULL OR t.deploys=?)"
            row = db.execute(_SELECT + where, (id, did, did, deploys, deploys)).fetchone()
            if row is None:
                return None
            db.execute("DELETE FROM tokens WHERE id=?", (id,))
        return _token_of(row)


@final
class SqliteTokenGlance:
    """`TokenGlance`."""

    def __init__(self, glance: Glance) -> None:
        self._glance = glance

    def token(self, digest: bytes) -> Token | None:
        row = self._glance.row(_BY_DIGEST, digest)
        return None if row is None else _token_of(row)


def _token_of(row: Sequence[Any]) -> Token:
    name, did, label, scopes, repos, made_ms, ends_ms, used_ms, deploys = row
    ids = None if repos is None else [repos[start : start + _ID_BYTES] for start in range(0, len(repos), _ID_BYTES)]
    return Token(
        id=name,
        did=Did(did),
        name=label,
        scopes=frozenset(scopes.split()),
        repos=None if ids is None else frozenset(StreamId(each) for each in ids),
        made_ms=made_ms,
        ends_ms=ends_ms,
        used_ms=used_ms,
        deploys=None if deploys is None else StreamId(deploys),
    )
