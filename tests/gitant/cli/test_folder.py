"""Commands that work on a data folder: the node may be stopped."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.gitant.writer.world import make_world

if TYPE_CHECKING:
    from pathlib import Path

    from storage.datadir import DataDir
    from tests.gitant.cli.conftest import Command, Node

COUNT = "SELECT count(*) FROM issues"


@pytest.fixture
def stopped(tmp_path: Path) -> DataDir:
    """The folder of a node that has worked and ended."""
    world = make_world(tmp_path / "stopped")
    repo = world.repo()
    for number in range(3):
        world.issue(repo, f"Dust {number}", labels=["chore"])
    world.close()
    return world.folder


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount


def test_the_token_and_nothing_else(gitant: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = gitant("token", "--data-dir", folder)
    assert first.out == (folder / "operator.token").read_text()
    assert first.out.count("\n") == 1
    assert first.err == ""
    assert (folder / "operator.token").stat().st_mode & 0o777 == 0o600
    assert gitant("token", "--data-dir", folder).out == first.out


def test_the_token_of_a_node_that_runs(gitant: Command, node: Node) -> None:
    assert gitant("token", "--data-dir", node.folder).out == f"{node.token}\n"


def test_verify_says_how_much_it_checked(gitant: Command, stopped: DataDir) -> None:
    ran = gitant("verify", "--data-dir", stopped.path)
    assert ran.code == 0
    assert "signatures: 6\n" in ran.out
    told: Any = gitant("verify", "--data-dir", stopped.path, "--json").json()
    assert (told["events"], told["faults"], told["fault_list"]) == (6, 0, [])


def test_verify_names_a_fault_and_fails(gitant: Command, stopped: DataDir) -> None:
    change(stopped.log, "UPDATE stored_events SET topic = 'x' WHERE rowid = 3")
    ran = gitant("verify", "--data-dir", stopped.path)
    assert ran.code == 1
    assert ran.out.startswith("fault: event 3 (")
    told: Any = gitant("verify", "--data-dir", stopped.path, "--json").json()
    assert len(told["fault_list"]) == told["faults"] == 1


def test_verify_while_the_node_runs(gitant: Command, node: Node) -> None:
    ran = gitant("verify", "--data-dir", node.folder)
    assert ran.code == 0, ran


def test_digest_is_a_line_for_each_stream(gitant: Command, stopped: DataDir) -> None:
    lines = gitant("digest", "--data-dir", stopped.path).out.splitlines()
    assert lines == sorted(lines)
    assert [len(line.split(" ")) for line in lines] == [4, 4]
    assert all(len(word) == 64 for line in lines for word in line.split(" "))
    told: Any = gitant("digest", "--data-dir", stopped.path, "--json").json()
    assert [" ".join(row.values()) for row in told] == lines


def test_digest_of_views_that_are_behind_or_gone(gitant: Command, stopped: DataDir) -> None:
    before = gitant("digest", "--data-dir", stopped.path).out
    stopped.views.unlink()
    assert gitant("digest", "--data-dir", stopped.path).out == before


def test_digest_while_the_node_runs(gitant: Command, node: Node) -> None:
    ran = gitant("digest", "--data-dir", node.folder)
    assert ran.code == 0, ran


def test_rebuild_and_check(gitant: Command, stopped: DataDir) -> None:
    before = gitant("digest", "--data-dir", stopped.path).out
    assert gitant("query", COUNT, "--data-dir", stopped.path).code == 0
    assert gitant("rebuild", "--check", "--data-dir", stopped.path).code == 0
    change(stopped.views, "UPDATE issues SET number = 9 WHERE pos = (SELECT min(pos) FROM issues)")
    ran = gitant("rebuild", "--check", "--data-dir", stopped.path)
    assert ran.code == 1
    assert ran.out.startswith("issues: ")
    told: Any = gitant("rebuild", "--check", "--data-dir", stopped.path, "--json").json()
    assert len(told["differences"]) == 1
    assert gitant("rebuild", "--data-dir", stopped.path).err == "rebuilt the views from 6 events\n"
    assert gitant("rebuild", "--check", "--data-dir", stopped.path).code == 0
    assert gitant("digest", "--data-dir", stopped.path).out == before


def test_rebuild_checks_the_analytics_too(gitant: Command, stopped: DataDir) -> None:
    assert gitant("query", COUNT, "--data-dir", stopped.path).code == 0
    with closing(duckdb.connect(str(stopped.analytics))) as db:
        db.execute("UPDATE issues SET title = 'x' WHERE number = 2")
    ran = gitant("rebuild", "--check", "--data-dir", stopped.path)
    assert ran.code == 1
    assert ran.out == "analytics issues: 1 rows it should not have, 1 missing\n"


def test_a_position_that_was_set_back_is_no_lag(gitant: Command, stopped: DataDir) -> None:
    change(stopped.views, "UPDATE meta SET value = value - 1 WHERE name = 'position'")
    assert gitant("rebuild", "--check", "--data-dir", stopped.path).code == 1


def test_rebuild_leaves_a_node_that_runs_alone(gitant: Command, node: Node) -> None:
    for how in ([], ["--check"]):
        ran = gitant("rebuild", *how, "--data-dir", node.folder)
        assert ran.code == 1
        assert "already served by pid" in ran.err


def test_a_query_in_every_form(gitant: Command, stopped: DataDir, tmp_path: Path) -> None:
    sql = "SELECT number, title, labels, closed FROM issues ORDER BY number"
    where = ("--data-dir", stopped.path)
    table = gitant("query", sql, *where).out.splitlines()
    assert table[0].split() == ["number", "title", "labels", "closed"]
    assert table[2] == '1       Dust 0  ["chore"]'
    rows = list(csv.reader(io.StringIO(gitant("query", sql, "--format", "csv", *where).out)))
    assert rows[:2] == [["number", "title", "labels", "closed"], ["1", "Dust 0", '["chore"]', ""]]
    told: Any = gitant("query", sql, "-f", "json", *where).json()
    assert told[2] == {"number": 3, "title": "Dust 2", "labels": ["chore"], "closed": None}
    for form in ("table", "csv", "json"):
        output = tmp_path / f"out.{form}"
        assert gitant("query", sql, "-f", form, "-o", output, *where).out == ""
        assert output.read_bytes().decode().replace("\r\n", "\n") == gitant(
            "query", sql, "-f", form, *where
        ).out.replace("\r\n", "\n")
    output = tmp_path / "out.parquet"
    assert gitant("query", sql, "-f", "parquet", "-o", output, *where).code == 0
    with closing(duckdb.connect()) as db:
        assert db.read_parquet(str(output)).fetchall()[0] == (1, "Dust 0", ["chore"], None)
    assert gitant("query", sql, "-f", "parquet", *where).code == 2


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT 1::HUGEINT << 100 AS n", 1 << 100),
        ("SELECT 1.50::DECIMAL(5,2) AS n", "1.50"),
        ("SELECT 'nan'::DOUBLE AS n", None),
        ("SELECT '\\xAB'::BLOB AS n", "ab"),
        ("SELECT {'a': [1, NULL], 'b': DATE '2026-01-02'} AS n", {"a": [1, None], "b": "2026-01-02"}),
        ("SELECT MAP {1: 'x'} AS n", {"1": "x"}),
        ("SELECT TIMESTAMP '2026-01-02 03:04:05.678' AS n", "2026-01-02T03:04:05.678000"),
        ("SELECT true AS n", True),
    ],
)
def test_every_sort_of_value(gitant: Command, stopped: DataDir, sql: str, shown: object) -> None:
    told: Any = gitant("query", sql, "-f", "json", "--data-dir", stopped.path).json()
    assert told == [{"n": shown}]
    flat = gitant("query", sql, "-f", "csv", "--data-dir", stopped.path).out.splitlines()[1]
    assert next(csv.reader([flat])) == [
        "nan" if shown is None else shown if isinstance(shown, str) else json.dumps(shown)
    ]


def test_a_query_sees_what_was_just_written(here: Command) -> None:
    assert here("repo", "create", "asked").code == 0
    sql = "SELECT count(*) FROM repositories WHERE name = 'asked'"
    assert json.loads(here("query", sql, "-f", "json").out) == [{"count_star()": 1}]


@pytest.mark.parametrize(
    "sql", ["DELETE FROM issues", "SELECT * FROM read_text('x')", "SELEC", "SELECT * FROM nothing"]
)
def test_a_query_that_will_not_do(gitant: Command, stopped: DataDir, sql: str) -> None:
    ran = gitant("query", sql, "--data-dir", stopped.path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")


def test_a_query_leaves_no_scratch_behind(gitant: Command, stopped: DataDir) -> None:
    before = sorted(stopped.cache.iterdir())
    assert gitant("query", COUNT, "--data-dir", stopped.path).code == 0
    assert sorted(stopped.cache.iterdir()) == before


@pytest.mark.parametrize("command", ["verify", "digest", "rebuild", "query x"])
def test_a_folder_that_is_no_node_s(gitant: Command, tmp_path: Path, command: str) -> None:
    ran = gitant(*command.split(), "--data-dir", tmp_path)
    assert ran.code == 1
    assert "is not a node's data folder" in ran.err
    assert "hint: " in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", ["status", "repo list", "issue list -R x", "log -R x"])
def test_no_node_is_running(gitant: Command, stopped: DataDir, words: str) -> None:
    ran = gitant(*words.split(), "--data-dir", stopped.path)
    assert ran.code == 1
    assert ran.err == (
        f"error: no node is running on {stopped.path}; start one with: gitant serve --data-dir {stopped.path}\n"
    )


def test_an_address_where_nobody_answers(gitant: Command) -> None:
    ran = gitant("status", "--url", "http://127.0.0.1:1")
    assert ran.code == 1
    assert "no node answers at http://127.0.0.1:1" in ran.err


def test_an_address_that_is_none(gitant: Command) -> None:
    assert "is no address of a node" in gitant("status", "--url", "ftp://x").err


def test_a_node_that_wants_a_token(gitant: Command, node: Node) -> None:
    ran = gitant("repo", "create", "x", "--url", node.url)
    assert ran.code == 1
    assert "GITANT_TOKEN" in ran.err


def test_serving_a_folder_that_is_served(gitant: Command, node: Node) -> None:
    ran = gitant("serve", "--data-dir", node.folder, "--port", "0")
    assert ran.code == 1
    assert "already served by pid" in ran.err


def test_serving_on_a_port_that_is_taken(gitant: Command, node: Node, tmp_path: Path) -> None:
    ran = gitant("serve", "--data-dir", tmp_path / "other", "--port", node.url.rpartition(":")[2])
    assert ran.code == 1
    assert ran.err.startswith("error: ")
    assert "hint: " in ran.err


def test_a_full_disk_is_said_in_a_line(gitant: Command, stopped: DataDir) -> None:
    ran = gitant("query", COUNT, "-o", "/dev/full", "-f", "csv", "--data-dir", stopped.path)
    assert ran.code == 1
    assert ran.err.startswith("error: the disk is full\n")
