"""The rule of who sees what, said once in Python and once in SQL, comes to the same."""

from __future__ import annotations

import sqlite3
from itertools import product
from typing import TYPE_CHECKING

import pytest

from domain.actor import Actor
from domain.ids import Did, StreamId
from domain.sight import may_see
from projections.queries.sight import sight

if TYPE_CHECKING:
    from collections.abc import Iterator

ANN, BEN = Did("did:key:ann"), Did("did:key:ben")
OTHER = StreamId(bytes([0xFF]) * 32)
ROWS = [
    (StreamId(bytes([number]) * 32), private, deleted, roots)
    for number, (private, deleted, roots) in enumerate(product((0, 1), (0, 1), ("", ANN, f"{ANN} {BEN}")))
]
READERS = [
    Actor(did, operator, scopes=scopes, repos=repos)
    for did, operator, scopes, repos in product(
        (None, ANN, BEN),
        (False, True),
        (None, frozenset[str](), frozenset({"repo:read"}), frozenset({"repo:write"})),
        (None, frozenset[StreamId](), frozenset({OTHER}), frozenset({ROWS[4][0], ROWS[7][0], ROWS[11][0]})),
    )
    if did is not None or not (operator or scopes is not None or repos is not None)
]


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE repos (stream BLOB, private INTEGER, deleted INTEGER, roots TEXT)")
    connection.executemany("INSERT INTO repos VALUES (?, ?, ?, ?)", ROWS)
    yield connection
    connection.close()


@pytest.mark.parametrize("deleted", [False, True])
def test_both_say_the_same(database: sqlite3.Connection, deleted: bool) -> None:
    assert len(READERS) == 65
    for reader in READERS:
        wanted = {
            stream
            for stream, private, gone, roots in ROWS
            if bool(gone) is deleted
            and may_see(reader, stream, [Did(each) for each in roots.split()], private=bool(private), deleted=deleted)
        }
        seen = sight(reader, deleted=deleted)
        sql, values = seen.named()
        assert {row[0] for row in database.execute(f"SELECT stream FROM repos WHERE {seen.sql}", seen.values)} == wanted
        assert {row[0] for row in database.execute(f"SELECT stream FROM repos WHERE {sql}", values)} == wanted
