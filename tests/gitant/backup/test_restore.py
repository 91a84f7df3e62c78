"""What is restored is what was backed up, checked on the way; the restored node signs nothing until it is told to."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.actor import Actor
from domain.comment.added import CommentAdded
from domain.errors import InvalidInput, Unavailable
from domain.keys import SigningKey
from gitant import rebuild
from gitant.backup.check import check
from gitant.backup.manifest import read_sums, write_sums
from gitant.backup.restore import restore
from gitant.backup.take import take
from gitant.writer.opening import open_core
from gitant.writer.request import Request
from storage.datadir import DataDir
from storage.local import LocalStore
from storage.restored import RestoredFeeds
from tests.gitant.backup.room import digests, first_node, node_at, push, rows
from tests.gitant.writer.world import ME, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


NOW_MS = 1_795_000_000_000


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests that change nothing in it."""
    scratch = tmp_path_factory.mktemp("backup")
    take(first_node(scratch), scratch / "out", NOW_MS)
    return scratch / "out"


def asked(folder: DataDir, command: str, **args: object) -> object:
    """What the writer of a folder answers its operator."""
    operator = Actor(SigningKey(folder.identity_key.read_bytes()).did, operator=True)
    with closing(open_core(folder)) as core:
        (outcome,) = core.execute([Request(command, operator, args)])
    return outcome


def test_it_reads_and_signs_nothing_until_it_is_told(tmp_path: Path) -> None:
    with node_at(tmp_path / "node") as world:
        repo = world.repo()
        issue = world.issue(repo)
        tip = push(world, repo, "main", "one")
        held = world.signed(STRANGER, "comment.added.v1", repo, issue, CommentAdded(body="Hello"))
        take(world.folder, tmp_path / "out", NOW_MS)
    new = DataDir(tmp_path / "new")
    restore(tmp_path / "out", new.path)
    count = len(rows(new))
    with closing(LocalStore(new.local)) as local:
        feeds = RestoredFeeds(local)
        assert set(feeds.marked()) == {row.stream for row in rows(new)}
        assert feeds.marked()[repo][0] == max(row.seq for row in rows(new) if row.stream == repo)
    with closing(open_core(new)) as core:

        def run(command: str, **args: object) -> object:
            (outcome,) = core.execute([Request(command, ME, args)])
            return outcome

        for refused in (
            run("issue.open", repo=repo, title="No"),
            run("repository.create", name="another"),
            run("refs.move", repo=repo, commands=[["refs/heads/other", "0" * 40, tip]], atomic=True),
        ):
            assert isinstance(refused, Unavailable)
            assert "was restored from a backup" in refused.message
            assert "gitant restore --alone" in refused.hint
        assert len(rows(new)) == count
        # What others have signed may come in all the same, and is judged as ever.
        taken = run("event.submit", header=held.header, signature=held.signature, payload=held.payload)
        assert not isinstance(taken, Unavailable)
        with closing(LocalStore(new.local)) as local:
            assert RestoredFeeds(local).clear_all() == 2
        assert not isinstance(run("issue.open", repo=repo, title="Yes"), Exception)


def test_told_at_once_it_writes(backup: Path, tmp_path: Path) -> None:
    new = DataDir(tmp_path / "new")
    restore(backup, new.path, alone=True)
    assert not isinstance(asked(new, "repository.create", name="another"), Exception)


def test_a_feed_that_was_compared_is_free(tmp_path: Path) -> None:
    with closing(LocalStore(tmp_path / "local.sqlite")) as local:
        one, other, third = b"a" * 32, b"b" * 32, b"c" * 32
        RestoredFeeds(local).check(one)
        feeds = RestoredFeeds(local)
        feeds.mark([(one, 7, b"e" * 32), (other, 1, b"f" * 32)])
        assert feeds.marked() == {one: (7, b"e" * 32), other: (1, b"f" * 32)}
        feeds.clear(one)
        feeds.check(one)
        for doubtful in (other, third, None):
            with pytest.raises(Unavailable):
                feeds.check(doubtful)
        feeds.clear(other)
        feeds.check(None)
        with pytest.raises(Unavailable):
            feeds.check(third)  # it may have been followed, and written in, after the backup
        feeds.began(third)
        RestoredFeeds(local).check(third)


def test_a_backup_from_before_its_first_word_is_doubted_too(tmp_path: Path) -> None:
    """Issue 7: five nodes in namespaces, of which one was restored, forked its feed where the backup had none of it."""
    with closing(LocalStore(tmp_path / "local.sqlite")) as local:
        feeds = RestoredFeeds(local)
        feeds.mark([])
        with pytest.raises(Unavailable):
            feeds.check(b"a" * 32)
        assert feeds.clear_all() == 1
        assert not RestoredFeeds(local).doubted()


def test_the_views_are_what_a_rebuild_makes(backup: Path, tmp_path: Path) -> None:
    new = DataDir(tmp_path / "new")
    restore(backup, new.path)
    asked(new, "repository.create", name="refused")  # a start of the node
    assert [line for line in rebuild.check(new) if "code" not in line] == []


def test_every_file_is_checked(backup: Path, tmp_path: Path) -> None:
    """Each with one byte changed, cut off, or gone: the check names it, and nothing is made of it."""
    names = sorted(read_sums(backup))
    assert len(names) > 20
    for number, name in enumerate(names):
        path = backup / name
        whole, mode = path.read_bytes(), path.stat().st_mode
        path.chmod(0o600)
        spoiled = (bytes([whole[0] ^ 1]) + whole[1:], whole[:-1], None)[number % 3]
        if spoiled is None:
            path.unlink()
        else:
            path.write_bytes(spoiled)
        try:
            assert name in _faults(backup), name
            if name != "manifest.json":
                with pytest.raises(InvalidInput, match=r"missing|is not what it was"):
                    restore(backup, tmp_path / "new")
            assert [*tmp_path.iterdir()] == []
        finally:
            path.write_bytes(whole)
            path.chmod(mode)
    assert _faults(backup) == ""


def _faults(backup: Path) -> str:
    faults: list[str] = []
    try:
        check(backup, faults.append)
    except InvalidInput as fault:
        faults.append(fault.message)
    return "\n".join(faults)


def _spoil_log(out: Path) -> None:
    """As who can change the hashes, too."""
    import sqlite3

    with closing(sqlite3.connect(out / "log.sqlite")) as log:
        log.execute("DELETE FROM stored_events WHERE rowid = (SELECT max(rowid) FROM stored_events)")
        log.commit()


def _spoil_refs(out: Path) -> None:
    path = next(path for path in sorted((out / "repos").glob("*/packed-refs")) if b"main" in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"main", b"Main"))


def _add_a_file(out: Path) -> None:
    (out / "repos" / "note").write_text("mine")


def _lose_objects(out: Path) -> None:
    for path in out.glob("repos/*/objects/pack/*"):
        path.unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_spoil_log, "it ends at"),
        (_spoil_refs, "its refs are not those of the log"),
        (_add_a_file, "repos/note does not belong"),
        (_lose_objects, "git fsck"),
    ],
)
def test_more_than_hashes_is_checked(spoil: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    from gitant.backup.manifest import digest_of

    out = tmp_path / "out"
    take(first_node(tmp_path), out, NOW_MS)
    spoil(out)
    if spoil is not _add_a_file:
        told = json.loads((out / "manifest.json").read_text())
        there = {name for name in read_sums(out) if (out / name).exists()}
        (out / "manifest.json").write_text(json.dumps({**told, "files": len(there)}))
        write_sums(out, {name: digest_of(out / name) for name in there})
    assert words in _faults(out)


def test_it_restores_into_nothing_but_an_empty_folder(backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    restore(backup, new)
    before = digests(DataDir(new))
    with pytest.raises(InvalidInput, match="not empty"):
        restore(backup, new)
    with pytest.raises(InvalidInput, match="is not a backup"):
        restore(new, tmp_path / "other")
    with pytest.raises(InvalidInput, match="inside the backup"):
        restore(backup, backup / "new")
    assert digests(DataDir(new)) == before


def test_a_backup_of_a_later_gitant_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    take(first_node(tmp_path), out, NOW_MS)
    told = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({**told, "schemas": {"log.sqlite": 99}}))
    with pytest.raises(Unavailable, match="by a later Gitant"):
        restore(out, tmp_path / "new")
    (out / "manifest.json").write_text(json.dumps({"format": 2}))
    with pytest.raises(InvalidInput, match="by a later Gitant"):
        restore(out, tmp_path / "new")
