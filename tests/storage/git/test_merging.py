"""Merging packs: nothing is lost, whoever reads or pushes meanwhile goes on, and kill -9 leaves what serves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.errors import Conflict, Unavailable
from domain.ids import StreamId
from domain.ports_serving import PackRequest
from storage.git.care import merging
from storage.git.care.merging import CARE, clear_replaced, merge_packs, replaced, tended
from storage.git.care.packs import KeptPack, packs_of, worth_merging
from storage.git.engine.keeping import KeptTables
from storage.git.engine.mark import SUFFIX
from storage.git.engine.segment import is_whole, open_pack
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from storage.git.keeping import object_files
from storage.git.reader import DulwichReader
from storage.git.store import DiskGitStore
from tests.storage.git.git_room import REPO, SMALL
from tests.storage.git.stock import StockRepo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SOURCE = StreamId(bytes([9] * 32))
FORK = StreamId(bytes([7] * 32))


class Pushed:
    """A repository that was pushed to several times: a pack each."""

    def __init__(self, root: Path, tips: Sequence[str]) -> None:
        self.root = root
        self.tables = KeptTables()
        self.store = DiskGitStore(root, SMALL, tables=self.tables)
        self.ours, self.source = StockRepo(root, REPO), StockRepo(root, SOURCE)
        self.tips = list(tips)

    @classmethod
    def anew(cls, root: Path, pushes: int) -> Pushed:
        made = cls(root, [])
        made.store.create(REPO)
        made.source.path.mkdir()
        made.source.git("init", "-q", "--bare")
        for _ in range(pushes):
            made.push()
        return made

    def push(self) -> str:
        """One commit more, as a thin pack."""
        number = len(self.tips)
        self.tips.append(self.source.commit_files({f"f{number}": b"%d\n" % number, "same": b"x\n"}, *self.tips[-1:]))
        self.bring(self.tips[-1], *self.tips[-2:-1])
        self.store.set_refs(REPO, {"refs/heads/main": self.tips[-1]}, head="main")
        return self.tips[-1]

    def bring(self, tip: str, *haves: str) -> None:
        revs = "".join(f"{rev}\n" for rev in (tip, *(f"^{oid}" for oid in haves)))
        quarantine = self.store.quarantine(REPO)
        quarantine.feed(self.source.git("pack-objects", "-q", "--revs", "--stdout", "--thin", stdin=revs.encode()))
        quarantine.finish([tip])
        self.store.publish(REPO, quarantine.token)

    def merge(self) -> int:
        return merge_packs(self.ours.path, SMALL, git="git", tables=self.tables, everything=True).packs

    def names(self) -> set[str]:
        return {pack.name for pack in packs_of(self.ours.path)}

    def fsck(self) -> None:
        self.ours.git("fsck", "--full", "--strict")
        assert self.ours.line("rev-parse", "main") == self.tips[-1]

    def cloned(self) -> set[str]:
        """The objects that a full clone is sent, by the engine."""
        serving = EngineServing(self.store, KeptTables(), Shelf(self.root / "shelf"))
        with closing(serving):
            served = serving.open(REPO)
            pack = served.pack(PackRequest((self.tips[-1],)), lambda _: None)
            content = b"".join(pack.chunks())
            served.close()
        into = StockRepo(self.root, StreamId(os.urandom(32)))
        into.path.mkdir()
        into.git("init", "-q", "--bare")
        into.git("index-pack", "--stdin", stdin=content)
        return set(into.lines("cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Pushed:
    return Pushed.anew(tmp_path_factory.mktemp("mould"), pushes=4)


@pytest.fixture
def pushed(mould: Pushed, tmp_path: Path) -> Pushed:
    shutil.copytree(mould.root, tmp_path, dirs_exist_ok=True)
    return Pushed(tmp_path, mould.tips)


def all_objects(repo: StockRepo) -> set[str]:
    return set(repo.lines("cat-file", "--batch-all-objects", "--batch-check=%(objectname)"))


def test_many_packs_become_one_with_everything_in_it(pushed: Pushed) -> None:
    lost = pushed.source.commit_files({"only here": b"and nowhere else\n"})
    pushed.bring(lost)  # no ref leads there, but an event named it
    before, old = all_objects(pushed.ours), pushed.names()
    assert pushed.merge() == len(old) == 5
    (new,) = pushed.names() - old
    assert set(replaced(pushed.ours.path)) == old
    assert is_whole(open_pack(pushed.ours.path / f"objects/pack/{new}.pack"))
    assert clear_replaced(pushed.ours.path) > 0
    assert pushed.names() == {new}
    assert all_objects(pushed.ours) == before
    assert lost in before
    pushed.fsck()
    assert pushed.cloned() == set(pushed.ours.lines("rev-list", "--objects", "--no-object-names", "main"))
    assert not pushed.merge(), "one pack is not merged with itself"


def test_tables_that_were_taken_over_are_those_that_would_be_made(pushed: Pushed) -> None:
    pushed.merge()
    clear_replaced(pushed.ours.path)
    (made,) = (pushed.ours.path / "objects/pack").glob(f"*{SUFFIX}")
    content = made.read_bytes()
    made.unlink()
    KeptTables().tables(pushed.ours.path)
    assert made.read_bytes() == content


def test_who_reads_and_who_pushes_meanwhile_goes_on(pushed: Pushed) -> None:
    """Readers that were open before, a view of the tables, a push checked before and published after."""
    reader = DulwichReader(pushed.root)
    with closing(reader):
        assert reader.commit(REPO, "main").oid == pushed.tips[-1]
        serving = EngineServing(pushed.store, pushed.tables, Shelf(pushed.root / "shelf"))
        served = serving.open(REPO)
        assert served.has(pushed.tips[0])
        pending = pushed.store.quarantine(REPO)
        late = pushed.source.commit_files({"late": b"late\n"}, pushed.tips[-1])
        revs = f"{late}\n^{pushed.tips[-1]}\n".encode()
        pending.feed(pushed.source.git("pack-objects", "-q", "--revs", "--stdout", "--thin", stdin=revs))
        pending.finish([late])
        pushed.merge()
        clear_replaced(pushed.ours.path)
        pack = b"".join(served.pack(PackRequest((pushed.tips[-1],)), lambda _: None).chunks())
        assert pack.startswith(b"PACK")
        served.close()
        pushed.store.publish(REPO, pending.token)
        pushed.tips.append(late)
        pushed.store.set_refs(REPO, {"refs/heads/main": late}, head="main")
        for oid in pushed.tips:
            assert reader.commit(REPO, oid).oid == oid
        assert pushed.store.kinds(REPO, pushed.tips) == dict.fromkeys(pushed.tips, "commit")
        serving.close()
    pushed.fsck()


def test_a_fork_under_way_keeps_the_old_packs(pushed: Pushed, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.git import staging

    run, kept = staging._run, list[int]()

    def watched(words: list[str], *rest: object) -> bytes:
        kept.append(clear_replaced(pushed.ours.path))
        return run(words, *rest)  # type: ignore[arg-type]

    pushed.merge()
    old = set(replaced(pushed.ours.path))
    monkeypatch.setattr(staging, "_run", watched)
    token = pushed.store.fork(REPO, [pushed.tips[-1]])
    assert kept
    assert not any(kept)
    assert old <= pushed.names()
    assert clear_replaced(pushed.ours.path) > 0
    pushed.store.create(FORK)
    pushed.store.adopt(FORK, token)
    StockRepo(pushed.root, FORK).git("cat-file", "-e", pushed.tips[0])


def test_a_pack_that_was_replaced_and_is_pushed_again(pushed: Pushed) -> None:
    """The same bytes come once more while the pack waits to go: the objects are in the merged one."""
    first = pushed.source.git("pack-objects", "-q", "--revs", "--stdout", stdin=f"{pushed.tips[0]}\n".encode())
    pushed.merge()
    quarantine = pushed.store.quarantine(REPO)
    quarantine.feed(first)
    quarantine.finish([pushed.tips[0]])
    pushed.store.publish(REPO, quarantine.token)
    clear_replaced(pushed.ours.path)
    pushed.fsck()


def test_only_one_tends_a_repository(pushed: Pushed) -> None:
    with tended(pushed.ours.path), pytest.raises(Conflict):
        pushed.merge()


def test_without_room_nothing_is_begun(pushed: Pushed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "_ROOM_FACTOR", 1 << 60)
    with pytest.raises(Unavailable):
        pushed.merge()
    assert not replaced(pushed.ours.path)


def test_small_packs_are_merged_and_large_ones_left() -> None:
    def packs(*sizes: int) -> list[KeptPack]:
        return [KeptPack(f"pack-{place}", size, size, has_tables=True) for place, size in enumerate(sizes)]

    def merged(*sizes: int, everything: bool = False) -> list[int]:
        return [pack.bytes for pack in worth_merging(packs(*sizes), everything=everything)]

    assert merged(1, 1, 1, 1_000) == [1, 1, 1]
    assert merged(1, 2, 4, 8) == []
    assert merged(8, 4, 3, 100) == [3, 4, 8]
    assert merged(3, 3, 10, 1_000) == [3, 3, 10], "what comes of the two is more than half of the third"
    assert merged(5) == [] == merged(5, everything=True)
    assert merged(1, 1_000, everything=True) == [1, 1_000]


POINTS = (("_compare", 0), ("_note", 0), ("_publish", 0), ("flush_folder", 0), ("_removed", 0), ("_removed", 5))
"""Killed on entering one of these, after so many calls of it."""
_CARE = """
import os, signal, sys
from pathlib import Path
from storage.git.care import merging
from storage.git.engine.keeping import KeptTables
from tests.storage.git.git_room import SMALL

def care(repo, point, left):
    real = getattr(merging, point)
    def watched(*given):
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return real(*given)
    setattr(merging, point, watched)
    merging.merge_packs(repo, SMALL, git="git", tables=KeptTables(), everything=True)
    merging.clear_replaced(repo)

for line in sys.stdin:
    point, left = line.split()
    child = os.fork()
    if not child:
        care(Path(sys.argv[1]), point, int(left))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_how_far_it_is_is_told_in_objects(pushed: Pushed) -> None:
    told: list[tuple[int, int]] = []
    merging.merge_packs(
        pushed.ours.path,
        SMALL,
        git="git",
        tables=pushed.tables,
        everything=True,
        progress=lambda done, total: told.append((done, total)),
    )
    (left,) = pushed.names() - set(replaced(pushed.ours.path))
    objects = len(open_pack(pushed.ours.path / "objects" / "pack" / f"{left}.pack").names)
    assert told[-1] == (objects, objects)
    assert all(0 <= done <= total for done, total in told)


def test_killed_at_any_point_it_serves_and_the_next_run_ends_it(pushed: Pushed) -> None:
    """Processes of their own, ended by SIGKILL: while the pack is compared, noted, put in place, and old ones go."""
    words = [sys.executable, "-P", "-c", _CARE, str(pushed.ours.path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(words, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as caring:
        assert caring.stdin is not None
        assert caring.stdout is not None
        for point, left in POINTS:
            pushed.push()
            wanted = all_objects(pushed.ours)
            caring.stdin.write(f"{point} {left}\n")
            caring.stdin.flush()
            assert int(caring.stdout.readline()) == -signal.SIGKILL, point
            assert all_objects(pushed.ours) == wanted, point
            pushed.fsck()
            assert pushed.cloned() == set(pushed.ours.lines("rev-list", "--objects", "--no-object-names", "main"))
            held = object_files(pushed.root, pushed.ours.path, [])
            assert {path.name for path in held.values()} >= {f"{name}.pack" for name in pushed.names()}, "for a backup"
        caring.stdin.close()
    pushed.merge()
    clear_replaced(pushed.ours.path)
    assert len(pushed.names()) == 1
    assert not list((pushed.ours.path / CARE).iterdir())
    pushed.fsck()


def test_pushes_and_merges_side_by_side(pushed: Pushed) -> None:
    """Pushes that never wait for the care taken beside them, each found afterwards."""
    stop, faults = threading.Event(), list[BaseException]()

    def care() -> None:
        try:
            while not stop.is_set():
                pushed.merge()
                clear_replaced(pushed.ours.path)
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)

    tending = threading.Thread(target=care)
    tending.start()
    try:
        for _ in range(8):
            pushed.push()
    finally:
        stop.set()
        tending.join()
    assert not faults
    for oid in pushed.tips:
        assert pushed.store.has(REPO, oid)
    pushed.fsck()
