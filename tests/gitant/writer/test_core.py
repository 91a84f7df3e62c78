"""The writer's promises: durable before answered, nothing half done, one answer for one key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from domain.actor import ANONYMOUS
from domain.commands.labels import label_ids
from domain.comment.added import CommentAdded
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound, PreconditionFailed, Unauthenticated
from domain.etag import etag
from domain.identity.created import IdentityCreated
from domain.issue.search import Query, parse
from domain.label.created import LabelCreated
from domain.ports_views import Answer
from gitant import rebuild
from gitant.writer.request import Request
from tests.gitant.writer.world import KEY, ME, STRANGER, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_world(tmp_path / "node")
    yield world
    world.close()


def doc(answer: Answer) -> dict[str, object]:
    found: dict[str, object] = json.loads(answer.doc)
    return found


def test_an_answered_issue_is_in_the_log_and_in_the_views(world: World) -> None:
    repo = world.repo()
    answer = world.run("issue.open", repo=repo, title="Dust", body="Everywhere", labels=["chore"])
    assert world.log.last_position() == answer.position == world.views.position()
    shown = world.views.issue(repo, "1")
    assert shown is not None
    assert shown.doc == answer.doc
    assert doc(answer)["labels"] == ["chore"]
    assert doc(answer)["number"] == 1


def test_opening_and_closing_the_node_append_nothing(world: World) -> None:
    world.repo()
    before = world.log.last_position()
    for _ in range(3):
        world.close()
        world.open()
    assert world.log.last_position() == before


def test_numbers_go_up_within_one_batch(world: World) -> None:
    repo = world.repo()
    answers = world.batch(*(("issue.open", {"repo": repo, "title": f"t{n}"}) for n in range(5)))
    assert [doc(answer)["number"] for answer in answers if isinstance(answer, Answer)] == [1, 2, 3, 4, 5]


def test_a_bad_request_does_not_hold_up_its_batch(world: World) -> None:
    repo = world.repo()
    good, bad, also_good = world.batch(
        ("issue.open", {"repo": repo, "title": "one"}),
        ("issue.open", {"repo": repo, "title": "bad\u202etitle"}),
        ("issue.open", {"repo": repo, "title": "two"}),
    )
    assert isinstance(good, Answer)
    assert isinstance(bad, InvalidInput)
    assert isinstance(also_good, Answer)
    assert world.views.issues(repo, Query()).total == 2


def test_a_fault_after_a_write_takes_back_only_its_own_request(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = world.repo()

    def failing(scene: object, stream: object, names: list[str]) -> list[bytes]:
        found = label_ids(scene, stream, names)  # type: ignore[arg-type]
        if "bad" in names:
            raise Conflict("after the label was written")
        return found

    monkeypatch.setattr("domain.commands.issues.label_ids", failing)
    good, bad, also_good = world.batch(
        ("issue.open", {"repo": repo, "title": "one", "labels": ["fine"]}),
        ("issue.open", {"repo": repo, "title": "two", "labels": ["bad"]}),
        ("issue.open", {"repo": repo, "title": "three"}),
    )
    assert isinstance(bad, Conflict)
    assert isinstance(good, Answer)
    assert isinstance(also_good, Answer)
    assert [doc(good)["number"], doc(also_good)["number"]] == [1, 2]
    assert world.views.label(repo, "bad") is None
    assert world.views.label(repo, "fine") is not None


def test_the_same_key_gets_the_same_answer_and_another_request_a_conflict(world: World) -> None:
    repo = world.repo()
    args = {"repo": repo, "title": "once"}
    first, again = world.core.execute([Request("issue.open", ME, args, (b"k", b"f"))] * 2)
    later, other = world.core.execute(
        [Request("issue.open", ME, args, (b"k", b"f")), Request("issue.open", ME, args, (b"k", b"g"))]
    )
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert isinstance(later, Answer)
    assert again.replayed
    assert later.replayed
    assert first.doc == again.doc == later.doc
    assert isinstance(other, Conflict)
    assert world.views.issues(repo, Query()).total == 1


def test_an_edit_of_a_stale_document_is_refused(world: World) -> None:
    repo = world.repo()
    issue = world.issue(repo)
    shown = world.views.issue(repo, "1")
    assert shown is not None
    world.run("issue.edit", repo=repo, issue=issue, title="Newer", if_match=etag(shown.doc))
    with pytest.raises(PreconditionFailed):
        world.run("issue.edit", repo=repo, issue=issue, title="Lost", if_match=etag(shown.doc))


def test_everything_of_an_issue_changes_in_one_edit(world: World) -> None:
    repo = world.repo()
    issue = world.issue(repo, body="one two three", labels=["a", "b"])
    answer = world.run(
        "issue.edit",
        repo=repo,
        issue=issue,
        title="T",
        body="one 2 three",
        state="closed",
        reason="completed",
        labels=["b", "c"],
        assignees=["operator"],
    )
    shown = doc(answer)
    assert shown["title"] == "T"
    assert shown["body"] == "one 2 three"
    assert shown["state"] == "closed"
    assert shown["state_reason"] == "completed"
    assert shown["labels"] == ["b", "c"]
    assert shown["assignees"] == [KEY.did]
    quiet = world.run("issue.edit", repo=repo, issue=issue, title="T", body="one 2 three", state="closed")
    assert quiet.events == (), "writing what stands already appends nothing"


def test_a_renamed_label_shows_on_its_issues_and_a_deleted_one_no_more(world: World) -> None:
    repo = world.repo()
    world.issue(repo, labels=["bug"])
    world.run("label.edit", repo=repo, label="bug", name="defect", color="#ABC")
    shown = world.views.issue(repo, "1")
    assert shown is not None
    assert json.loads(shown.doc)["labels"] == ["defect"]
    assert world.views.issues(repo, parse("label:defect")).total == 1
    world.run("label.delete", repo=repo, label="defect")
    shown = world.views.issue(repo, "1")
    assert shown is not None
    assert json.loads(shown.doc)["labels"] == []
    assert rebuild.check(world.folder) == []


def test_a_redacted_comment_stays_as_a_hole(world: World) -> None:
    repo = world.repo()
    issue = world.issue(repo)
    comment = bytes.fromhex(world.run("comment.add", repo=repo, issue=issue, body="my password is 1234").events[0])
    world.run("comment.edit", repo=repo, comment=comment, body="my password is 12345")
    world.run("comment.redact", repo=repo, comment=comment)
    page = world.views.comments(repo, issue)
    assert page.total == 1
    assert json.loads(page.docs[0])["redacted"] is True
    assert b"1234" not in page.docs[0]
    assert rebuild.check(world.folder) == []
    with pytest.raises(Conflict):
        world.run("comment.edit", repo=repo, comment=comment, body="again")


def test_an_archived_repository_takes_no_writes_until_it_is_taken_out(world: World) -> None:
    repo = world.repo()
    world.run("repository.edit", repo=repo, archived=True)
    with pytest.raises(Conflict):
        world.issue(repo)
    world.run("repository.edit", repo=repo, archived=False)
    world.issue(repo)


def test_a_deleted_repository_is_gone_and_its_name_free(world: World) -> None:
    repo = world.repo()
    world.run("repository.delete", repo=repo)
    assert world.views.repo("attic") is None
    with pytest.raises(NotFound):
        world.issue(repo)
    assert world.repo() != repo


def test_anonymous_people_change_nothing(world: World) -> None:
    repo = world.repo()
    before = world.log.last_position()
    for command, args in (
        ("repository.create", {"name": "mine"}),
        ("issue.open", {"repo": repo, "title": "t"}),
        ("repository.delete", {"repo": repo}),
        ("label.create", {"repo": repo, "name": "l"}),
    ):
        with pytest.raises(Unauthenticated):
            world.run(command, ANONYMOUS, **args)
    assert world.log.last_position() == before


def submit(world: World, event: object, actor: object = ANONYMOUS) -> Answer:
    raw = event.raw  # type: ignore[attr-defined]
    return world.run(
        "event.submit",
        actor,  # type: ignore[arg-type]
        header=raw.header,
        signature=raw.signature,
        payload=raw.payload,
    )


def test_an_enrolled_key_submits_what_it_signed_and_nothing_it_may_not(world: World) -> None:
    from domain.envelope import seal
    from domain.fold.kind import write_payload
    from domain.label.created import LabelCreated

    repo = world.repo()
    issue = world.issue(repo)
    remark = world.signed(STRANGER, "comment.added.v1", repo, issue, CommentAdded(body="From afar"))
    with pytest.raises(Forbidden):
        submit(world, remark)
    genesis = seal(
        {
            "kind": "identity.created.v1",
            "seq": 1,
            "parents": [],
            "lamport": 1,
            "time": world.tick(),
            "roots": [STRANGER.did],
            "threshold": 1,
            "nonce": b"n" * 16,
        },
        write_payload(IdentityCreated(name="ada"), b"s" * 16),
        STRANGER,
    )
    with pytest.raises(Unauthenticated):
        submit(world, genesis)
    submit(world, genesis, ME)
    submit(world, remark)
    again = submit(world, remark)
    assert again.events == (), "the same event twice is there once"
    page = world.views.comments(repo, issue)
    assert [json.loads(each)["author"] for each in page.docs] == [STRANGER.did]
    label = world.signed(STRANGER, "label.created.v1", repo, repo, LabelCreated(name="l", colour="ffffff"))
    with pytest.raises(Forbidden, match="may not do this here"):
        submit(world, label)
    assert rebuild.check(world.folder) == []


def test_two_numbers_in_conflict_name_both_claimants(world: World) -> None:
    from domain.envelope import seal
    from domain.fold.kind import write_payload
    from domain.issue.opened import IssueOpened

    repo = world.repo()
    world.issue(repo)
    tip = world.projector.tip(repo)
    feed = tip.feeds[KEY.device]
    rival = seal(
        {
            "kind": "issue.opened.v1",
            "stream": repo,
            "entity": repo,
            "seq": feed.seq + 1,
            "prev": feed.id,
            "parents": sorted(tip.heads),
            "lamport": feed.lamport + 1,
            "time": 1,
        },
        write_payload(IssueOpened(title="Rival", number=1), b"r" * 16),
        KEY,
    )
    submit(world, rival, ME)
    with pytest.raises(Conflict, match="claimed by 2"):
        world.views.issue(repo, "1")
    found = world.views.issue(repo, f"1.{rival.id.hex()[:10]}")
    assert found is not None
    assert json.loads(found.doc)["title"] == "Rival"
    answer = world.run("issue.open", repo=repo, title="next")
    assert doc(answer)["number"] == 2


def test_an_act_that_voids_what_had_counted_is_told_of_with_how_to_undo_it(world: World) -> None:
    repo = world.repo()
    given = world.run("member.change", repo=repo, user=STRANGER.did, role="developer").events[0]
    label = world.signed(STRANGER, "label.created.v1", repo, repo, LabelCreated(name="mine", colour="000000"))
    parts: dict[str, Any] = {"header": label.header, "signature": label.signature, "payload": label.payload}
    with capture_logs() as told:
        world.run("event.submit", ME, **parts)
        act = world.run("member.remove", repo=repo, user=STRANGER.did, cut=[bytes.fromhex(given)]).events[0]
    (line,) = (line for line in told if line["log_level"] == "warning")
    assert (line["act"], line["events"]) == (act, 1)
    assert line["undo"] == f"gitant member admit --act {act} -R {repo.hex()}"
