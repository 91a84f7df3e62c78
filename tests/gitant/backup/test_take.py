"""A backup is of one moment, whatever happens while it is taken, and shares with an older one what has not changed."""

from __future__ import annotations

import fcntl
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from domain.errors import Conflict, InvalidInput, LocalFault, Unavailable
from gitant.backup.check import check
from gitant.backup.restore import restore
from gitant.backup.take import take
from gitant.writer.purge import DAY_MS, Housekeeper
from gitant.writer.request import Request
from storage.blobs import DiskBlobs
from storage.datadir import DataDir
from storage.git.keeping import object_files
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from tests.gitant.backup.room import digests, first_node, git, meanwhile, node_at, push, received, refs, rows
from tests.gitant.writer.world import ME

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from domain.ids import StreamId
    from gitant.backup.manifest import Manifest
    from tests.gitant.writer.world import World

NOW_MS = 1_795_000_000_000


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    with node_at(tmp_path / "node") as world:
        yield world


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def checked(out: Path) -> Manifest:
    faults: list[str] = []
    manifest = check(out, faults.append)
    assert faults == []
    return manifest


def test_a_stopped_node_comes_back_as_it_was(tmp_path: Path, out: Path) -> None:
    old, new = first_node(tmp_path), tmp_path / "new"
    made = take(old, out, NOW_MS)
    assert (made.position, made.lacking, made.made_at) == (51, [], "2026-11-18T11:06:40.000Z")
    assert checked(out) == made
    restore(out, new)
    assert digests(DataDir(new)) == digests(old)
    assert refs(DataDir(new)) == refs(old)
    assert rows(DataDir(new)) == rows(old)
    assert len(rows(old)) == 51
    assert {path.name for path in out.iterdir()} >= {"identity.key", "operator.token", "local.sqlite", "log.sqlite"}
    assert "views.sqlite" not in {path.name for path in out.iterdir()}
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


def test_what_happens_meanwhile_is_not_in_it(world: World, tmp_path: Path, out: Path) -> None:
    repo, doomed = world.repo(), world.repo("doomed")
    first = push(world, repo, "main", "one")
    kept = push(world, doomed, "main", "other")
    issue = world.issue(repo)
    before, refs_before = digests(world.folder), refs(world.folder)
    position = world.log.last_position()

    def write() -> None:
        world.run("issue.edit", repo=repo, issue=issue, title="Later")
        push(world, repo, "main2", "two")
        world.repo("late")

    def write_more() -> None:
        world.run("repository.delete", repo=doomed)
        push(world, repo, "main3", "three")

    made = take(world.folder, out, NOW_MS, tickers=meanwhile({"log": write, "packs": write_more}))
    assert made.position == position < world.log.last_position()
    checked(out)
    restore(out, tmp_path / "new")
    new = DataDir(tmp_path / "new")
    assert (digests(new), refs(new)) == (before, refs_before)
    assert rows(new) == rows(world.folder, position)
    assert first in git(new.repos / f"{repo.hex()}.git", "rev-list", "--all")
    assert kept in git(new.repos / f"{doomed.hex()}.git", "rev-list", "--all")


def test_a_push_between_its_event_and_its_objects(world: World, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refs event is durable and shown, and its objects are still apart."""
    repo = world.repo()
    token, tip = received(world, repo, "one")

    def take_now(store: DiskGitStore, repo: Any, token: str) -> None:
        made.append(take(world.folder, out, NOW_MS))
        publish(store, repo, token)

    made: list[Manifest] = []
    publish = DiskGitStore.publish
    monkeypatch.setattr(DiskGitStore, "publish", take_now)
    world.run("refs.move", repo=repo, commands=[["refs/heads/main", "0" * 40, tip]], quarantine=token, atomic=True)
    assert [each.lacking for each in made] == [[]]
    checked(out)
    assert git(out / "repos" / f"{repo.hex()}.git", "rev-parse", "main").strip() == tip


def test_objects_that_move_while_they_are_copied(world: World, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are listed where a push keeps them, and published before they are opened."""
    repo = world.repo()
    token, tip = received(world, repo, "one")
    monkeypatch.setattr(DiskGitStore, "publish", lambda *_: None)
    world.run("refs.move", repo=repo, commands=[["refs/heads/main", "0" * 40, tip]], quarantine=token, atomic=True)
    monkeypatch.undo()

    def look_too_early(*about: Any) -> dict[str, Path]:
        found = object_files(*about)
        DiskGitStore(world.folder.repos).publish(repo, token)
        return found

    monkeypatch.setattr("gitant.backup.take.object_files", look_too_early)
    assert take(world.folder, out, NOW_MS).lacking == []
    checked(out)


def test_bytes_that_are_purged_meanwhile(world: World, tmp_path: Path, out: Path) -> None:
    repo = world.repo()
    issue = world.issue(repo)
    comment = bytes.fromhex(world.run("comment.add", repo=repo, issue=issue, body="my password is 1234").events[0])
    world.run("comment.redact", repo=repo, comment=comment)
    before = digests(world.folder)
    keeper = Housekeeper(world.projector.shelf.connection, world.log, LocalStore(world.folder.local), delay_days=0)
    take(world.folder, out, NOW_MS, tickers=meanwhile({"log": lambda: keeper.forget(DAY_MS)}))
    keeper.close()
    checked(out)
    restore(out, tmp_path / "new")
    assert digests(DataDir(tmp_path / "new")) == before
    assert b"password is 1234" not in (out / "log.sqlite").read_bytes()


def test_answers_to_later_requests_are_not_kept(world: World, out: Path) -> None:
    def ask(key: bytes, name: str) -> None:
        (outcome,) = world.core.execute([Request("repository.create", ME, {"name": name}, (key, b"f"))])
        assert not isinstance(outcome, LocalFault)

    ask(b"early", "one")
    take(world.folder, out, NOW_MS, tickers=meanwhile({"log": lambda: ask(b"late", "two")}))
    log = SQLiteEventLog(out / "log.sqlite")
    assert (log.receipt(b"early") is not None, log.receipt(b"late")) == (True, None)
    log.close()


def test_onto_an_older_one(world: World, tmp_path: Path, out: Path) -> None:
    repo = world.repo()
    push(world, repo, "main", "one")
    blob = world.folder.blobs / "ab" / ("c" * 62)
    blob.parent.mkdir()
    blob.write_bytes(b"blob")
    arriving = world.folder.blobs / "incoming" / "half"
    arriving.parent.mkdir()
    arriving.write_bytes(b"ha")
    older = tmp_path / "older"
    take(world.folder, older, NOW_MS)
    push(world, repo, "next", "two")
    made = take(world.folder, out, NOW_MS, older=older)
    shared = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file() and path.stat().st_nlink > 1}
    pack = f"repos/{repo.hex()}.git/objects/pack/"
    assert {name.removeprefix(pack).partition("-")[0] for name in shared} == {"pack", f"blobs/ab/{blob.name}"}
    assert made.linked_bytes == sum((out / name).stat().st_size for name in shared)
    shutil.rmtree(older)
    checked(out)
    restore(out, tmp_path / "new")
    assert digests(DataDir(tmp_path / "new")) == digests(world.folder)
    assert (tmp_path / "new" / "blobs" / "ab" / blob.name).read_bytes() == b"blob"
    assert not (out / "blobs" / "incoming").exists()
    with pytest.raises(InvalidInput, match="is not a backup"):
        take(world.folder, tmp_path / "again", NOW_MS, older=tmp_path)
    take(first_node(tmp_path / "other"), tmp_path / "foreign", NOW_MS)
    with pytest.raises(InvalidInput, match="of another node"):
        take(world.folder, tmp_path / "again", NOW_MS, older=tmp_path / "foreign")


def test_places_that_will_not_do(world: World, tmp_path: Path, out: Path) -> None:
    world.repo()
    with pytest.raises(InvalidInput, match="inside the data folder"):
        take(world.folder, world.folder.path / "out", NOW_MS)
    (tmp_path / "link").symlink_to(world.folder.path)
    with pytest.raises(InvalidInput, match="inside the data folder"):
        take(world.folder, tmp_path / "link" / "out", NOW_MS)
    with pytest.raises(InvalidInput, match="is not a folder that is there"):
        take(world.folder, tmp_path / "none" / "out", NOW_MS)
    out.mkdir()
    (out / "something").touch()
    with pytest.raises(InvalidInput, match="not empty"):
        take(world.folder, out, NOW_MS)
    (tmp_path / "dangling.partial").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match=r"dangling\.partial is in the way"):
        take(world.folder, tmp_path / "dangling", NOW_MS)
    assert (tmp_path / "dangling.partial").is_symlink()
    (tmp_path / "other.partial").mkdir()
    with pytest.raises(InvalidInput, match="in the way"):
        take(world.folder, tmp_path / "other", NOW_MS)


def test_what_a_kill_left_is_cleared_and_another_backup_is_not(world: World, tmp_path: Path, out: Path) -> None:
    world.repo()
    partial = tmp_path / "out.partial"
    (partial / "repos").mkdir(parents=True)
    with (partial / "node.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="another process is making"):
            take(world.folder, out, NOW_MS)
        assert partial.exists()
    take(world.folder, out, NOW_MS)
    assert not partial.exists()
    checked(out)


def test_a_fault_leaves_nothing(world: World, tmp_path: Path, out: Path) -> None:
    world.repo()

    def fail() -> None:
        raise Unavailable("the disk is full")

    with pytest.raises(Unavailable):
        take(world.folder, out, NOW_MS, tickers=meanwhile({"packs": fail}))
    assert {path.name for path in tmp_path.iterdir()} == {"node"}


def attach(world: World, repo: StreamId, data: bytes) -> str:
    """An attachment's SHA-256."""
    blobs = DiskBlobs(world.folder.blobs)
    draft = blobs.draft(1 << 20)
    draft.feed(data)
    digest = draft.finish().name
    world.run("attachment.add", repo=repo, name="a.txt", media_type="text/plain", size=len(data), sha256=digest)
    return digest.hex()


def test_what_the_node_lacks_is_said(world: World, out: Path) -> None:
    repo = world.repo()
    tip = push(world, repo, "main", "one")
    whole, damaged, lost = (attach(world, repo, data) for data in (b"whole", b"damaged", b"lost"))
    shutil.rmtree(world.folder.repos / f"{repo.hex()}.git" / "objects" / "pack")
    path = world.folder.blobs / damaged[:2] / damaged[2:]
    path.chmod(0o600)
    path.write_bytes(b"Damaged")
    (world.folder.blobs / lost[:2] / lost[2:]).unlink()
    made = take(world.folder, out, NOW_MS)
    assert set(made.lacking) == {f"{repo.hex()} {tip}", f"blob {damaged}", f"blob {lost}"}
    assert json.loads((out / "manifest.json").read_text())["lacking"] == made.lacking
    assert (out / "blobs" / whole[:2] / whole[2:]).read_bytes() == b"whole"
    checked(out)
