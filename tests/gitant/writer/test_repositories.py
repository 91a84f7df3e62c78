"""Repositories move, go and come back; people star and watch them. By commands, as the writer carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from domain.actor import Actor
from domain.envelope import seal
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from domain.fold.kind import write_payload
from domain.follower.starred import RepositoryStarred
from domain.follower.unstarred import RepositoryUnstarred
from domain.identity.created import IdentityCreated
from domain.ports_views import RepoFilter
from domain.repository.deleted import RepositoryDeleted
from domain.repository.renamed import RepositoryRenamed
from domain.repository.transferred import RepositoryTransferred
from gitant import rebuild
from gitant.writer.graves import DAY_MS, Graves
from storage.git.store import DiskGitStore
from storage.local import LocalStore
from tests.gitant.writer.world import KEY, ME, STRANGER, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from domain.envelope import Event
    from domain.ids import StreamId

OTHER = Actor(did=STRANGER.did)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_world(tmp_path / "node")
    yield world
    assert rebuild.check(world.folder) == []
    world.close()


def enrol(world: World) -> None:
    fields: dict[str, Any] = {
        "kind": "identity.created.v1",
        "seq": 1,
        "parents": [],
        "lamport": 1,
        "time": world.tick(),
    }
    fields |= {"roots": [STRANGER.did], "threshold": 1, "nonce": b"n" * 16}
    submit(world, seal(fields, write_payload(IdentityCreated(name="bob"), b"s" * 16), STRANGER), actor=ME)


def submit(world: World, event: Event, actor: Actor = OTHER) -> None:
    world.run("event.submit", actor, header=event.header, signature=event.signature, payload=event.payload)


def doc(world: World, repo: StreamId) -> dict[str, Any]:
    row = world.views.repo(repo.hex()) or world.views.visible(ME, repo.hex(), deleted=True)
    assert row is not None
    fields: dict[str, Any] = msgspec.json.decode(row.doc)
    return fields


def test_an_old_name_leads_to_the_new_place_until_another_takes_it(world: World) -> None:
    repo = world.repo("old")
    world.run("repository.edit", repo=repo, name="newer")
    world.run("repository.edit", repo=repo, name="newest")
    views = world.views
    assert views.repo("old") is views.repo("operator~newer") is None
    for selector in ("old", "operator~old", "operator~newer", "newer"):
        found = views.visible_formerly(ME, selector)
        assert found is not None
        assert (found.id, found.name) == (repo, "newest")
    assert (
        views.visible_formerly(ME, "newest")
        is views.visible_formerly(ME, "nobody~old")
        is views.visible_formerly(ME, "x")
        is None
    )
    taking = world.repo("old")
    at = views.repo_at("operator", "old")
    assert at is not None
    assert at.id == taking
    world.run("repository.edit", repo=taking, name="older")
    last = views.visible_formerly(ME, "operator~old")
    assert last is not None
    assert last.id == taking, "the last that was there"
    assert views.visible_formerly(ME, "old") is None, "by a bare name only what is meant for sure"
    with pytest.raises(Conflict, match="already have a repository named newest"):
        world.run("repository.edit", repo=taking, name="newest")
    with pytest.raises(InvalidInput):
        world.run("repository.edit", repo=taking, name="a/b")
    world.run("repository.edit", repo=repo, name="old")
    assert views.visible_formerly(ME, "operator~older") is None
    assert doc(world, repo)["name"] == "old"


def test_two_names_at_once_are_a_conflict_that_the_next_one_settles(world: World) -> None:
    repo = world.repo("thing")
    heads = [bytes(repo)]
    one = world.signed(KEY, "repository.renamed.v1", repo, repo, RepositoryRenamed(name="one", replaces=heads))
    submit(world, one, actor=ME)
    two = world.signed(KEY, "repository.renamed.v1", repo, repo, RepositoryRenamed(name="two", replaces=heads))
    submit(world, two, actor=ME)
    assert [each["value"] for each in doc(world, repo)["conflicts"]["name"]] == ["one", "two"]
    assert doc(world, repo)["name"] == "two"
    world.run("repository.edit", repo=repo, name="two")
    assert "conflicts" not in doc(world, repo)
    other = world.repo("other")
    clash = world.signed(
        KEY, "repository.renamed.v1", other, other, RepositoryRenamed(name="two", replaces=[bytes(other)])
    )
    with pytest.raises(Conflict):
        submit(world, clash, actor=ME)


def test_a_repository_is_handed_over_when_the_new_owner_takes_it(world: World) -> None:
    repo = world.repo("gift")
    with pytest.raises(InvalidInput, match="knows nobody"):
        world.run("repository.offer", repo=repo, to="bob")
    enrol(world)

    def taking(offer: bytes) -> Event:
        payload = RepositoryTransferred(offer=offer, replaces=[bytes(repo)])
        return world.signed(STRANGER, "repository.transferred.v1", repo, repo, payload)

    with pytest.raises(Forbidden, match="not offered"):
        submit(world, taking(bytes(repo)))
    first = world.run("repository.offer", repo=repo, to="bob")
    assert doc(world, repo)["offered_to"] == STRANGER.did
    world.run("repository.edit", repo=repo, private=True)
    world.run("repository.offer", repo=repo, to="")
    assert "offered_to" not in doc(world, repo)
    with pytest.raises(Forbidden, match="not offered"):
        submit(world, taking(bytes.fromhex(first.events[-1])))
    with pytest.raises(Forbidden, match="not offered to you"):
        world.run("repository.accept", repo=repo)
    offer = bytes.fromhex(world.run("repository.offer", repo=repo, to=STRANGER.did).events[0])
    submit(world, taking(offer))
    views = world.views
    assert views.repo_at("operator", "gift") is None
    at, before = views.repo_at("bob", "gift"), views.visible_formerly(ME, "operator~gift")
    assert at is not None
    assert before is not None
    assert at.id == before.id == repo
    assert set(at.readers) == {KEY.did, STRANGER.did}, "it is private, and was given with the role"
    world.repo("gift")
    with pytest.raises(Conflict, match="already have"):
        world.run("repository.offer", repo=repo, to="operator")


def test_topics_are_what_was_set_last(world: World) -> None:
    repo, other = world.repo("one"), world.repo("two")
    world.run("repository.topics", repo=repo, topics=["git", "forge"])
    world.run("repository.topics", repo=other, topics=["git"])
    world.run("repository.topics", repo=repo, topics=["git", "p2p"])
    assert doc(world, repo)["topics"] == ["git", "p2p"]

    def found(topic: str) -> set[str]:
        rows, _, total = world.views.repos(ME, RepoFilter(topic=topic))
        assert len(rows) == total
        return {row.name for row in rows}

    assert (found("git"), found("p2p"), found("forge")) == ({"one", "two"}, {"one"}, set())
    for topics in (["Upper"], ["-x"], ["a b"], ["x" * 51], ["a\n"], [str(n) for n in range(21)]):
        with pytest.raises(InvalidInput):
            world.run("repository.topics", repo=repo, topics=topics)
    world.run("repository.edit", repo=repo, website="https://example.org/x?y=z")
    for website in ("ftp://example.org", "javascript:alert(1)", "https://", 'https://a/"', "https://a b"):
        with pytest.raises(InvalidInput):
            world.run("repository.edit", repo=repo, website=website)
    assert doc(world, repo)["website"] == "https://example.org/x?y=z"


def test_stars_are_counted_once_for_each_person(world: World) -> None:
    enrol(world)
    repo, other = world.repo("one"), world.repo("two")
    world.run("repository.star", repo=repo, starred=True)
    assert world.run("repository.star", repo=repo, starred=True).events == ()
    world.run("repository.edit", repo=repo, archived=True)
    star = world.signed(STRANGER, "repository.starred.v1", repo, repo, RepositoryStarred())
    submit(world, star)
    assert doc(world, repo)["stars"] == 2
    page = world.views.stars(repo, limit=1)
    assert page.total == 2
    assert [msgspec.json.decode(each)["did"] for each in page.docs] == [STRANGER.did]
    rest = world.views.stars(repo, after=page.next, limit=1)
    assert [msgspec.json.decode(each)["did"] for each in rest.docs] == [KEY.did]
    assert rest.next is None
    own = bytes.fromhex(world.run("repository.star", repo=other, starred=True).events[0])
    # Nobody takes another's star away.
    theirs = world.signed(STRANGER, "repository.unstarred.v1", other, other, RepositoryUnstarred(observed=[own]))
    submit(world, theirs)
    assert doc(world, other)["stars"] == 1
    assert [row.name for row in world.views.repos(ME, RepoFilter(sort="stars"))[0]] == ["one", "two"]
    assert [row.name for row in world.views.repos(ME, RepoFilter(starred_by=STRANGER.did))[0]] == ["one"]
    world.run("repository.star", repo=repo, starred=False)
    assert world.run("repository.star", repo=repo, starred=False).events == ()
    assert doc(world, repo)["stars"] == 1
    outcomes = world.batch(
        ("repository.star", {"repo": repo, "starred": True}),
        ("repository.star", {"repo": repo, "starred": False}),
        ("repository.star", {"repo": repo, "starred": True}),
    )
    assert not any(isinstance(outcome, Exception) for outcome in outcomes)
    assert doc(world, repo)["stars"] == 2


def test_what_somebody_hears_is_theirs_to_say(world: World) -> None:
    repo = world.repo()
    for level in ("all", "ignore", "participating"):
        answer = world.run("repository.watch", repo=repo, level=level)
        assert msgspec.json.decode(answer.doc)["level"] == level
    answer = world.run("repository.watch", repo=repo, level="")
    assert msgspec.json.decode(answer.doc)["chosen"] is False
    assert world.views.follower(repo, STRANGER.did) is None
    with pytest.raises(InvalidInput):
        world.run("repository.watch", repo=repo, level="some")


def test_a_deleted_repository_comes_back_with_what_was_in_it(world: World) -> None:
    repo = world.repo("attic")
    issue = world.issue(repo)
    world.run("repository.star", repo=repo, starred=True)
    world.run("repository.delete", repo=repo)
    assert world.views.repo("attic") is None
    with pytest.raises(NotFound):
        world.run("repository.delete", repo=repo)
    with pytest.raises(Forbidden):
        world.run("repository.undelete", OTHER, repo=repo)
    taking = world.repo("attic")
    with pytest.raises(Conflict, match="already have a repository named attic"):
        world.run("repository.undelete", repo=repo)
    world.run("repository.undelete", repo=repo, name="attic-2")
    assert doc(world, repo)["stars"] == 1
    assert world.views.issue(repo, issue.hex()) is not None
    with pytest.raises(Conflict, match="not deleted"):
        world.run("repository.undelete", repo=repo)
    # A root's own word does the same as the command.
    world.run("repository.delete", repo=taking)
    (head,) = world.projector.state(taking).deleted.heads  # type: ignore[union-attr]
    back = RepositoryDeleted(deleted=False, replaces=[head])
    submit(world, world.signed(KEY, "repository.deleted.v1", taking, taking, back), actor=ME)
    assert world.views.repo("attic") is not None


def test_objects_go_when_the_days_of_grace_are_over(world: World) -> None:
    kept, gone, back = world.repo("kept"), world.repo("gone"), world.repo("back")
    store, local = DiskGitStore(world.folder.repos), LocalStore(world.folder.local)
    graves = Graves(world.projector.shelf.connection, store, local, grace_days=30)
    for repo in (gone, back):
        world.run("repository.delete", repo=repo)
    assert graves.tend(0) == []
    world.run("repository.undelete", repo=back)
    assert graves.tend(30 * DAY_MS - 1) == []
    world.run("repository.delete", repo=back)
    assert graves.tend(30 * DAY_MS) == [gone], "a new deletion has days of its own"
    graves.wait()
    assert sorted(path.name for path in world.folder.repos.iterdir()) == sorted(
        f"{repo.hex()}.git" for repo in (kept, back)
    )
    with pytest.raises(Conflict, match="too long ago"):
        world.run("repository.undelete", repo=gone)
    assert graves.tend(31 * DAY_MS) == []
    local.close()
