"""What replication hands to the writer: events of other nodes, mended bytes, and objects that came after them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from domain.actor import Actor
from domain.envelope import read_own
from domain.errors import Forbidden
from gitant.digests import stream_digests
from projections.database import open_readonly
from storage.datadir import DataDir
from storage.git.store import DiskGitStore
from tests.gitant.backup.room import push, received
from tests.gitant.writer.world import ME, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from domain.envelope import Event
    from domain.ports_log import StoredRow

NODE = Actor(None, operator=True, door="replication")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    world = World(DataDir(tmp_path / "here"))
    yield world
    world.close()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[World]:
    world = World(DataDir(tmp_path / "there"), seed=2)
    yield world
    world.close()


def rows(world: World) -> Sequence[StoredRow]:
    return world.log.read(0, 1_000)


def bring(world: World, found: Sequence[StoredRow], *, hollow: frozenset[bytes] = frozenset()) -> list[bytes]:
    """Hand events over as replication does, those of `hollow` without their payload; the ids of those kept out."""
    events = [(row.header, row.signature, None if row.header in hollow else row.payload) for row in found]
    held: list[bytes] = world.run("replica.store", NODE, events=events).extra["held"]
    return held


def digests(world: World) -> object:
    connection = open_readonly(world.folder.views)
    try:
        return stream_digests(connection)
    finally:
        connection.close()


def _work(world: World, seed: int) -> None:
    rng = random.Random(seed)
    repo = world.repo()
    issues = [world.issue(repo, f"Dust {number}") for number in range(4)]
    for number in range(20):
        issue = rng.choice(issues)
        if rng.random() < 0.5:
            world.run("comment.add", repo=repo, issue=issue, body=f"word {number}")
        else:
            world.run("issue.edit", repo=repo, issue=issue, title=f"Dust, {number} times")


def test_a_copy_shows_what_the_original_shows(here: World, there: World) -> None:
    _work(there, 1)
    assert bring(here, rows(there)) == []
    assert digests(here) == digests(there)
    assert bring(here, rows(there)) == [], "once more changes nothing"
    assert len(rows(here)) == len(rows(there))


def test_only_what_is_new_is_taken(here: World, there: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.tips._STREAMS_MAX", 1)
    _work(there, 1)
    found = rows(there)
    for end in (2, len(found) - 1, len(found), len(found)):
        bring(here, found[:end])
        assert len(rows(here)) == end
    assert digests(here) == digests(there)


def test_only_the_node_itself_brings_replicas(here: World, there: World) -> None:
    _work(there, 2)
    with pytest.raises(Forbidden):
        here.run("replica.store", Actor(ME.did), events=[(row.header, row.signature, None) for row in rows(there)])


def test_what_is_vouched_for_is_remembered_until_it_is_checked(here: World, there: World) -> None:
    _work(there, 3)
    events = [(row.header, row.signature, row.payload) for row in rows(there)]
    names = [event.id for event in opened(rows(there))]
    here.run("replica.store", NODE, events=events, vouched=names[2:5])
    assert here.log.are_vouched(range(1, 9)) == {3, 4, 5}
    here.run("replica.checked", NODE, events=names[2:4])
    assert here.log.are_vouched(range(1, 9)) == {5}


def opened(found: Sequence[StoredRow]) -> list[Event]:
    return [read_own(row.header, row.signature, row.payload) for row in found]


def test_a_payload_that_comes_late_shows_as_if_it_had_always_been_there(here: World, there: World) -> None:
    _work(there, 4)
    late = next(row for row in rows(there) if row.kind == "comment.added.v1")
    bring(here, rows(there), hollow=frozenset({late.header}))
    assert digests(here) != digests(there)
    here.run("replica.mend", NODE, events=[(late.header, late.signature, late.payload)])
    assert digests(here) == digests(there)
    assert here.run("issue.open", repo=here.repo("own"), title="The writer goes on").events


def test_refs_wait_for_their_objects(here: World, there: World) -> None:
    repo = there.repo()
    oid = push(there, repo, "main", "one")
    bring(here, rows(there))
    store = DiskGitStore(here.folder.repos)
    assert store.refs(repo) == {}
    here.run("repository.edit", repo=repo, default_branch="main")
    assert store.refs(repo) == {}
    token, _ = received(here, repo, "one")
    here.run("replica.objects", NODE, repo=repo, quarantine=token)
    assert store.refs(repo) == {"refs/heads/main": oid}
    assert digests(here) == digests(there)
