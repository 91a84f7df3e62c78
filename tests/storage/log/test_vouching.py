"""Runs of positions say what a plain set of them would."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING, cast

import pytest

from storage.log.vouching import note_checked, note_vouched, vouched_among, vouched_of
from storage.schema import log_v2

if TYPE_CHECKING:
    from eventsourcing.sqlite import SQLiteCursor


@pytest.mark.parametrize("seed", range(30))
def test_any_order_of_noting_and_checking(seed: int) -> None:
    chance = Random(seed)
    with closing(sqlite3.connect(":memory:")) as db:
        log_v2.make(db)
        cursor = cast("SQLiteCursor", db.cursor())
        plain: dict[int, bytes] = {}
        last = 0
        for _ in range(60):
            if chance.random() < 0.4:
                positions = range(last + 1, last + chance.randint(2, 20))
                rows = [(each, b"ab"[chance.random() < 0.3 :][:1]) for each in positions if chance.random() < 0.8]
                note_vouched(cursor, rows)
                plain.update(rows)
                last = positions[-1]
            else:
                some = [each for each in range(1, last + 3) if chance.random() < 0.2]
                assert vouched_among(cursor, some) == plain.keys() & set(some)
                note_checked(cursor, some)
                plain = {each: stream for each, stream in plain.items() if each not in some}
            after, limit, stream = chance.randint(0, last + 1), chance.randint(1, 12), chance.choice((b"a", b"b"))
            there = sorted(each for each, of in plain.items() if of == stream and each > after)
            assert vouched_of(cursor, stream, after, limit) == there[:limit]
            assert vouched_among(cursor, range(last + 2)) == plain.keys()
