"""The append benchmark measures what it says, and the door finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import append
from benchmarks.__main__ import found, main

if TYPE_CHECKING:
    from pathlib import Path


def test_prints_a_ratio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["append", "--", "--runs", "1", "--batches", "2", "--folder", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert append.GOAL in printed
    assert "ratio" in printed.splitlines()[-2]


def test_an_unknown_name_is_told_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apend"]) == 2
    assert "append" in capsys.readouterr().err
    assert "append" in found()


def test_its_chains_are_ones_the_log_accepts() -> None:
    feeds = append.Feeds()
    rows = [*feeds.batch(), *feeds.batch()]
    by_id = {row.event_id: row for row in rows}
    assert len(by_id) == len(rows)
    assert all(row.prev is None or by_id[row.prev].seq + 1 == row.seq for row in rows)


@pytest.mark.parametrize("name", sorted(found()))
def test_every_benchmark_says_its_goal(name: str) -> None:
    assert found()[name].GOAL
