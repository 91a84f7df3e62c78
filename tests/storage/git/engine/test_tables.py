"""Tables over many packs say what git says of them, however they came to be."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from domain.errors import NotFound
from domain.ports_serving import PackRequest
from storage.git.engine import building, keeping
from storage.git.engine.building import build_segments
from storage.git.engine.keeping import KeptTables, load_packs
from storage.git.engine.known import Neighbours
from storage.git.engine.mark import SUFFIX
from storage.git.engine.segment import is_whole, keys_of, load_segment, open_pack, write_segment
from storage.git.engine.view import RefTables
from tests.storage.git.engine.scattered import closure, names, refs_of, scatter, write_pack

if TYPE_CHECKING:
    from storage.git.engine.segment import Columns, IndexedPack
    from tests.storage.git.stock import StockRepo

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[StockRepo, list[str]]:
    return scatter(tmp_path_factory.mktemp("scattered"), request.param)


def packs_of(repo: StockRepo) -> list[Path]:
    return sorted((repo.path / "objects/pack").glob("*.pack"), key=lambda path: path.stat().st_mtime_ns)


def differing(one: Columns, other: Columns) -> list[str]:
    return [name for name in one._fields if not np.array_equal(getattr(one, name), getattr(other, name))]


def test_every_object_is_found_and_read_as_git_reads_it(made: tuple[StockRepo, list[str]]) -> None:
    repo, _ = made
    tables = KeptTables().tables(repo.path)
    lines = repo.lines("cat-file", "--batch-all-objects", "--batch-check")
    oids = [line.split()[0] for line in lines]
    numbers = tables.find(oids)
    assert (numbers >= 0).all()
    assert tables.hexes(numbers) == oids
    assert len(set(numbers.tolist())) == len(oids) < tables.count, "some objects lie in several packs"
    entries = tables.entries(numbers)
    kinds = ("", "commit", "tree", "blob", "tag")
    told = [f"{oid} {kinds[kind]} {size}" for oid, kind, size in zip(oids, entries.kind, entries.size, strict=True)]
    assert told == lines
    shuffled = random.Random(1).sample(range(len(oids)), len(oids))
    assert (tables.entries(numbers[shuffled]).start == entries.start[shuffled]).all()
    for oid, number in list(zip(oids, numbers.tolist(), strict=True))[::7]:
        kind, content = tables.read(number)
        assert content == repo.git("cat-file", kinds[kind], oid)


def test_tables_grow_pack_by_pack_to_what_they_are_when_made_at_once(made: tuple[StockRepo, list[str]]) -> None:
    repo, commits = made
    whole = KeptTables().tables(repo.path)
    grown = RefTables()
    for path in packs_of(repo):
        (segment,) = build_segments([open_pack(path)], Neighbours(grown.segments))
        stored = load_segment(segment.pack)
        assert stored is not None
        assert not differing(segment.columns, stored.columns), "a segment depends on nothing but its pack"
        if len(grown.segments) == 3:
            grown.view(refs_of(repo)[:1])
        grown = RefTables(grown, [segment])
    refs = refs_of(repo)
    for request in (PackRequest(tuple(commits[-3:]), tuple(commits[:9])), PackRequest((commits[30],))):
        one, other = whole.view(refs).select(request), grown.view(refs).select(request)
        assert set(whole.hexes(one.numbers)) == set(grown.hexes(other.numbers))


def test_what_a_client_holds_is_known_exactly(made: tuple[StockRepo, list[str]]) -> None:
    repo, commits = made
    tables = KeptTables().tables(repo.path)
    r = random.Random(len(commits))
    everything = np.arange(tables.count)
    tags = closure(repo, "--all") - closure(repo, *commits)
    for count in (1, 1, 2, 3):
        haves = r.sample(commits, count)
        view = tables.view(refs_of(repo))
        selection = view.select(PackRequest((commits[-1], commits[-2]), tuple(haves)))
        held = tables.canonical(everything[selection.held(everything)])
        lacking = closure(repo, commits[-1], commits[-2]) - closure(repo, *haves)
        assert not lacking or names(tables, closure(repo, *haves) - tags) == sorted(set(held.tolist()))
        assert names(tables, lacking) == selection.numbers.tolist()


def test_a_past_that_grew_is_walked_no_further_than_what_is_new(made: tuple[StockRepo, list[str]]) -> None:
    repo, commits = made
    graph = KeptTables().tables(repo.path).graph
    tables = KeptTables().tables(repo.path)
    r = random.Random(5)
    for _ in range(30):
        old = tables.commits(r.sample(commits, 3))
        new = tables.commits(r.sample(commits, 3))
        before, after = graph.past(old), graph.past(new)
        grown = graph.grown(new, old, before)
        assert grown is None or (grown == after).all()
        grown = graph.grown([*old, *new], old, before)
        assert grown is not None
        assert (grown == (before | after)).all()
        lacking = np.flatnonzero(after & ~before)
        assert (graph.lacking(new, old) == lacking).all()
        several = tables.commits(r.sample(commits, 20))
        common = frozenset(old[:1])
        expected = all(graph.past([place])[old[0]] for place in several)
        assert graph.all_meet(several, common) == expected


@pytest.mark.parametrize("limit", ["_WORK_MIN", "_INTRODUCED_MIN"])
def test_commits_that_were_not_compared_are_walked(
    made: tuple[StockRepo, list[str]], limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond its limits a pack's table says so, and what is chosen by it is enough and not too much."""
    repo, commits = made
    monkeypatch.setattr(building, "_WORK_PER_OBJECT", 0)
    monkeypatch.setattr(building, "_INTRODUCED_PER_OBJECT", 0)
    monkeypatch.setattr(building, limit, 40)
    segments = build_segments([open_pack(path) for path in packs_of(repo)], Neighbours([]))
    assert sum(int(segment.columns.walk.sum()) for segment in segments) > 20
    tables = RefTables(None, segments)
    view = tables.view(refs_of(repo))
    assert names(tables, closure(repo, "--all")) == view.everything().tolist()
    wants, haves = (commits[-1], commits[-2]), (commits[20],)
    sent = set(tables.hexes(view.select(PackRequest(wants, haves)).numbers))
    assert sent >= closure(repo, *wants, f"^{haves[0]}")
    assert sent <= closure(repo, *wants)


def test_a_pack_made_of_others_takes_over_what_their_tables_say(made: tuple[StockRepo, list[str]]) -> None:
    """What repacking costs the tables: nothing is compared again, and the result is the same."""
    repo, commits = made
    folder = repo.path / "objects/pack"
    before = KeptTables().tables(repo.path)
    known = {path.name for path in folder.glob("*.pack")}
    write_pack(repo, [ref.oid for ref in refs_of(repo)])
    (new,) = (open_pack(path) for path in folder.glob("*.pack") if path.name not in known)
    (copied,) = build_segments([new], Neighbours(before.segments))
    (anew,) = build_segments([new], Neighbours([]))
    assert not differing(copied.columns, anew.columns)
    assert len(copied.columns.foreign) == len(copied.columns.again[copied.columns.again < 0]) == 0
    tables = RefTables(None, [copied])
    assert names(tables, closure(repo, commits[-1])) == sorted(
        tables.view(refs_of(repo)).select(PackRequest((commits[-1],))).numbers.tolist()
    )
    for suffix in (".pack", ".idx", ".rev"):
        new.path.with_suffix(suffix).unlink(missing_ok=True)


def test_tables_that_are_no_good_are_made_again(made: tuple[StockRepo, list[str]]) -> None:
    repo, _ = made
    paths = packs_of(repo)
    KeptTables().tables(repo.path)
    pack, other = open_pack(paths[0]), open_pack(paths[1])
    file = paths[0].with_suffix(SUFFIX)
    good = file.read_bytes()
    assert is_whole(pack)
    file.chmod(0o644)
    for bad in (b"", b"GTSEG", good[:200], b"X" + good[1:], good[:40] + b"\xff" + good[41:]):
        file.unlink()
        file.write_bytes(bad or b"\0")
        assert load_segment(pack) is None
        assert not is_whole(pack)
    file.write_bytes(other.path.with_suffix(SUFFIX).read_bytes())
    assert load_segment(pack) is None, "they are another pack's"
    at = good.index(keys_of(pack.names).tobytes())
    file.write_bytes(good[:at] + b"\xff" + good[at + 1 :])
    assert load_segment(pack) is not None, "the columns are not read when it is opened"
    assert not is_whole(pack), "a byte of a column is wrong"
    file.write_bytes(b"torn")
    assert KeptTables().tables(repo.path).count
    assert file.read_bytes() == good
    file.unlink()
    names_of = [path.stem for path in paths]
    assert len(load_packs(repo.path / "objects/pack", names_of, ())) == len(paths)
    assert file.read_bytes() == good
    (segment,) = build_segments([pack], Neighbours([]))
    write_segment(segment)
    assert not list((repo.path / "objects/pack").glob(".*"))


def test_tables_are_on_the_disk_before_they_have_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a power cut leaves whole columns or no tables, and columns need not be summed when they are opened."""
    flushed, steps = dict[int, int](), list[bool]()

    def flushing(descriptor: int) -> None:
        os.fdatasync(descriptor)
        flushed[os.fstat(descriptor).st_ino] = os.fstat(descriptor).st_size

    def naming(self: Path, target: Path) -> Path:
        about = self.stat()
        steps.append(flushed.get(about.st_ino) == about.st_size)
        return self.rename(target)

    repo, _ = scatter(tmp_path, 9, commits=4)
    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(Path, "replace", naming)
    assert KeptTables().tables(repo.path).segments
    assert len(steps) == len(packs_of(repo))
    assert all(steps)


def test_the_least_recently_used_tables_go_first(tmp_path: Path) -> None:
    repos = [scatter(tmp_path, seed, commits=3)[0].path for seed in (11, 12, 13)]
    room_for_two = KeptTables(500_000)
    first = [room_for_two.tables(repo) for repo in repos]
    assert room_for_two.tables(repos[2]) is first[2]
    assert room_for_two.tables(repos[1]) is first[1]
    assert room_for_two.tables(repos[0]) is not first[0]
    shutil.rmtree(repos[0])
    with pytest.raises(NotFound):
        room_for_two.tables(repos[0])


def test_packs_may_be_replaced_while_they_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, _ = scatter(tmp_path, 21, commits=12)
    opened: list[Path] = []

    def repacking(path: Path) -> IndexedPack:
        opened.append(path)
        if len(opened) == 2:
            repo.git("repack", "-adq")
        return open_pack(path)

    monkeypatch.setattr(keeping, "open_pack", repacking)
    tables = KeptTables().tables(repo.path)
    assert len(tables.segments) == 1
    view = tables.view(refs_of(repo))
    assert view.everything().tolist() == names(tables, closure(repo, "--all"))
