"""Packs made of slices of packs: git takes them, whatever was chosen and however it lies."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from storage.git.engine import spill
from storage.git.engine.assembly import assemble
from storage.git.engine.deflated import Deflated
from storage.git.engine.keeping import KeptTables
from storage.git.engine.planfile import SLICE_BYTES_MIN, copied_bytes, read_plan, write_plan
from storage.git.engine.tables import OFS_DELTA, REF_DELTA, Selection
from tests.storage.git.engine.scattered import scatter
from tests.storage.git.packs import BLOB, Pack, copy, delta, insert, oid
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from storage.git.engine.plan import Plan
    from storage.git.engine.tables import Mask, Numbers
    from storage.git.engine.view import RefTables
    from tests.storage.git.stock import StockRepo


def add_pack(repo: StockRepo, data: bytes) -> None:
    """As a push does: bases that a thin pack lacks are put behind its entries."""
    repo.git("index-pack", "--fix-thin", "--stdin", stdin=data)


def numbers_of(tables: RefTables, oids: list[str]) -> Numbers:
    return np.unique(tables.find(oids))


def planned(
    tables: RefTables, numbers: Numbers, scratch: Path, *, held: Mask | None = None, ofs_delta: bool = True
) -> Plan:
    kept = np.zeros(tables.count, np.bool_) if held is None else held
    chosen = Selection(numbers, lambda asked: kept[asked])
    return assemble(tables, chosen, thin=held is not None, ofs_delta=ofs_delta, scratch=scratch, deflated=Deflated())


def came(repo: StockRepo, plan: Plan, scratch: Path, *, thin: bool) -> tuple[set[str], set[str]]:
    """What git finds in the pack, and the bases that it had to add."""
    data = b"".join(plan.chunks())
    assert len(data) == plan.size
    assert b"".join(plan.chunks()) == data
    for old in scratch.glob("came.*"):
        old.unlink()
    clients = scratch / "clients"
    client = repo if thin else stock_repo(clients, len(list(clients.glob("*"))))
    client.git("index-pack", "--stdin", *(["--fix-thin"] if thin else []), str(scratch / "came.pack"), stdin=data)
    lines = repo.git("show-index", stdin=(scratch / "came.idx").read_bytes()).decode().splitlines()
    oids = [name for _, name in sorted((int(line.split()[0]), line.split()[1]) for line in lines)]
    return set(oids[: plan.objects]), set(oids[plan.objects :])


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> StockRepo:
    """In packs with distances, packs with ids, and thin ones whose bases came along; many objects lie in several."""
    repo, commits = scatter(tmp_path_factory.mktemp("assembly"), 5, commits=30)
    chance = random.Random(5)
    oids = [line.split()[0] for line in repo.lines("cat-file", "--batch-all-objects", "--batch-check")]
    for ofs in ("--delta-base-offset", "--no-reuse-delta"):
        some = "".join(f"{oid}\n" for oid in chance.sample(oids, len(oids) // 2)).encode()
        add_pack(repo, repo.git("pack-objects", "-q", "--stdout", "--depth=9", ofs, stdin=some))
    for at in (10, 20, 29):
        revs = f"{commits[at]}\n^{commits[at - 4]}\n".encode()
        words = ["pack-objects", "-q", "--revs", "--thin", "--stdout", "--delta-base-offset", "--no-reuse-object"]
        add_pack(repo, repo.git(*words, stdin=revs))
    return repo


@pytest.mark.parametrize("ofs_delta", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_any_objects_make_a_pack_that_git_takes(repo: StockRepo, tmp_path: Path, seed: int, ofs_delta: bool) -> None:
    tables = KeptTables().tables(repo.path)
    oids = [line.split()[0] for line in repo.lines("cat-file", "--batch-all-objects", "--batch-check")]
    chance = random.Random(seed)
    chosen = chance.sample(oids, (len(oids), 1, 0, len(oids) // 2, len(oids) // 9)[seed])
    numbers = numbers_of(tables, chosen)
    whole = planned(tables, numbers, tmp_path, ofs_delta=ofs_delta)
    assert came(repo, whole, tmp_path, thin=False) == (set(chosen), set())

    held = np.zeros(tables.count, np.bool_)
    client = set(chance.sample(oids, len(oids) // 2))
    held[numbers_of(tables, sorted(client))] = True
    thin = planned(tables, numbers, tmp_path, held=held, ofs_delta=ofs_delta)
    sent, added = came(repo, thin, tmp_path, thin=True)
    assert sent == set(chosen)
    assert added <= client, "a delta may build only on what the client has"
    assert thin.size <= whole.size


def test_a_whole_pack_is_sent_as_it_lies(tmp_path: Path) -> None:
    repo, _ = scatter(tmp_path, 6, commits=12)
    repo.git("repack", "-adfq")
    tables = KeptTables().tables(repo.path)
    plan = planned(tables, np.arange(tables.count), tmp_path)
    (pack,) = (repo.path / "objects/pack").glob("*.pack")
    assert len(plan.source) == 1, "it is one slice"
    assert b"".join(plan.chunks()) == pack.read_bytes()


def test_distances_of_every_length_are_spelled_as_git_spells_them(tmp_path: Path) -> None:
    """What is left out between a delta and its base brings them nearer, which may shorten the distance, and so on."""
    repo = stock_repo(tmp_path, 7)
    chance, pack, contents = random.Random(7), Pack(), list[bytes]()
    places = list[int]()
    for number in range(700):
        base = chance.randrange(len(contents)) if contents and chance.random() < 0.7 else None
        if base is None:
            contents.append(chance.randbytes(chance.choice((1, 20, 90, 300))) + b"%d" % number)
            places.append(pack.add(BLOB, contents[-1]))
        else:
            tail = b" and %d" % number
            operations = (copy(0, len(contents[base])), insert(tail))
            contents.append(contents[base] + tail)
            change = delta(len(contents[base]), len(contents[-1]), *operations)
            places.append(pack.add_ofs_delta(places[base], change))
    add_pack(repo, pack.build())
    tables = KeptTables().tables(repo.path)
    for share in (0.9, 0.5, 0.2):
        chosen = [oid(BLOB, data) for data in contents if chance.random() < share]
        plan = planned(tables, numbers_of(tables, chosen), tmp_path)
        assert came(repo, plan, tmp_path, thin=False)[0] == set(chosen)


@pytest.mark.parametrize("by", [OFS_DELTA, REF_DELTA])
def test_two_packs_in_which_two_objects_build_on_each_other(tmp_path: Path, by: int) -> None:
    repo = stock_repo(tmp_path, 8)
    one, two = b"one " * 40, b"one " * 40 + b"two"
    for first, second, change in (
        (one, two, delta(len(one), len(two), copy(0, len(one)), insert(b"two"))),
        (two, one, delta(len(two), len(one), copy(0, len(one)))),
    ):
        pack = Pack()
        base = pack.add(BLOB, first)
        if by == OFS_DELTA:
            pack.add_ofs_delta(base, change)
        else:
            pack.add_ref_delta(oid(BLOB, first), change)
        add_pack(repo, pack.build())
        assert oid(BLOB, second)
    tables = KeptTables().tables(repo.path)
    both = [oid(BLOB, one), oid(BLOB, two)]
    for chosen in (both, both[:1], both[1:]):
        plan = planned(tables, numbers_of(tables, chosen), tmp_path)
        assert came(repo, plan, tmp_path, thin=False) == (set(chosen), set())


def test_a_plan_in_a_file_is_the_same_pack(repo: StockRepo, tmp_path: Path) -> None:
    chance = random.Random(9)
    large = chance.randbytes(2 * SLICE_BYTES_MIN)
    pack = Pack()
    pack.add(BLOB, large)
    add_pack(repo, pack.build())
    tables = KeptTables().tables(repo.path)
    oids = [line.split()[0] for line in repo.lines("cat-file", "--batch-all-objects", "--batch-check")]
    chosen = {*chance.sample(oids, len(oids) // 2), oid(BLOB, large)}
    plan = planned(tables, numbers_of(tables, sorted(chosen)), tmp_path)
    data = b"".join(plan.chunks())
    path = tmp_path / "a.plan"
    with path.open("wb") as file:
        write_plan(file, plan)
    assert path.stat().st_size < copied_bytes(plan) + 2_000 < len(data) - SLICE_BYTES_MIN, "what is long is not copied"
    packs = repo.path / "objects/pack"
    again = read_plan(path, packs)
    assert b"".join(again.chunks()) == data
    assert (again.objects, again.size) == (plan.objects, plan.size)
    assert len(again.source) <= 3, "neighbours were joined"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="cut off"):
        read_plan(path, packs)


def test_what_is_made_anew_may_be_large(repo: StockRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "SPILL_BYTES_MAX", 64)
    tables = KeptTables().tables(repo.path)
    oids = [line.split()[0] for line in repo.lines("cat-file", "--batch-all-objects", "--batch-check")]
    chosen = random.Random(10).sample(oids, len(oids) // 3)
    plan = planned(tables, numbers_of(tables, chosen), tmp_path)
    assert came(repo, plan, tmp_path, thin=False)[0] == set(chosen)
    assert not list(tmp_path.glob("tmp*")), "the file has no name"
