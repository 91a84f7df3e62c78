"""Bundles of nodes that are stopped, and what is in a folder before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitant.backup.take import silent
from gitant.bundles.apply import apply
from gitant.bundles.making import Order, make
from gitant.given import load
from tests.gitant.backup.room import node_at

if TYPE_CHECKING:
    from pathlib import Path

    from gitant.backup.take import Tickers
    from gitant.bundles.apply import Outcome
    from gitant.bundles.making import Told
    from storage.datadir import DataDir


def empty_node(path: Path, key: bytes = b"\x07" * 32) -> DataDir:
    """A node that was started once, and whose key is nobody else's."""
    with node_at(path) as world:
        folder = world.folder
    folder.identity_key.write_bytes(key)
    return folder


def bundle(folder: DataDir, out: Path, *repos: str, since: Path | None = None, **more: bool) -> Told:
    """Write a bundle of a node (of all without names)."""
    return make(folder, str(out), Order(repos, str(since or ""), **more), silent)


def take(folder: DataDir, file: Path, tickers: Tickers = silent) -> Outcome:
    """Take a bundle in."""
    return apply(folder, load({"data_dir": str(folder.path)}), str(file), tickers)


def kept(folder: DataDir) -> dict[str, int]:
    """The files of a node that are not its databases', with their sizes."""
    roots = (folder.repos, folder.blobs, folder.cache)
    found = (path for root in roots for path in root.rglob("*") if path.is_file() and path.name != "incoming")
    return {str(path.relative_to(folder.path)): path.stat().st_size for path in found}
