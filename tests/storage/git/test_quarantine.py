"""From the first byte of a push to objects that are there, or to nothing at all."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.errors import NotFound, Unavailable
from domain.ids import StreamId
from domain.ports_git import Leftover, PackCaps, PackRefused
from storage.git.quarantine import DiskQuarantine
from storage.git.store import DiskGitStore
from tests.storage.git.git_room import REPO, SMALL, Room
from tests.storage.git.packs import BLOB, COMMIT, TREE, Pack, Sample, commit, copy, delta, insert, oid, pack_of

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Sample()


def test_published_objects_are_there(room: Room) -> None:
    assert not room.store.has(REPO, SAMPLE.tip)
    token = room.push(SAMPLE.pack, SAMPLE.tip, publish=False)
    assert not room.store.has(REPO, SAMPLE.tip)
    room.store.publish(REPO, token)
    assert room.store.has(REPO, SAMPLE.tip)
    assert list((room.path / "quarantine").iterdir()) == []


def test_publishing_twice_does_nothing(room: Room) -> None:
    token = room.push(SAMPLE.pack, SAMPLE.tip)
    before = room.listing()
    room.store.publish(REPO, token)
    assert room.listing() == before


def test_publishing_goes_on_where_a_crash_stopped_it(room: Room) -> None:
    """The pack was moved, its index was not."""
    token = room.push(SAMPLE.pack, SAMPLE.tip, publish=False)
    (pack,) = (room.path / "quarantine" / token / "pack").glob("*.pack")
    pack.rename(room.path / "objects" / "pack" / pack.name)
    assert not room.store.has(REPO, SAMPLE.tip)
    assert room.store.leftovers(REPO) == [Leftover(token, (SAMPLE.tip,), finished=True)]
    room.store.publish(REPO, token)
    assert room.store.has(REPO, SAMPLE.tip)
    assert room.store.leftovers(REPO) == []


def test_the_same_pack_twice(room: Room) -> None:
    room.push(SAMPLE.pack, SAMPLE.tip)
    before = room.listing()
    room.push(SAMPLE.pack, SAMPLE.tip)
    assert room.listing() == before


def test_what_finish_says_of_the_tips(room: Room) -> None:
    quarantine = room.store.quarantine(REPO)
    quarantine.feed(SAMPLE.pack)
    oids = [oid(kind, data) for kind, data in SAMPLE.objects]
    assert quarantine.finish(oids) == dict(zip(oids, ["blob", "tree", "commit"], strict=True))
    room.store.publish(REPO, quarantine.token)
    again = room.store.quarantine(REPO)
    again.feed(pack_of())
    assert again.finish(oids) == dict(zip(oids, ["blob", "tree", "commit"], strict=True))


def test_the_type_of_a_delta_is_its_base_s(room: Room) -> None:
    room.push(SAMPLE.pack)
    base = SAMPLE.commit
    new = base + b"and more\n"
    pack = Pack()
    pack.add_ref_delta(SAMPLE.tip, delta(len(base), len(new), copy(0, len(base)), insert(b"and more\n")))
    quarantine = room.store.quarantine(REPO)
    quarantine.feed(pack.build())
    assert quarantine.finish([oid(COMMIT, new)]) == {oid(COMMIT, new): "commit"}
    quarantine.discard()


def test_an_empty_pack_and_a_tip_that_is_here(room: Room) -> None:
    room.push(SAMPLE.pack, SAMPLE.tip)
    before = room.listing()
    room.push(pack_of(), SAMPLE.tip)
    assert room.listing() == before


def test_discarding_leaves_nothing(room: Room) -> None:
    before = room.listing()
    quarantine = room.store.quarantine(REPO)
    quarantine.discard()
    assert room.listing() == before
    quarantine = room.store.quarantine(REPO)
    quarantine.feed(SAMPLE.pack[:20])
    assert room.listing() != before
    quarantine.discard()
    quarantine.discard()
    assert room.listing() == before
    token = room.push(SAMPLE.pack, SAMPLE.tip, publish=False)
    room.store.discard(REPO, token)
    room.store.discard(REPO, token)
    assert room.listing() == before


def test_what_a_crash_leaves(room: Room) -> None:
    begun = room.store.quarantine(REPO)
    begun.feed(SAMPLE.pack[:20])
    finished = room.push(SAMPLE.pack, SAMPLE.tip, publish=False)
    torn = room.push(Sample(blob=b"other\n").pack, publish=False)
    (room.path / "quarantine" / torn / "intent").write_bytes(b'{"tips": [')
    assert {leftover.token: leftover for leftover in room.store.leftovers(REPO)} == {
        begun.token: Leftover(begun.token, (), finished=False),
        finished: Leftover(finished, (SAMPLE.tip,), finished=True),
        torn: Leftover(torn, (), finished=False),
    }
    begun.discard()


def test_publishing_what_was_not_checked_is_our_bug(room: Room) -> None:
    token = room.push(SAMPLE.pack, publish=False)
    (room.path / "quarantine" / token / "intent").unlink()
    with pytest.raises(AssertionError):
        room.store.publish(REPO, token)


def test_calling_off_while_git_is_at_work(room: Room, tmp_path: Path) -> None:
    """`discard` from another thread ends the child and leaves nothing."""
    fifo = tmp_path / "started"
    os.mkfifo(fifo)
    git = tmp_path / "git"
    git.write_text(f"#!/bin/sh\necho >{fifo}\nexec sleep 1000\n")
    git.chmod(0o755)
    before = room.listing()
    quarantine = DiskQuarantine(room.path, "0" * 32, SMALL, git=str(git))
    quarantine.feed(SAMPLE.pack)
    refused: list[str] = []

    def finish() -> None:
        try:
            quarantine.finish([SAMPLE.tip])
        except PackRefused as fault:
            refused.append(str(fault))

    thread = threading.Thread(target=finish)
    thread.start()
    fifo.read_text()
    quarantine.discard()
    thread.join()
    assert refused == ["the push was called off"]
    assert room.listing() == before


@pytest.mark.slow
def test_git_ends_soon_after_its_node_was_killed(tmp_path: Path) -> None:
    """Its meter has nobody to read it any more."""
    pack = Pack()
    size = 20 << 20
    base = pack.add(BLOB, bytes(1 << 20))
    for number in range(300):
        pack.add_ofs_delta(base, delta(1 << 20, size + 4, copy(0, 1 << 20) * 20, insert(b"%04d" % number)))
    (tmp_path / "pack").write_bytes(pack.build())
    fifo = tmp_path / "started"
    os.mkfifo(fifo)
    git = tmp_path / "git"
    git.write_text(f'#!/bin/sh\necho >{fifo}\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)
    code = (
        "import sys; from pathlib import Path\n"
        "from storage.git.store import DiskGitStore\n"
        "root = Path(sys.argv[1]); store = DiskGitStore(root, git=str(root / 'git')); store.create(bytes(32))\n"
        "quarantine = store.quarantine(bytes(32)); quarantine.feed((root / 'pack').read_bytes())\n"
        "quarantine.finish([])\n"
    )
    # Own session: what is left of it can be found, and waited for, by its group.
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], start_new_session=True, cwd=Path(__file__).parents[3]
    ) as node:
        fifo.read_text()
        node.kill()
        node.wait()
        for _ in range(300):
            try:
                os.killpg(node.pid, 0)
            except ProcessLookupError:
                return
            select.select([], [], [], 0.01)
        os.killpg(node.pid, signal.SIGKILL)
        pytest.fail("git was at work three seconds after its node was killed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (PackCaps(index_memory_bytes_max=24 << 20), "takes more than 24 MiB of memory"),
        (PackCaps(index_cpu_s_max=1), "takes more than 1 s"),
    ],
    ids=["memory", "time"],
)
def test_what_the_check_may_take(tmp_path: Path, caps: PackCaps, words: str) -> None:
    store = DiskGitStore(tmp_path, caps)
    store.create(REPO)
    pack = Pack()
    size = 50 << 20
    base = pack.add(BLOB, bytes(1 << 20))
    for number in range(40):
        tail = insert(b"%04d" % number)
        pack.add_ofs_delta(base, delta(1 << 20, size + 4, copy(0, 1 << 20) * 50, tail))
    room = Room(store, store.path(REPO))
    before = room.listing()
    with pytest.raises(PackRefused, match=words):
        room.push(pack.build())
    assert room.listing() == before


def test_a_repository_that_is_not_here(room: Room) -> None:
    with pytest.raises(NotFound):
        room.store.quarantine(StreamId(bytes(32)))


def test_a_node_without_git(room: Room, tmp_path: Path) -> None:
    store = DiskGitStore(tmp_path, SMALL, git=str(tmp_path / "no-such-git"))
    with pytest.raises(Unavailable, match="cannot run"):
        Room(store, room.path).push(SAMPLE.pack)


def test_a_full_disk_is_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    before = room.listing()
    with pytest.raises(Unavailable, match="disk of this node is full"):
        room.push(SAMPLE.pack)
    assert room.listing() == before


def test_a_folder_with_a_strange_name(tmp_path: Path) -> None:
    """Git splits its list of object folders at colons, and quotes."""
    root = tmp_path / 'a:b "c\\d'
    root.mkdir()
    store = DiskGitStore(root, SMALL)
    store.create(REPO)
    room = Room(store, store.path(REPO))
    room.push(SAMPLE.pack, SAMPLE.tip)
    child = commit(oid(TREE, SAMPLE.tree), SAMPLE.tip)
    room.push(pack_of((COMMIT, child)), oid(COMMIT, child))
    assert store.has(REPO, oid(COMMIT, child))


def test_the_machine_s_git_settings_do_not_matter(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text("[fsck]\n\tbadTree = ignore\n[core]\n\tbroken")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    room.push(SAMPLE.pack, SAMPLE.tip)
    assert room.store.has(REPO, SAMPLE.tip)


def test_loose_objects_of_another_program_count(room: Room) -> None:
    content = b"written by hand\n"
    done = subprocess.run(
        ["git", "--git-dir", str(room.path), "hash-object", "-w", "--stdin"], input=content, capture_output=True
    )
    assert done.stdout.decode().strip() == oid(BLOB, content)
    assert room.store.has(REPO, oid(BLOB, content))
    folder = b"100644 a\0" + bytes.fromhex(oid(BLOB, content))
    room.push(pack_of((TREE, folder)), oid(TREE, folder))


@pytest.mark.parametrize("cut", [shutil.rmtree, lambda path: (path / "config").unlink()])
def test_making_a_repository_again_mends_it(room: Room, cut: Callable[[Path], None]) -> None:
    before = room.listing()
    cut(room.path)
    room.store.create(REPO)
    assert room.listing() == before
