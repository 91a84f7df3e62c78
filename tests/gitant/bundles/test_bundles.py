"""Nodes that bring each other level by files: from nothing, from a base, twice, and what stays behind."""

from __future__ import annotations

import stat
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import Conflict, Forbidden, InvalidInput
from domain.ids import parse_stream_id
from domain.keys import SigningKey
from gitant.backup.take import silent
from gitant.bundles.apply import look
from gitant.bundles.show import show
from gitant.given import load
from replication.bundle.parts import Blob, Pack, Rows
from storage.blobs import DiskBlobs
from storage.peers import SqlitePeerBook
from tests.gitant.backup.room import digests, node_at, push, refs, rows
from tests.gitant.bundles.room import bundle, empty_node, kept, take
from tests.replication import bundles

if TYPE_CHECKING:
    from pathlib import Path

    from domain.ids import StreamId
    from replication.messages import Message
    from storage.datadir import DataDir
    from tests.gitant.writer.world import World


def parts(path: Path) -> list[Message]:
    return bundles.read(path.read_bytes())


@pytest.fixture
def home(tmp_path: Path) -> DataDir:
    """A node with a repository, a branch, issues, one of them redacted, and two attachments, one redacted."""
    with node_at(tmp_path / "home") as world:
        repo = world.repo()
        push(world, repo, "main", "one")
        issue = world.issue(repo, "First")
        names = [_attach(world, repo, issue, text) for text in (b"kept", b"withdrawn")]
        world.run("attachment.redact", repo=repo, sha256=names[1])
        world.issue(repo, "Second")
        return world.folder


@pytest.mark.slow
def test_a_bundle_makes_of_an_empty_node_an_equal_one(home: DataDir, tmp_path: Path) -> None:
    cellar = empty_node(tmp_path / "cellar")
    told = bundle(home, tmp_path / "all")
    first = take(cellar, tmp_path / "all")
    assert first.taken is not None
    assert first.digest == told.made.digest
    assert (first.taken.events, first.taken.repositories, first.taken.blobs) == (told.made.events, 1, 1)
    assert digests(cellar) == digests(home)
    assert refs(cellar) == refs(home)
    assert [blob.size for blob in DiskBlobs(cellar.blobs).kept()] == [len(b"kept")]
    # What was withdrawn does not travel, on paper or as bytes.
    sent = [row for part in parts(tmp_path / "all") if isinstance(part, Rows) for row in part.rows]
    assert sum(payload is None for _, _, payload in sent) == 1
    assert sum(isinstance(part, Blob) for part in parts(tmp_path / "all")) == 1

    before, held = kept(cellar), rows(cellar)
    again = take(cellar, tmp_path / "all")
    assert again.taken is not None
    assert (again.found.new, again.taken.events, again.taken.repositories, again.taken.blobs) == (0, 0, 0, 0)
    assert kept(cellar) == before
    assert rows(cellar) == held

    bundle(cellar, tmp_path / "back")
    plain = [[part for part in parts(tmp_path / name)[:-1] if not isinstance(part, Pack)] for name in ("all", "back")]
    assert plain[0] == plain[1]
    bundle(home, tmp_path / "twin")
    assert (tmp_path / "twin").read_bytes() == (tmp_path / "all").read_bytes()


@pytest.mark.slow
def test_what_is_new_goes_on_from_what_was_there(home: DataDir, tmp_path: Path) -> None:
    cellar, third = empty_node(tmp_path / "cellar"), empty_node(tmp_path / "third")
    bundle(home, tmp_path / "one")
    with node_at(tmp_path / "home") as world:
        repo = parse_stream_id(_repo_of(home))
        push(world, repo, "next", "two")
        world.issue(repo, "Third")
    new = bundle(home, tmp_path / "two", since=tmp_path / "one")
    assert (new.made.events, new.made.blobs) == (2, 0)

    before = kept(third)
    with pytest.raises(Conflict, match=r"goes on from events of .* that are not on this node") as refused:
        take(third, tmp_path / "two")
    assert "the bundle before it" in refused.value.hint
    assert kept(third) == before
    assert rows(third) == []

    take(cellar, tmp_path / "one")
    looked = look(cellar, load({"data_dir": str(cellar.path)}), str(tmp_path / "two"), silent)
    assert (looked.found.new, looked.taken) == (2, None)
    assert digests(cellar) != digests(home)
    take(cellar, tmp_path / "two")
    assert digests(cellar) == digests(home)
    assert refs(cellar) == refs(home)

    # A node that says how far it is gets what it lacks, and no more.
    bundle(cellar, tmp_path / "have", frontier=True)
    assert bundle(home, tmp_path / "none", since=tmp_path / "have").made.events == 0
    take(third, tmp_path / "one")
    bundle(third, tmp_path / "less", frontier=True)
    bundle(home, tmp_path / "rest", since=tmp_path / "less")
    take(third, tmp_path / "rest")
    assert digests(third) == digests(home)
    with pytest.raises(InvalidInput, match="this is a frontier"):
        take(third, tmp_path / "have")


@pytest.mark.slow
def test_a_private_repository_comes_along_only_when_that_is_meant(tmp_path: Path) -> None:
    with node_at(tmp_path / "home") as world:
        world.repo("diary", private=True)
        world.repo("attic")
        home = world.folder
    with pytest.raises(Forbidden, match="diary: not everybody may read this"):
        bundle(home, tmp_path / "diary", "diary")
    assert not (tmp_path / "diary").exists()
    told = bundle(home, tmp_path / "all")
    assert (told.private, told.left_out) == ((), 1)
    assert "diary" not in {part.name for part in show(str(tmp_path / "all"), lambda _done, _all: None).streams}

    told = bundle(home, tmp_path / "diary", "diary", private=True)
    assert told.private == ("diary",)
    assert stat.S_IMODE((tmp_path / "diary").stat().st_mode) == 0o600
    shown = show(str(tmp_path / "diary"), lambda _done, _all: None)
    assert {(part.sort, part.name, part.private) for part in shown.streams} == {
        ("repository", "diary", True),
        ("identity", "operator", False),
    }
    with pytest.raises(Conflict, match="is there already"):
        bundle(home, tmp_path / "diary", "diary", private=True)


@pytest.mark.slow
def test_what_a_node_does_not_want_stays_out(home: DataDir, tmp_path: Path) -> None:
    bundle(home, tmp_path / "all")
    removed, deaf = empty_node(tmp_path / "removed"), empty_node(tmp_path / "deaf")
    repo = _repo_of(home)
    with closing(SqlitePeerBook(removed.local)) as book:
        book.shun("repo", repo, 1)
    with closing(SqlitePeerBook(deaf.local)) as book:
        book.shun("principal", SigningKey(home.identity_key.read_bytes()).did, 1)
    assert take(removed, tmp_path / "all").found.hidden == [repo]
    assert [path.name for path in removed.repos.iterdir()] == []
    blocked = take(deaf, tmp_path / "all")
    assert blocked.taken is not None
    assert (blocked.taken.events, blocked.found.declined) == (0, blocked.found.events)


def _repo_of(folder: DataDir) -> str:
    (path,) = folder.repos.iterdir()
    return path.name.removesuffix(".git")


def _attach(world: World, repo: StreamId, issue: bytes, text: bytes) -> bytes:
    draft = DiskBlobs(world.folder.blobs).draft(100)
    draft.feed(text)
    blob = draft.finish()
    args: dict[str, Any] = {"name": "a.txt", "sha256": blob.name, "media_type": "text/plain", "size": blob.size}
    world.run("attachment.add", repo=repo, target=issue, **args)
    return blob.name
