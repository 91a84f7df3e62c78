"""A push brings its tables: made where it is checked, moved with its pack, taken along by forks, left by backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.ids import StreamId
from storage.git import quarantine as quarantine_module
from storage.git.engine.keeping import KeptTables
from storage.git.engine.mark import SUFFIX
from storage.git.keeping import object_files
from storage.git.store import DiskGitStore
from tests.storage.git.engine.scattered import closure, refs_of
from tests.storage.git.git_room import REPO, SMALL
from tests.storage.git.stock import StockRepo

if TYPE_CHECKING:
    from pathlib import Path

    from domain.ports_git import Quarantine

FORK = StreamId(bytes([7] * 32))


@pytest.fixture
def store(tmp_path: Path) -> DiskGitStore:
    found = DiskGitStore(tmp_path, SMALL, tables=KeptTables())
    found.create(REPO)
    return found


def pushed(store: DiskGitStore, repo: StockRepo, source: StockRepo, tip: str, *haves: str) -> Quarantine:
    """A thin pack of what `tip` adds, as a client sends it."""
    revs = "".join(f"{rev}\n" for rev in (tip, *(f"^{oid}" for oid in haves)))
    pack = source.git("pack-objects", "-q", "--revs", "--stdout", "--thin", stdin=revs.encode())
    quarantine = store.quarantine(repo.id)
    quarantine.feed(pack)
    quarantine.finish([tip])
    return quarantine


def test_tables_come_with_each_pack_and_are_those_that_would_be_made(store: DiskGitStore, tmp_path: Path) -> None:
    ours, source = StockRepo(tmp_path, REPO), StockRepo(tmp_path, StreamId(bytes([9] * 32)))
    source.path.mkdir()
    source.git("init", "-q", "--bare")
    big = b"".join(b"line %d\n" % number for number in range(900))
    tips = list[str]()
    for number in range(4):
        tips.append(source.commit_files({"big": big + b"%d" % number, "same": b"same\n"}, *tips[-1:]))
        quarantine = pushed(store, ours, source, tips[-1], *tips[-2:-1])
        assert len(list((ours.path / "quarantine" / quarantine.token / "pack").glob(f"*{SUFFIX}"))) == 1
        on_the_way = object_files(tmp_path, ours.path, [tips[-1]])
        assert not [name for name in on_the_way if name.endswith(SUFFIX)], "a backup can make them again"
        store.publish(REPO, quarantine.token)
    packs = ours.path / "objects/pack"
    made = {path.name: path.read_bytes() for path in packs.glob(f"*{SUFFIX}")}
    assert len(made) == 4
    store.set_refs(REPO, {"refs/heads/main": tips[-1]}, head="main")
    tables = KeptTables().tables(ours.path)
    assert {path.name: path.read_bytes() for path in packs.glob(f"*{SUFFIX}")} == made
    assert set(tables.hexes(tables.view(refs_of(ours)).everything())) == closure(ours, tips[-1])
    for path in packs.glob(f"*{SUFFIX}"):
        path.unlink()
    KeptTables().tables(ours.path)
    assert {path.name: path.read_bytes() for path in packs.glob(f"*{SUFFIX}")} == made
    store.create(FORK)
    store.adopt(FORK, store.fork(REPO, [tips[-1]]))
    fork = {path.name: path for path in (store.path(FORK) / "objects/pack").glob(f"*{SUFFIX}")}
    assert fork.keys() == made.keys()
    assert all(path.samefile(packs / name) for name, path in fork.items())


def test_a_large_push_is_not_kept_waiting_for_its_tables(
    store: DiskGitStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine_module, "_TABLED_OBJECTS_MAX", 2)
    ours, source = StockRepo(tmp_path, REPO), StockRepo(tmp_path, StreamId(bytes([9] * 32)))
    source.path.mkdir()
    source.git("init", "-q", "--bare")
    tip = source.commit_files({"a": b"a\n"})
    store.publish(REPO, pushed(store, ours, source, tip).token)
    assert not list((ours.path / "objects/pack").glob(f"*{SUFFIX}"))
    store.set_refs(REPO, {"refs/heads/main": tip}, head="main")
    assert KeptTables().tables(ours.path).count == 3
    assert len(list((ours.path / "objects/pack").glob(f"*{SUFFIX}"))) == 1
