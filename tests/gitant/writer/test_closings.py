"""`Closes #12` in pushed commits: what is closed, by which event, and what is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.fold.kind import read_payload
from domain.ids import parse_event_id
from domain.issue.closed import KIND as CLOSED
from domain.issue.closed import IssueClosed
from domain.issue.opened import IssueOpened
from domain.ports_git import ZERO_OID
from domain.refs.state import RefState, ref_key
from storage.git import landed
from storage.git.store import DiskGitStore
from tests.gitant.writer.world import KEY, World, make_world
from tests.storage.git.packs import COMMIT, TREE, Pack, commit, oid, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAIN = "refs/heads/main"
EMPTY = oid(TREE, tree())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_world(tmp_path / "node")
    yield world
    world.close()


def pushed(world: World, repo: Any, old: str, *messages: str, ref: str = MAIN, parents: tuple[str, ...] = ()) -> str:
    """Push a chain of commits on `old` (and on `parents`, the first of them); the oid of the last."""
    pack, tip = Pack(), old
    pack.add(TREE, tree())
    for index, message in enumerate(messages):
        before = [each for each in (tip, *(parents if index == 0 else ())) if each != ZERO_OID]
        data = commit(EMPTY, *before, message=message.encode())
        tip = oid(COMMIT, data)
        pack.add(COMMIT, data)
    quarantine = DiskGitStore(world.folder.repos).quarantine(repo)
    quarantine.feed(pack.build())
    quarantine.finish([tip])
    answer = world.run("refs.move", repo=repo, commands=[[ref, old, tip]], quarantine=quarantine.token)
    assert answer.extra["outcomes"] == [[ref, ""]]
    return tip


def tip_of(world: World, repo: Any) -> str:
    found = world.projector.state(ref_key(repo, MAIN))
    assert isinstance(found, RefState)
    assert found.oid is not None
    return found.oid.hex()


def state(world: World, repo: Any, number: int = 1) -> str:
    row = world.views.issue(repo, str(number))
    assert row is not None
    found: str = json.loads(row.doc)["state"]
    return found


def test_commits_close_issues_by_events_that_name_push_and_commit(world: World) -> None:
    repo = world.repo()
    issues = [world.issue(repo) for _ in range(4)]
    first = pushed(world, repo, ZERO_OID, "Begin")
    tip = pushed(
        world,
        repo,
        first,
        "Closes #4",
        "closes: #2, mentions #3",
        f"Fix the lid\n\nFixes {KEY.did.replace(':', '-')}/attic#1.",
    )
    assert [state(world, repo, number) for number in (1, 2, 3, 4)] == ["closed", "closed", "open", "closed"]
    rows = world.views.events(repo, kind="issue.closed.v1").docs
    (push,) = [json.loads(doc) for doc in world.views.events(repo, kind="refs.moved.v1", limit=1).docs]
    assert len(rows) == 3
    event = world.projector.history.event(parse_event_id(json.loads(rows[-1])["id"]))
    assert event is not None
    assert event.payload is not None
    closing = read_payload(CLOSED, event.payload)
    assert isinstance(closing, IssueClosed)
    assert (closing.push, closing.commit) == (bytes.fromhex(push["id"]), bytes.fromhex(tip))
    world.run("issue.reopen", repo=repo, issue=issues[0])
    pushed(world, repo, tip, "Nothing more")
    assert state(world, repo) == "open", "a commit lands once"


def test_only_what_reaches_the_default_branch_closes(world: World) -> None:
    repo = world.repo()
    world.issue(repo)
    world.issue(repo)
    base = pushed(world, repo, ZERO_OID, "Begin")
    side = pushed(world, repo, ZERO_OID, "Closes #1", ref="refs/heads/side", parents=(base,))
    assert state(world, repo) == "open"
    pushed(world, repo, base, "Merge, which closes #2", parents=(side,))
    assert (state(world, repo), state(world, repo, 2)) == ("closed", "closed")


def test_nothing_is_closed_that_the_pusher_may_not_close(world: World) -> None:
    """In a repository of somebody else's, and in one that is archived."""
    repo, other = world.repo(), world.repo("cellar")
    world.issue(other)
    world.run("repository.edit", repo=other, archived=True)
    pushed(world, repo, ZERO_OID, "Closes operator~cellar#1, closes operator~nothing#1, closes #1, closes nobody~x#1")
    assert state(world, other) == "open"
    world.run("repository.edit", repo=other, archived=False)
    world.run("repository.edit", repo=repo, private=True)
    tip = pushed(world, repo, ZERO_OID, "Closes operator~cellar#1", ref="refs/heads/x")
    world.run("refs.move", repo=repo, commands=[[MAIN, tip_of(world, repo), tip]])
    assert state(world, other) == "open", "an event of a public repository names nothing of a private one"


def test_a_long_history_is_read_to_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = world.repo()
    for _ in range(3):
        world.issue(repo)
    monkeypatch.setattr(landed, "LANDED_COMMITS_MAX", 2)
    pushed(world, repo, ZERO_OID, "Closes #1", "Closes #2", "Closes #3")
    assert [state(world, repo, number) for number in (1, 2, 3)] == ["open", "closed", "closed"]
    monkeypatch.setattr(landed, "READ_BYTES_MAX", 1)
    pushed(world, repo, ZERO_OID, "Closes #1", ref="refs/heads/x")
    assert state(world, repo) == "open"


def test_names_that_mean_two_issues_close_none(world: World) -> None:
    repo = world.repo()
    ours = world.issue(repo)
    rival = world.signed(KEY, "issue.opened.v1", repo, repo, IssueOpened(title="Rival", number=1))
    world.run("event.submit", header=rival.header, signature=rival.signature, payload=rival.payload)
    pushed(world, repo, ZERO_OID, "Closes #1")
    rows = [world.views.issue(repo, name.hex()) for name in (ours, rival.id)]
    assert [json.loads(row.doc)["state"] for row in rows if row] == ["open", "open"]
    pushed(world, repo, tip_of(world, repo), f"Closes #1.{ours.hex()[:8]}")
    rows = [world.views.issue(repo, name.hex()) for name in (ours, rival.id)]
    assert [json.loads(row.doc)["state"] for row in rows if row] == ["closed", "open"]
