"""A copy of a repository that was removed from this node: nothing of it is left, nothing else is touched."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.actor import Actor
from domain.errors import Forbidden, NotFound, Unavailable
from gitant.analytics import fed
from gitant.rebuild import check as check_views
from gitant.verify import verify
from gitant.writer.opening import open_core
from gitant.writer.removing import PREFIX, Remover
from gitant.writer.request import REMOVE, Request
from projections.database import open_readonly
from projections.tables import TABLES
from storage.blobs import DiskBlobs
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from storage.log.eventlog import SQLiteEventLog
from storage.restored import RestoredFeeds
from storage.shrinking import shrink
from tests.gitant.writer.world import ME, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.ids import StreamId


class Scene:
    """Two repositories with the same in them, one of which goes."""

    def __init__(self, path: Path) -> None:
        self.world: World = make_world(path)
        folder = self.world.folder
        self.local = LocalStore(folder.local)
        self.blobs, self.store = DiskBlobs(folder.blobs), DiskGitStore(folder.repos)
        self.caution = RestoredFeeds(self.local)
        self.kept, self.gone = self.world.repo("kept"), self.world.repo("gone")
        self.shared = self._attached(self.kept, b"in both")
        assert self._attached(self.gone, b"in both") == self.shared
        self.alone = self._attached(self.gone, b"in one alone")
        opened = [
            ("issue.open", {"repo": repo, "title": f"Dust {number}", "body": "a long story " * 40})
            for number in range(80)
            for repo in (self.gone, self.kept)
        ]
        assert not any(isinstance(each, Exception) for each in self.world.batch(*opened))

    def _attached(self, repo: StreamId, data: bytes) -> bytes:
        draft = self.blobs.draft(1_000)
        draft.feed(data)
        draft.finish()
        name = hashlib.sha256(data).digest()
        self.world.run("attachment.add", repo=repo, sha256=name, size=len(data), name="a.txt", media_type="text/plain")
        return name

    def remover(self) -> Remover:
        world = self.world
        return Remover(world.log, world.projector, self.store, self.blobs, self.local, caution=self.caution)

    def bytes_used(self) -> int:
        paths = (self.world.folder.log, self.world.folder.views)
        for path in paths:
            shrink(path)  # what is still beside it goes into it
        return sum(path.stat().st_size for path in paths)

    def close(self) -> None:
        self.local.close()
        self.world.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path / "node")
    yield scene
    scene.close()


def rows_of(path: Path, stream: StreamId) -> list[str]:
    """The tables in which anything is left of a stream."""
    with closing(open_readonly(path)) as views:
        named = [table.name for table in TABLES if "stream" in table.columns]
        return [name for name in named if views.execute(f"SELECT 1 FROM {name} WHERE stream=?", (stream,)).fetchone()]


def test_nothing_is_left_of_it_and_the_disk_has_its_room_again(scene: Scene) -> None:
    world, folder = scene.world, scene.world.folder
    before, events = scene.bytes_used(), world.log.statistics().events
    shown = world.views.repo(scene.kept.hex())
    removed, blobs = scene.remover().remove(scene.gone)
    assert (removed, blobs) == (83, 1)
    assert world.log.statistics().events == events - removed
    assert rows_of(folder.views, scene.gone) == []
    assert scene.gone not in {row.stream for row in world.log.read(0, 10_000)}
    assert (scene.blobs.size(scene.alone), scene.blobs.size(scene.shared)) == (None, len(b"in both"))
    assert not scene.store.holds(scene.gone)
    assert world.views.repo(scene.kept.hex()) == shown
    world.issue(scene.kept, "After it")
    assert scene.bytes_used() < 0.75 * before, "the two were nearly all there was"
    faults: list[str] = []
    verify(world.log, faults.append)
    assert faults == []
    with pytest.raises(NotFound):
        scene.remover().remove(scene.gone)


def test_views_made_anew_are_the_same(scene: Scene) -> None:
    fed(scene.world.folder, lambda *_: None, lambda *_: None)
    scene.remover().remove(scene.gone)
    scene.world.issue(scene.kept, "After it")
    folder = scene.world.folder
    scene.world.close()
    assert check_views(folder, lambda *_: None) == []
    fed(folder, lambda *_: None, lambda *_: None)
    fed(folder, lambda *_: None, lambda *_: None)
    scene.world.open()
    scene.world.issue(scene.kept, "And after that")


def test_it_signs_nothing_there_before_it_was_compared(scene: Scene) -> None:
    scene.remover().remove(scene.gone)
    with pytest.raises(Unavailable, match="was removed once"):
        scene.caution.check(scene.gone)
    scene.caution.check(scene.kept)
    scene.caution.check(None)
    elsewhere = RestoredFeeds(scene.local)
    assert elsewhere.doubted()
    assert elsewhere.clear(scene.gone)
    assert not elsewhere.clear(scene.gone)
    assert not elsewhere.doubted()
    scene.caution.check(scene.gone)
    scene.caution.doubt(scene.gone)
    assert RestoredFeeds(scene.local).clear_all() == 1
    scene.caution.check(scene.gone)


@pytest.mark.parametrize("reached", ["noted", "log"])
def test_what_a_crash_cut_short_is_done_at_the_next_start(scene: Scene, reached: str) -> None:
    scene.local.put(PREFIX + scene.gone.hex(), scene.alone)
    if reached == "log":
        scene.world.log.remove(scene.gone, lambda _: False)
    folder, kept, gone = scene.world.folder, scene.kept, scene.gone
    scene.world.close()
    core = open_core(folder)
    try:
        assert rows_of(folder.views, gone) == []
        assert "repos" in rows_of(folder.views, kept)
        assert scene.blobs.size(scene.alone) is None
        assert not scene.store.holds(gone)
    finally:
        core.close()
    with closing(SQLiteEventLog(folder.log)) as log:
        assert gone not in {row.stream for row in log.read(0, 10_000)}
    scene.world.open()


def test_the_writer_does_it_between_what_it_is_asked_before_and_after(scene: Scene) -> None:
    folder, gone, kept = scene.world.folder, scene.gone, scene.kept
    scene.world.close()
    folder.identity_key.write_bytes(bytes([1]) * 32)
    folder.identity_key.chmod(0o600)
    core = open_core(folder)

    def asked(command: str, actor: Actor = ME, **args: object) -> Request:
        return Request(command, actor, args)

    try:
        (refused,) = core.execute([asked(REMOVE, Actor(None), repo=gone)])
        assert isinstance(refused, Forbidden)
        batch = [
            asked("issue.open", repo=gone, title="Just before"),
            asked(REMOVE, repo=gone),
            asked("issue.open", repo=gone, title="Just after"),
            asked("repository.create", name="other"),
        ]
        before, done, after, made = core.execute(batch)
        assert not isinstance(before, Exception)
        assert not isinstance(done, Exception)
        assert done.extra == {"events": 84, "attachments": 1}
        assert isinstance(after, NotFound)
        assert not isinstance(made, Exception)
        assert made.position == core.position > done.position > before.position
    finally:
        core.close()
    assert rows_of(folder.views, gone) == []
    assert "issues" in rows_of(folder.views, kept)
    scene.world.open()
