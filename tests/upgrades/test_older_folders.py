"""Folders of earlier versions open, migrate, verify, and rebuild to what those versions said of them."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import Unavailable
from gitant import rebuild
from gitant.backup.take import take
from gitant.current import current_views
from gitant.digests import stream_digests
from gitant.indexer import index_all
from gitant.verify import verify
from gitant.writer.opening import open_core
from projections.tables import FOLD_VERSION
from storage.datadir import DataDir
from storage.git.reader import DulwichReader
from storage.log.eventlog import SQLiteEventLog
from storage.schema.versions import LOCAL, LOG, version_of
from tests.gitant.backup.room import first_node, git
from tests.house.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVES = sorted((ROOT / "tests" / "upgrades").glob("*.tar.gz"))
FIRST_FOLD_VERSION = 1
"""The fold version of the folder called `first`, whose view digests can be compared with no other's."""


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.partition(".")[0])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[DataDir, dict[str, Any]]:
    """A folder, and what the node that made it said of it."""
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path, filter="data")
    return DataDir(tmp_path / "node"), json.loads((tmp_path / "said.json").read_text())


def digests(folder: DataDir) -> list[dict[str, str]]:
    with current_views(folder, lambda _done, _all: None) as views:
        return [row._asdict() for row in stream_digests(views)]


def comparable(said: list[dict[str, str]], fold_version: int = FIRST_FOLD_VERSION) -> list[dict[str, str]]:
    """Digests without those that another fold version made."""
    return said if fold_version == FOLD_VERSION else [{**row, "view": ""} for row in said]


def test_it_is_opened_and_comes_to_the_same(older: tuple[DataDir, dict[str, Any]]) -> None:
    folder, said = older
    told: list[tuple[int, int]] = []
    open_core(folder, progress=lambda *how_far: told.append(how_far)).close()
    assert (version_of(folder.log), version_of(folder.local)) == (LOG.version, LOCAL.version)
    assert comparable(digests(folder)) == comparable(said["digest"])
    assert {repo.name: git(repo, "for-each-ref") for repo in folder.repos.iterdir()} == said["refs"]
    assert told[-1][0] == told[-1][1] > 0
    faults: list[str] = []
    with closing(SQLiteEventLog(folder.log, create=False)) as log:
        report = verify(log, faults.append)
    assert faults == []
    counted = {"events": report.events, "payloads": report.payloads, "holes": report.holes, "feeds": report.feeds}
    assert counted == {name: said["verify"][name] for name in counted}
    assert report.holes > 0


def test_it_rebuilds_equal(older: tuple[DataDir, dict[str, Any]]) -> None:
    folder, _ = older
    open_core(folder).close()
    with closing(DulwichReader(folder.repos)) as reader:
        assert index_all(folder.views, reader) == []
    assert rebuild.check(folder) == []
    before = digests(folder)
    rebuild.rebuild(folder)
    assert digests(folder) == before


def test_it_can_be_backed_up_before_it_is_served(older: tuple[DataDir, dict[str, Any]], tmp_path: Path) -> None:
    folder, said = older
    kept = {path.name: path.read_bytes() for path in (folder.log, folder.local)}
    made = take(folder, tmp_path / "out", 0)
    assert comparable([{"id": row.id, "log": row.log, "view": row.view, "refs": row.refs} for row in made.streams]) == (
        comparable(said["digest"])
    )
    assert {name: (folder.path / name).read_bytes() for name in kept} == kept


@pytest.mark.parametrize("name", ["log", "local"])
def test_a_later_folder_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    folder = first_node(tmp_path)
    with closing(sqlite3.connect(getattr(folder, name))) as db:
        db.execute("PRAGMA user_version = 99")
    before = {path: path.read_bytes() for path in folder.path.rglob("*.sqlite")}
    with pytest.raises(Unavailable, match=r"by a later Gitant \(schema 99, this one knows \d\)"):
        open_core(folder)
    assert {path: path.read_bytes() for path in folder.path.rglob("*.sqlite")} == before
