"""One wrong cell is found, whichever it is."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from projections.analytics.check import check, compare
from projections.analytics.schema import TABLES, Table
from tests.making import Story
from tests.projections.analytics.shelves import Shelves

if TYPE_CHECKING:
    from pathlib import Path

OTHERWISE = {
    "VARCHAR": "coalesce({0}, '') || 'x'",
    "VARCHAR[]": "list_append({0}, 'x')",
    "BOOLEAN": "NOT {0}",
    "TIMESTAMP": "coalesce({0}, TIMESTAMP '2000-01-01') + INTERVAL 1 MILLISECOND",
    "BIGINT": "{0} + 1",
    "UBIGINT": "{0} - 1",
    "INTEGER": "{0} + 1",
}
"""By type, a value that is another one."""
CELLS = [
    *((table.name, column, kind) for table in TABLES for column, kind, _ in table.columns),
    ("feed", "version", "VARCHAR"),
    ("feed", "position", "BIGINT"),
    ("feed", "last", "VARCHAR"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shelves:
    shelves = Shelves(tmp_path_factory.mktemp("check"))
    story = Story()
    issue = story.issue("ann")
    story.write("bob", "comment.added.v1", {"body": "Here, too."}, on=issue)
    move: dict[str, Any] = {"ref": "refs/heads/main", "old": None, "new": b"\x11" * 20, "replaces": []}
    story.write("root", "refs.moved.v1", {"moves": [move]})
    shelves.arrive(story.events)
    shelves.feed()
    return shelves


def corrupt(path: Path, statement: str) -> None:
    with closing(duckdb.connect(str(path))) as db:
        db.execute(statement)


def checked(shelves: Shelves, path: Path) -> list[str]:
    with shelves.source() as source:
        return check(path, source, path.parent)


def test_sound_analytics_pass(made: Shelves) -> None:
    assert checked(made, made.analytics) == []


def test_those_that_are_behind_pass(made: Shelves, tmp_path: Path) -> None:
    path = tmp_path / "analytics.duckdb"
    made.feed(path)
    other = Shelves(tmp_path / "node")
    story = Story("zoe")
    other.arrive(story.events)
    other.feed()
    story.issue()
    other.arrive(story.events)
    assert checked(other, other.analytics) == []


def test_none_at_all_pass(made: Shelves, tmp_path: Path) -> None:
    assert checked(made, tmp_path / "analytics.duckdb") == []


def wrong(path: Path, table: str, column: str, kind: str) -> None:
    """Put another value into one row's cell."""
    where = f"WHERE rowid = (SELECT min(rowid) FROM {table})"
    corrupt(path, f"UPDATE {table} SET {column} = {OTHERWISE[kind].format(column)} {where}")


@pytest.mark.parametrize("cell", {table: (table, column, kind) for table, column, kind in CELLS}.values())
def test_a_wrong_cell_is_found(made: Shelves, tmp_path: Path, cell: tuple[str, str, str]) -> None:
    path = tmp_path / "analytics.duckdb"
    shutil.copyfile(made.analytics, path)
    wrong(path, *cell)
    (found,) = checked(made, path)
    assert found.startswith((f"analytics {cell[0]}: ", "analytics feed: "))
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name]


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_column_is_left_out(made: Shelves, tmp_path: Path, table: Table) -> None:
    path = tmp_path / "analytics.duckdb"
    for column, kind, _ in table.columns:
        shutil.copyfile(made.analytics, path)
        wrong(path, table.name, column, kind)
        (found,) = compare(path, made.analytics)
        assert found.startswith(f"analytics {table.name}: 1 rows it should not have, 1 missing"), column


@pytest.mark.parametrize("table", [*(table.name for table in TABLES), "feed"])
def test_missing_rows_are_found(made: Shelves, tmp_path: Path, table: str) -> None:
    path = tmp_path / "analytics.duckdb"
    shutil.copyfile(made.analytics, path)
    corrupt(path, f"DELETE FROM {table}")
    assert checked(made, path)


@pytest.mark.parametrize("statement", ["INSERT INTO {0} SELECT * FROM {0}", "DROP TABLE {0}"])
def test_doubled_rows_and_dropped_tables_are_found(made: Shelves, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "analytics.duckdb"
    shutil.copyfile(made.analytics, path)
    corrupt(path, statement.format("issues"))
    assert checked(made, path)


def test_bytes_that_are_no_database_are_found(made: Shelves, tmp_path: Path) -> None:
    path = tmp_path / "analytics.duckdb"
    path.write_bytes(b"x" * 9_000)
    assert "cannot be read" in checked(made, path)[0]
