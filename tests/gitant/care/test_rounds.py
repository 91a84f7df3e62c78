"""The node tends its repositories itself: tables that are missing, many packs, what is left of cut-off pushes."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing

from domain.ids import StreamId
from gitant.care.asked import AskedLast
from gitant.care.one import outcome_of
from gitant.care.rounds import PATIENCE_S, wait_for_a_lull
from gitant.care.tend import Rules, tend, would_tend
from storage.git.care.merging import CARE, replaced
from storage.git.care.packs import packs_of
from storage.git.engine.shelf import Shelf
from storage.git.quarantine import QUARANTINE
from storage.git.store import DiskGitStore
from tests.gitant.backup.room import node_at, push
from tests.gitant.running import running

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.gitant.writer.world import World

RULES = Rules(packs_max=3, memory_bytes_max=1 << 30)


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    with node_at(tmp_path / "node") as world:
        yield world


def pushed(world: World) -> tuple[StreamId, Path, list[str]]:
    """A repository with five packs that have no tables."""
    repo = world.repo()
    tips = [push(world, repo, f"b{number}", f"text {number}\n") for number in range(5)]
    return repo, DiskGitStore(world.folder.repos).path(repo), tips


def test_a_running_node_merges_what_is_too_much_and_counts_it(tmp_path: Path) -> None:
    with node_at(tmp_path / "node") as world:
        _, path, tips = pushed(world)
    stale = world.folder.cache / "packs" / ("ab" * 32)
    stale.mkdir(parents=True)
    with running(tmp_path / "node", "--gc-packs-max", "3") as node:
        node.wait_for_words("a repository was tended")
        assert len(replaced(path)) == 5, "they stay for those who have listed them"
        assert all(pack.has_tables for pack in packs_of(path))
        assert not stale.exists(), "the plans of a repository that is gone"
        told = dict(
            line.rsplit(" ", 1) for line in node.get("/metrics")[1].decode().splitlines() if not line.startswith("#")
        )
        assert float(told["gitant_care_runs_total"]) == 1
        assert float(told["gitant_care_merged_packs_total"]) == 5
        assert float(told["gitant_care_failures_total"]) == 0
        assert float(told["gitant_tables_made_total"]) == 5
        assert float(told["gitant_tables_waiting"]) == 0
        assert float(told["gitant_repositories_disk_bytes"]) > 0
        listed = subprocess.run(
            ["git", "ls-remote", f"{node.url}/operator/attic.git"], capture_output=True, text=True, check=True
        ).stdout
        assert {line.split()[0] for line in listed.splitlines()} == set(tips)
        assert node.end() == 0
    done = tend(path, RULES)
    assert done.freed_bytes > 0
    assert [pack.name for pack in packs_of(path)] == [packs_of(path)[0].name]
    assert not list((path / CARE).iterdir())


def test_what_would_be_done_is_done(world: World) -> None:
    _, path, _ = pushed(world)
    told = would_tend(path, RULES)
    assert (told.packs_before, told.packs_after, told.merged, told.tables) == (5, 1, 5, 5)
    assert len(packs_of(path)) == 5
    done = tend(path, RULES)
    assert (done.packs_before, done.packs_after, done.merged, done.tables) == (5, 1, 5, 5)
    assert 0 < done.saved_bytes < done.freed_bytes, "the old packs, and what the new one takes"
    assert not tend(path, RULES).did_something


def test_how_far_tables_are_is_told(world: World) -> None:
    _, path, tips = pushed(world)
    told = list[tuple[int, int]]()
    tend(path, Rules(packs_max=0, memory_bytes_max=1 << 30), tabling=lambda done, commits: told.append((done, commits)))
    assert told == [(0, len(tips))]


def test_tables_are_made_first_of_what_was_asked_for_last(tmp_path: Path) -> None:
    repos = [StreamId(bytes([number] * 32)) for number in range(4)]
    due = [tmp_path / f"{repo.hex()}.git" for repo in repos]
    shelf = Shelf(tmp_path / "packs")
    assert AskedLast(shelf).first(due) == due[0]
    for number, repo in enumerate((repos[2], repos[1]), 1):
        shelf.note(repo)
        os.utime(tmp_path / "packs" / repo.hex(), (number, number))
    asked = AskedLast(shelf)
    assert [asked.first(due), asked.first([*due[2:], due[0]]), asked.first(due[3:])] == [due[1], due[2], due[3]]


def test_few_packs_are_left_alone(world: World) -> None:
    _, path, _ = pushed(world)
    assert not tend(path, Rules(packs_max=5, memory_bytes_max=1 << 30)).merged
    assert not tend(path, Rules(packs_max=0, memory_bytes_max=1 << 30)).merged
    assert len(packs_of(path)) == 5


def test_only_pushes_that_nobody_writes_to_any_more_are_dropped(world: World) -> None:
    repo, path, _ = pushed(world)
    store = DiskGitStore(world.folder.repos)
    cut_off, under_way = store.quarantine(repo), store.quarantine(repo)
    for inner in (path / QUARANTINE / cut_off.token).rglob("*"):
        os.utime(inner, (1, 1))
    os.utime(path / QUARANTINE / cut_off.token, (1, 1))
    assert tend(path, RULES).dropped == 1
    assert [leftover.token for leftover in store.leftovers(repo)] == [under_way.token]
    under_way.discard()
    cut_off.discard()


def test_what_keeps_a_repository_from_being_tended_is_told(world: World) -> None:
    _, path, _ = pushed(world)
    tend(path, Rules(packs_max=0, memory_bytes_max=1 << 30))
    pack = path / f"objects/pack/{packs_of(path)[0].name}.pack"
    content = bytearray(pack.read_bytes())
    content[20] ^= 0xFF
    pack.chmod(0o644)
    pack.write_bytes(content)
    outcome = outcome_of(path, RULES)
    assert outcome.fault.startswith("git could not merge the packs")
    assert "gitant repo check" in outcome.hint
    assert len(packs_of(path)) == 5
    assert outcome_of(path.with_name("gone.git"), RULES).fault.startswith("the files of repository gone are not")


def test_care_waits_for_a_lull_but_not_for_ever() -> None:
    async def waited(looks: int) -> float:
        left = iter(range(looks))
        began = trio.current_time()
        await wait_for_a_lull(lambda: next(left, None) is not None)
        return trio.current_time() - began

    def run(looks: int) -> float:
        return trio.run(waited, looks, clock=trio.testing.MockClock(autojump_threshold=0))

    assert run(0) == 0
    assert 0 < run(5) < 1
    assert run(1_000_000) == PATIENCE_S
