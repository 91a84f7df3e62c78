"""A node without its HTTP side, what happens to it while it is backed up, and how two folders are compared."""

from __future__ import annotations

import subprocess
import tarfile
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from domain.ports_git import ZERO_OID
from gitant.current import current_views
from gitant.digests import stream_digests
from storage import keys
from storage.datadir import DataDir
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from tests.gitant.writer.world import make_world
from tests.house.tree import ROOT
from tests.storage.git.packs import BLOB, COMMIT, TREE, commit, oid, pack_of, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from domain.ids import StreamId
    from gitant.backup.take import Progress
    from tests.gitant.writer.world import World


@contextmanager
def node_at(path: Path) -> Generator[World]:
    """A node whose folder has all that `gitant serve` makes, and whose lock is held as by one that runs."""
    world = make_world(path)
    # The key that the world signs with, where a node keeps its own.
    world.folder.identity_key.write_bytes(b"\x01" * 32)
    world.folder.identity_key.chmod(0o600)
    keys.load_or_create_token(world.folder.operator_token)
    LocalStore(world.folder.local).close()
    with world.folder.lock():
        yield world
    world.close()


def first_node(path: Path) -> DataDir:
    """A stopped node of the first version, with some of everything in it."""
    with tarfile.open(ROOT / "tests/upgrades/first.tar.gz") as archive:
        archive.extractall(path, filter="data")
    return DataDir(path / "node")


def objects_of(text: str) -> tuple[str, bytes]:
    """A commit without parents of one file, and its pack."""
    blob = text.encode()
    root = tree(("100644", "file", oid(BLOB, blob)))
    made = commit(oid(TREE, root))
    return oid(COMMIT, made), pack_of((BLOB, blob), (TREE, root), (COMMIT, made))


def received(world: World, repo: StreamId, text: str) -> tuple[str, str]:
    """The token of a push that is checked and waits for its event, and its tip."""
    tip, pack = objects_of(text)
    quarantine = DiskGitStore(world.folder.repos).quarantine(repo)
    quarantine.feed(pack)
    quarantine.finish([tip])
    return quarantine.token, tip


def push(world: World, repo: StreamId, branch: str, text: str) -> str:
    """Push a branch; its tip."""
    token, tip = received(world, repo, text)
    move = [f"refs/heads/{branch}", ZERO_OID, tip]
    answer = world.run("refs.move", repo=repo, commands=[move], quarantine=token, atomic=True)
    assert answer.extra["outcomes"] == [[f"refs/heads/{branch}", ""]]
    return tip


def meanwhile(acts: dict[str, Callable[[], Any]]) -> Callable[[str], Any]:
    """Tickers that do something when a step, named by a part of what it is called, is first told of."""
    left = dict(acts)

    @contextmanager
    def ticker(what: str) -> Iterator[Progress]:
        for name in [name for name in left if name in what]:
            left.pop(name)()
        yield lambda _done, _all: None

    return ticker


def digests(folder: DataDir) -> list[tuple[str, ...]]:
    """As `gitant digest` prints them."""
    with current_views(folder, lambda _done, _all: None) as views:
        return [tuple(row) for row in stream_digests(views)]


def rows(folder: DataDir, upto: int = 1 << 40) -> list[Any]:
    """Every event of the log, up to a position."""
    with closing(SQLiteEventLog(folder.log, create=False)) as log:
        return [row for row in log.read(0, 1_000_000) if row.position <= upto]


def refs(folder: DataDir) -> dict[str, str]:
    """By repository, what git says of its refs and HEAD."""
    return {
        repo.name: git(repo, "for-each-ref") + git(repo, "symbolic-ref", "HEAD")
        for repo in sorted(folder.repos.glob("*.git"))
    }


def git(repo: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", repo, *words], check=True, capture_output=True, text=True).stdout
