"""Repositories whose history lies in many packs, some objects in several."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from domain.ports_git import AdvertisedRef
from tests.storage.git.histories import make_history
from tests.storage.git.stock import StockRepo, stock_repo

if TYPE_CHECKING:
    from pathlib import Path

    from storage.git.engine.view import RefTables


def scatter(root: Path, seed: int, *, commits: int = 40) -> tuple[StockRepo, list[str]]:
    """A made-up history in a pack for every few commits; now and then one repeats what earlier ones hold."""
    repo = stock_repo(root, seed)
    made = make_history(repo, seed, commits=commits)
    repo.git("tag", "-a", "-m", "one", "one", made.commits[commits // 2])
    repo.git("-c", "advice.nestedTag=false", "tag", "-a", "-m", "of a tag", "two", "refs/tags/one")
    pack = repo.path / "objects/pack"
    whole = [path.read_bytes() for path in pack.glob("*.pack")]
    for path in pack.glob("pack-*"):
        path.unlink()
    for data in whole:
        repo.git("unpack-objects", "-q", stdin=data)
    r = random.Random(seed)
    done: list[str] = []
    while done != made.commits:
        new = made.commits[len(done) : len(done) + r.choice((1, 1, 2, 5))]
        without = r.sample(done, r.randrange(len(done) + 1)) if r.random() < 0.2 else done
        revs = [*new, *(f"^{oid}" for oid in without)]
        write_pack(repo, revs)
        done += new
    write_pack(repo, ["refs/tags/one", "refs/tags/two", *(f"^{oid}" for oid in done)])
    repo.git("prune-packed")
    repo.git("pack-refs", "--all")
    return repo, made.commits


def write_pack(repo: StockRepo, revs: list[str]) -> None:
    """Put the objects of these revisions into a pack of their own."""
    lines = "".join(f"{rev}\n" for rev in revs).encode()
    repo.git("pack-objects", "-q", "--revs", str(repo.path / "objects/pack/pack"), stdin=lines)


def refs_of(repo: StockRepo) -> list[AdvertisedRef]:
    lines = repo.lines("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)")
    return [AdvertisedRef(name, oid, peeled or None) for name, oid, peeled in (line.split(" ") for line in lines)]


def closure(repo: StockRepo, *revs: str) -> set[str]:
    """The objects that these lead to, as git says."""
    return set(repo.lines("rev-list", "--objects", "--no-object-names", *revs)) if revs else set()


def names(tables: RefTables, oids: set[str]) -> list[int]:
    return sorted(tables.find(sorted(oids)).tolist())
