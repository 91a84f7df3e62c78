"""What a query may do: read the analytics, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb
import pytest

from domain.errors import InvalidInput, LocalFault, TooLarge, Unavailable
from projections.analytics.ask import ask, export_parquet
from projections.analytics.connection import writer
from tests.making import Story
from tests.projections.analytics.shelves import Shelves

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    shelves = Shelves(tmp_path / "node")
    story = Story()
    for number in range(3):
        story.issue("ann", f"Issue {number}")
    shelves.arrive(story.events)
    shelves.feed()
    return shelves


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT count(*) FROM issues", [(3,)]),
        ("WITH open AS (SELECT * FROM issues WHERE state = 'open') SELECT max(number) FROM open", [(3,)]),
        ("FROM issues SELECT title ORDER BY number LIMIT 1 ;", [("Issue 0",)]),
        ("SELECT 1 -- a remark", [(1,)]),
    ],
)
def test_what_reads_is_answered(shelves: Shelves, sql: str, rows: list[tuple[object, ...]]) -> None:
    with ask(shelves.analytics, sql, shelves.folder) as result:
        assert list(result.rows) == rows


@pytest.mark.parametrize("sql", ["SHOW TABLES", "DESCRIBE issues", "SUMMARIZE events"])
def test_what_describes_is_answered(shelves: Shelves, sql: str) -> None:
    with ask(shelves.analytics, sql, shelves.folder) as result:
        assert list(result.rows)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        "SELECT * FROM shelves",
        "COPY issues TO '{folder}/out.csv'",
        "ATTACH '{file}' AS other",
        "INSTALL httpfs",
        "LOAD sqlite",
        "SET enable_external_access = true",
        "PRAGMA database_list",
        "DELETE FROM issues",
        "DROP TABLE issues",
        "CREATE TABLE other (i INTEGER)",
        "WITH gone AS (DELETE FROM issues RETURNING id) SELECT * FROM gone",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE issues",
        "EXPLAIN ANALYZE DELETE FROM issues",
        "EXPORT DATABASE '{folder}/out'",
        "CALL enable_logging()",
        "",
        "SELEC 1",
        "SELECT * FROM nothing",
        "SELECT error('no')",
        "SELECT 'x'::INTEGER",
        "SELECT now()",
    ],
)
def test_whatever_else_is_refused(shelves: Shelves, sql: str) -> None:
    secret = shelves.folder / "operator.token"
    secret.write_text("secret")
    before = sorted(path.name for path in shelves.folder.iterdir())
    with (
        pytest.raises(LocalFault) as fault,
        ask(shelves.analytics, sql.format(file=secret, folder=shelves.folder), shelves.folder) as result,
    ):
        list(result.rows)
    assert "secret" not in fault.value.message.replace(str(secret), "")
    assert sorted(path.name for path in shelves.folder.iterdir()) == before
    assert shelves.ask("SELECT count(*) FROM issues") == [(3,)]


def test_a_query_that_runs_too_long_is_ended(shelves: Shelves) -> None:
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3"
    with (
        pytest.raises(TooLarge, match="ran for over"),
        ask(shelves.analytics, endless, shelves.folder, timeout_s=0.05) as result,
    ):
        list(result.rows)


def test_reading_the_rows_counts_as_running(shelves: Shelves) -> None:
    endless = "SELECT * FROM range(10000000000)"
    with (
        pytest.raises(TooLarge, match="ran for over"),
        ask(shelves.analytics, endless, shelves.folder, timeout_s=0.05) as result,
    ):
        for _ in result.rows:
            pass


def test_parquet_is_written_whole_or_not_at_all(shelves: Shelves, tmp_path: Path) -> None:
    output = tmp_path / "it's.parquet"
    export_parquet(shelves.analytics, "SELECT number, labels FROM issues ORDER BY number;", shelves.folder, output)
    with closing(duckdb.connect()) as db:
        assert db.read_parquet(str(output)).fetchall() == [(1, []), (2, []), (3, [])]
    before = output.read_bytes()
    with pytest.raises(LocalFault):
        export_parquet(shelves.analytics, "SELECT error('no') FROM issues", shelves.folder, output)
    assert output.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [output.name]


def test_parquet_into_a_folder_that_is_not_there(shelves: Shelves, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"):
        export_parquet(shelves.analytics, "SELECT 1", shelves.folder, tmp_path / "no" / "file")


def test_who_comes_second_is_told_who_is_first(shelves: Shelves) -> None:
    script = (
        "import sys, duckdb\n"
        "db = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, shelves.analytics], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout
        assert first.stdout.readline() == "open\n"
        with pytest.raises(Unavailable, match=f"process {first.pid}"), writer(shelves.analytics, shelves.folder):
            pass
        first.communicate()
    with writer(shelves.analytics, shelves.folder):
        pass


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "analytics.duckdb"
    path.write_bytes(b"x" * 9_000)
    with pytest.raises(Unavailable, match="cannot be read") as fault, writer(path, tmp_path):
        pass
    assert "delete it" in fault.value.hint


def test_nothing_is_looked_for_or_left_in_a_home(shelves: Shelves, tmp_path: Path) -> None:
    """Extensions would be searched in, and secrets be read from, the home folder."""
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    script = (
        "import sys\nfrom pathlib import Path\nfrom projections.analytics.ask import ask\n"
        "from projections.analytics.connection import writer\n"
        "path, scratch = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "with writer(path, scratch): pass\n"
        "with ask(path, 'SELECT count(*) FROM issues', scratch) as result: print(list(result.rows))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, shelves.analytics, scratch],
        env={"HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert run.stdout == "[(3,)]\n", run.stderr
    assert list(home.iterdir()) == []
    assert list(scratch.iterdir()) == []
