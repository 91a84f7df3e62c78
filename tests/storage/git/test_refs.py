"""Refs on disk: whole or not at all, readable by git, and what the log says."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from domain.ports_git import AdvertisedRef
from storage.git.packed_refs import TornRefs
from tests.storage.git.git_room import REPO
from tests.storage.git.packs import COMMIT, TAG, TREE, Sample, commit, oid, pack_of, tag

if TYPE_CHECKING:
    from tests.storage.git.git_room import Room

SAMPLE = Sample()
CHILD = commit(oid(TREE, SAMPLE.tree), SAMPLE.tip)
CHILD_OID = oid(COMMIT, CHILD)
TAGGED = tag(SAMPLE.tip)
TAG_OID = oid(TAG, TAGGED)
TAG_OF_TAG = tag(TAG_OID, "v1-signed", "tag")


@pytest.fixture
def filled(room: Room) -> Room:
    room.push(pack_of(*SAMPLE.objects, (COMMIT, CHILD), (TAG, TAGGED), (TAG, TAG_OF_TAG)))
    return room


def git(room: Room, *words: str) -> str:
    done = subprocess.run(["git", "--git-dir", str(room.path), *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_moving_creating_deleting(filled: Room) -> None:
    filled.store.move_refs(REPO, {"refs/heads/main": SAMPLE.tip, "refs/heads/a": SAMPLE.tip})
    filled.store.move_refs(REPO, {"refs/heads/main": CHILD_OID, "refs/heads/a": None, "refs/heads/a/b": SAMPLE.tip})
    expected = {"refs/heads/a/b": SAMPLE.tip, "refs/heads/main": CHILD_OID}
    assert filled.store.refs(REPO) == expected
    lines = git(filled, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    assert dict(line.split() for line in lines) == expected
    assert git(filled, "fsck", "--strict", "--no-dangling") == ""


def test_deleting_what_is_not_there(filled: Room) -> None:
    filled.store.move_refs(REPO, {"refs/heads/none": None})
    assert filled.store.refs(REPO) == {}


def test_making_refs_equal(filled: Room) -> None:
    filled.store.move_refs(REPO, {"refs/heads/old": SAMPLE.tip})
    filled.store.set_refs(REPO, {"refs/heads/main": CHILD_OID}, head="main")
    assert filled.store.refs(REPO) == {"refs/heads/main": CHILD_OID}
    assert git(filled, "symbolic-ref", "HEAD") == "refs/heads/main"
    filled.store.set_refs(REPO, {}, head="refs/heads/trunk")
    assert filled.store.refs(REPO) == {}
    assert git(filled, "symbolic-ref", "HEAD") == "refs/heads/trunk"


def test_nothing_is_written_where_nothing_differs(filled: Room) -> None:
    filled.store.set_refs(REPO, {"refs/heads/main": CHILD_OID}, head="main")
    before = {path: path.stat().st_ino for path in (filled.path / "packed-refs", filled.path / "HEAD")}
    filled.store.set_refs(REPO, {"refs/heads/main": CHILD_OID}, head="main")
    assert {path: path.stat().st_ino for path in before} == before


def test_tags_know_where_they_lead(filled: Room) -> None:
    names = {"refs/tags/light": SAMPLE.tip, "refs/tags/v1": TAG_OID, "refs/tags/v1-signed": oid(TAG, TAG_OF_TAG)}
    filled.store.move_refs(REPO, names)
    assert filled.store.advertised(REPO) == [
        AdvertisedRef("refs/tags/light", SAMPLE.tip),
        AdvertisedRef("refs/tags/v1", TAG_OID, SAMPLE.tip),
        AdvertisedRef("refs/tags/v1-signed", oid(TAG, TAG_OF_TAG), SAMPLE.tip),
    ]
    filled.store.move_refs(REPO, {"refs/heads/main": CHILD_OID})
    assert "^{}" in git(filled, "show-ref", "--dereference")
    assert filled.store.advertised(REPO)[2].peeled == SAMPLE.tip


def test_refs_are_listed_in_the_order_of_their_bytes(filled: Room) -> None:
    names = ["refs/heads/a", "refs/heads/a-b", "refs/heads/a/b", "refs/heads/ä", "refs/heads/Z"]
    filled.store.move_refs(REPO, dict.fromkeys(names, SAMPLE.tip))
    listed = [ref.name for ref in filled.store.advertised(REPO)]
    assert listed == sorted(names, key=str.encode)
    assert git(filled, "for-each-ref", "--format=%(refname)").splitlines() == listed


def test_loose_refs_of_another_program_are_taken_in(filled: Room) -> None:
    git(filled, "update-ref", "refs/heads/theirs", SAMPLE.tip)
    filled.store.move_refs(REPO, {"refs/heads/ours": CHILD_OID})
    assert filled.store.refs(REPO) == {"refs/heads/ours": CHILD_OID, "refs/heads/theirs": SAMPLE.tip}
    git(filled, "update-ref", "refs/heads/ours", SAMPLE.tip)
    filled.store.set_refs(REPO, {"refs/heads/ours": CHILD_OID}, head="main")
    assert git(filled, "for-each-ref", "--format=%(objectname)") == CHILD_OID


def test_a_torn_file_is_told_and_mended_from_the_log(filled: Room) -> None:
    filled.store.move_refs(REPO, {"refs/heads/main": CHILD_OID, "refs/heads/other": SAMPLE.tip})
    path = filled.path / "packed-refs"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(TornRefs):
        filled.store.refs(REPO)
    filled.store.set_refs(REPO, {"refs/heads/main": CHILD_OID}, head="main")
    assert filled.store.refs(REPO) == {"refs/heads/main": CHILD_OID}


def test_a_repository_is_deleted_and_made_again(filled: Room) -> None:
    filled.store.move_refs(REPO, {"refs/heads/main": CHILD_OID})
    filled.store.delete(REPO)
    filled.store.delete(REPO)
    assert list(filled.path.parent.iterdir()) == []
    filled.store.create(REPO)
    assert filled.store.refs(REPO) == {}
    assert not filled.store.has(REPO, SAMPLE.tip)
