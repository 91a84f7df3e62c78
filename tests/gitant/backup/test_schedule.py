"""Backups that the node makes of itself: when, how many are kept, and what is said when one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitant.backup.check import check
from gitant.backup.kept import kept_in, name_at, prune
from gitant.backup.outcome import read_outcome
from gitant.backup.schedule import RETRY_S, due_in_s
from gitant.backup.scheduled import back_up
from gitant.given import load
from tests.gitant.backup.room import node_at
from tests.gitant.running import running
from tests.gitant.writer.world import KEY

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from gitant.settings import Settings
    from tests.gitant.writer.world import World

HOUR_MS = 3_600_000
START_MS = 1_795_000_000_000


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    with node_at(tmp_path / "node") as world:
        world.repo()
        yield world


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups"


def settings_for(world: World, place: Path) -> Settings:
    return load({"data_dir": str(world.folder.path), "backup_dir": str(place), "backup_every_hours": "6"}, {})


def test_one_is_due_after_the_hours_and_old_ones_go(world: World, place: Path) -> None:
    settings = settings_for(world, place)
    assert due_in_s(world.folder, settings, KEY.did, START_MS) <= 0
    other = place / "gitant-of-somebody"
    other.mkdir()
    for number in range(4):
        assert back_up(world.folder, place, 2, lambda: START_MS + number * 6 * HOUR_MS)  # noqa: B023 - called at once
    kept = kept_in(place, KEY.did)
    assert [each.path.name for each in kept] == ["gitant-20261118T230640Z", "gitant-20261119T050640Z"]
    assert other.exists()
    assert due_in_s(world.folder, settings, KEY.did, kept[-1].made_ms + HOUR_MS) == 5 * 3600
    assert due_in_s(world.folder, settings, KEY.did, kept[-1].made_ms + 7 * HOUR_MS) == -3600
    assert due_in_s(world.folder, settings, KEY.did, START_MS - HOUR_MS) == 0  # the clock went back
    for each in kept:
        assert check(each.path, pytest.fail).position == world.log.last_position()
    assert kept_in(place, "did:key:of-another") == []


def test_a_failed_one_is_said_and_tried_again(world: World, place: Path) -> None:
    settings = settings_for(world, place)
    assert back_up(world.folder, place, 2, lambda: START_MS)
    place.rename(place.with_name("unmounted"))
    assert not back_up(world.folder, place, 2, lambda: START_MS + 6 * HOUR_MS)
    outcome = read_outcome(world.folder)
    assert outcome is not None
    assert "backups is not there (mount or make it" in outcome.fault
    assert (outcome.good_ms, outcome.ended_ms) == (START_MS, START_MS + 6 * HOUR_MS)
    assert due_in_s(world.folder, settings, KEY.did, outcome.ended_ms) == RETRY_S
    place.with_name("unmounted").rename(place)
    assert back_up(world.folder, place, 2, lambda: START_MS + 7 * HOUR_MS)
    outcome = read_outcome(world.folder)
    assert outcome is not None
    assert (outcome.fault, outcome.good_ms) == ("", START_MS + 7 * HOUR_MS)


def test_what_a_kill_left_goes_and_what_is_being_made_stays(world: World, place: Path) -> None:
    left = place / f"{name_at(START_MS)}.partial"
    left.mkdir()
    (left / "node.lock").touch()
    foreign = place / f"{name_at(START_MS + 1_000)}.partial"
    foreign.mkdir()
    assert prune(place, KEY.did, 1) == []
    assert (left.exists(), foreign.exists()) == (False, True)


@pytest.mark.slow
def test_a_node_backs_itself_up_while_it_serves(tmp_path: Path, place: Path) -> None:
    with running(tmp_path / "node", "--backup-dir", str(place), "--backup-keep", "1") as node:
        node.wait_for_words("a backup is made")
        (made,) = [path for path in place.iterdir() if "partial" not in path.name]
        assert check(made, pytest.fail).position == 0
        assert node.get("/metrics")[1].count(b"gitant_backup_last_success_timestamp_seconds") == 3
        assert node.end() == 0
