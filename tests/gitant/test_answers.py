"""Everything shown is made from the log: with the views thrown away, a node answers byte for byte as before."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.gitant.answers import Answer, answers, wait_indexed
from tests.gitant.running import running
from tests.gitant.varied import fill
from tests.house.tree import BIN
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

UNHURRIED = ("--rate-anonymous", "100000", "--rate-anonymous-burst", "100000")
DISPOSABLE = ("views.sqlite*", "analytics.duckdb*")


def told(folder: Path, command: str, *words: str) -> str:
    done = subprocess.run([BIN / "gitant", command, *words, "--data-dir", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_node_without_its_views_answers_as_it_did(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    port = free_port()
    with running(folder, *UNHURRIED, port=port) as node:
        fill(node, tmp_path)
        wait_indexed(node)
        before = answers(node)
        assert node.end() == 0
    assert_worth_comparing(before)
    log, digests = told(folder, "verify", "--json"), told(folder, "digest")
    told(folder, "query", "select count(*) from issues")

    thrown_away = [path for pattern in DISPOSABLE for path in folder.glob(pattern)]
    assert {"views.sqlite", "analytics.duckdb"} <= {path.name for path in thrown_away}
    for path in thrown_away:
        path.unlink()
    with running(folder, *UNHURRIED, port=port, workers=2) as node:
        node.wait_for(lambda: node.get("/ready")[0] == 200)
        wait_indexed(node)
        after = answers(node)
        assert node.end() == 0
    assert list(after) == list(before)
    for asked, answer in before.items():
        assert after[asked] == answer, asked
    assert told(folder, "verify", "--json") == log  # starting and stopping appended nothing
    assert told(folder, "digest") == digests
    told(folder, "rebuild", "--check")


def assert_worth_comparing(found: dict[tuple[str, str], Answer]) -> None:
    """That there is something to compare of everything there is."""
    asked = {address.partition("?")[0].rpartition("/api/v1")[2] for _, address in found}
    assert len(found) > 500
    assert len(asked) > 200
    bodies = b"".join(answer.body for answer in found.values() if answer.status == 200)
    for words in (b'"conflicts":', b'"redacted":true', b'"edited":true', b'"archived":true', b'"private":true'):
        assert words in bodies, words
    assert b"refs/diverged/" in bodies
    assert any("after=" in address for _, address in found)
    hidden = [at for who, at in found if who == "anyone" and found[who, at] != found.get(("operator", at))]
    assert hidden
    statuses = {answer.status for answer in found.values()}
    assert statuses == {200, 401, 403, 404, 409, 422}
