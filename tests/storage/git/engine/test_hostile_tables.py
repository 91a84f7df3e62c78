"""Ids that begin alike, and trees made to be expensive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from storage.git.engine.entries import matching
from storage.git.engine.keeping import KeptTables
from storage.git.engine.lookup import Lookup
from storage.git.engine.segment import keys_of
from storage.git.engine.trees import TreeComparer
from tests.storage.git.engine.scattered import closure, refs_of
from tests.storage.git.stock import stock_repo

if TYPE_CHECKING:
    from pathlib import Path


def test_ids_that_begin_alike_are_told_apart() -> None:
    """Eight bytes that are the same can be made; twenty cannot."""
    rows = [*sorted(bytes([1] * 8 + [number] * 12) for number in range(5)), bytes([2] * 20), bytes([255] * 20)]
    names = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, 20)
    asked = [*rows, bytes([1] * 8 + [9] * 12), bytes(20), bytes([2] * 19 + [3])]
    ids = np.frombuffer(b"".join(asked), np.uint8).reshape(-1, 20)
    expected = [*range(len(rows)), -1, -1, -1]
    assert matching(keys_of(names), names, ids).tolist() == expected
    lookup = Lookup(keys_of(names), names)
    assert [lookup.row(oid) for oid in asked] == expected


def test_a_tree_that_unfolds_to_a_billion_files_costs_its_few_objects(tmp_path: Path) -> None:
    repo = stock_repo(tmp_path)
    tips = list[str]()
    for text in (b"one", b"two"):
        inside, mode = repo.blob(text), "100644"
        for _ in range(9):
            inside, mode = repo.tree(*((mode, f"{number}", inside) for number in range(10))), "040000"
        tips.append(repo.commit(inside, *tips[-1:]))
    repo.git("update-ref", "refs/heads/main", tips[-1])
    repo.git("repack", "-adq")
    tables = KeptTables().tables(repo.path)
    assert set(tables.hexes(tables.view(refs_of(repo)).everything())) == closure(repo, "--all")


def test_comparing_ends_when_every_folder_is_compared_with_every_other() -> None:
    """Folders that are paired anew at each step are taken whole once there are too many pairs."""
    trees: dict[bytes, bytes] = {}

    def tree(*entries: tuple[bytes, bytes]) -> bytes:
        oid = len(trees).to_bytes(20, "big")
        trees[oid] = b"".join(b"40000 " + name + b"\0" + inside for name, inside in entries)
        return oid

    width, levels = 40, 4
    leaves = [tree((b"leaf%d" % number, bytes([7]) * 20)) for number in range(2 * width)]
    trees[bytes([7]) * 20] = b""
    new, old = leaves[:width], leaves[width:]
    for _ in range(levels):
        new, old = (
            [tree(*((b"%04d" % (at * width // len(below) + at), one) for at, one in enumerate(below[k:] + below[:k])))
             for k in range(width)]
            for below in (new, old)
        )  # fmt: skip
    comparer = TreeComparer(trees.__getitem__)
    found = comparer.brought(new[0], old)
    assert set(found) >= set(new[:1]) | set(leaves[:width])
    assert comparer.work < 5_000_000
