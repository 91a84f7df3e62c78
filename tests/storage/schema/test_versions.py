"""Steps are taken once each, whole, with the old file kept; a later version is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import Unavailable
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from storage.schema.versions import LOCAL, LOG, Schema, bring_up, version_of
from storage.sqlite import connect_durably, copy_database

if TYPE_CHECKING:
    from pathlib import Path


def _first(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE things (name TEXT)")


def _second(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE things ADD COLUMN colour TEXT DEFAULT 'red'")


def _torn(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM things")
    raise sqlite3.OperationalError("the step breaks off")


ONE, TWO, TORN = Schema((_first,)), Schema((_first, _second)), Schema((_first, _second, _torn))


def rows(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT * FROM things").fetchall()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A database of version 1 with a thing in it, some of it in the write-ahead log of a program that was killed."""
    path = tmp_path / "things.sqlite"
    bring_up(path, ONE)
    with closing(connect_durably(path)) as db:
        db.execute("INSERT INTO things VALUES ('lamp')")
    return path


def test_a_migration_keeps_the_rows_and_a_copy_of_the_file(first: Path) -> None:
    bring_up(first, TWO)
    assert (version_of(first), rows(first)) == (2, [("lamp", "red")])
    kept = first.with_name("things.sqlite.v1")
    assert (version_of(kept), rows(kept)) == (1, [("lamp",)])
    kept.unlink()
    bring_up(first, TWO)
    assert not kept.exists()


def test_a_step_that_fails_changes_nothing_and_those_before_it_stand(first: Path) -> None:
    with pytest.raises(Unavailable, match="breaks off"):
        bring_up(first, TORN)
    assert (version_of(first), rows(first)) == (2, [("lamp", "red")])
    assert rows(first.with_name("things.sqlite.v1")) == [("lamp",)]


def test_a_later_version_is_refused_and_left_alone(first: Path) -> None:
    bring_up(first, TWO)
    before = first.read_bytes()
    with pytest.raises(Unavailable, match=r"by a later Gitant \(schema 2, this one knows 1\)") as caught:
        bring_up(first, ONE)
    assert "update Gitant" in caught.value.hint
    assert first.read_bytes() == before


@pytest.mark.parametrize(("opened", "schema"), [(SQLiteEventLog, LOG), (LocalStore, LOCAL)])
def test_both_databases_are_held_to_their_version(opened: Any, schema: Schema, tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    opened(path).close()
    assert version_of(path) == schema.version
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    for create in (True, False):
        with pytest.raises(Unavailable, match=r"later Gitant \(schema 99"):
            opened(path, create=create)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 0")
    with pytest.raises(Unavailable, match="earlier Gitant"):
        opened(path, create=False)
    opened(path).close()
    opened(path, create=False).close()


def test_the_steps_that_were_released_are_these() -> None:
    assert [step.__module__ for step in LOG.steps] == ["storage.schema.log_v1", "storage.schema.log_v2"]
    assert [step.__module__ for step in LOCAL.steps] == [f"storage.schema.local_v{n}" for n in (1, 2, 3)]
    assert replace(LOG) == LOG


def test_a_copy_is_of_one_moment_and_holds_nobody_up(tmp_path: Path) -> None:
    source, target = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    with closing(connect_durably(source)) as db:
        db.execute("CREATE TABLE things (name TEXT)")
        db.executemany("INSERT INTO things VALUES (?)", [(str(n) * 1_000,) for n in range(20_000)])
        told: list[tuple[int, int]] = []

        def write_meanwhile(done: int, whole: int) -> None:
            told.append((done, whole))
            db.execute("INSERT INTO things VALUES ('late')")

        copy_database(source, target, write_meanwhile)
        assert len(told) > 3
        assert told[-1][0] == told[-1][1]
        assert db.execute("SELECT count(*) FROM things WHERE name = 'late'").fetchone() == (len(told),)
    assert len(rows(target)) == 20_000
    assert {path.name for path in tmp_path.glob("b.*")} == {"b.sqlite"}
