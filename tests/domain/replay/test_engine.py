"""The engine step by step: what the laws once found, and what it says of each event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.canonical import encode
from domain.comment.state import CommentState
from domain.envelope import read_own
from domain.issue.state import IssueState
from domain.refs.state import RefState
from domain.replay.states import States
from domain.repository.state import RepositoryState
from domain.verdict import ACCEPTED, void
from tests.laws.world import enrolment
from tests.making import SALT, Node, Story, key

if TYPE_CHECKING:
    from domain.fold.kind import State

MOVE: dict[str, Any] = {"ref": "refs/heads/main", "old": None, "new": bytes(20), "replaces": []}


def issue_state(story: Story, name: bytes) -> IssueState:
    state = story.node.state(name)
    assert isinstance(state, IssueState)
    return state


def comment_state(node: Node, name: bytes) -> CommentState:
    state = node.state(name)
    assert isinstance(state, CommentState)
    return state


def test_one_event_and_what_it_changed() -> None:
    story = Story()
    issue = story.issue("bob")
    draft = story.draft("carol", "comment.added.v1", {"body": "Yes."}, on=issue)
    applied = story.node.receive(draft.raw)
    assert applied is not None
    assert applied.event == draft.id
    assert applied.verdict is ACCEPTED
    assert set(applied.states) == {issue.id, draft.id}
    assert applied.rejudged == []
    assert issue_state(story, issue.id).comments == 1


def test_what_nobody_touched_has_no_state() -> None:
    story = Story()
    assert story.node.engine.state(bytes(32)) is None


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_kept_weighs_what_it_was_folded_from(at_once: bool) -> None:
    """Whether each event is folded as it comes, or the last one makes the engine fold all of them again."""
    story = Story()
    issue = story.issue("bob")
    header: dict[str, Any] = {"on": issue, "after": [issue]}
    edits = [
        story.draft(who, "issue.retitled.v1", {"title": title, "replaces": [issue.id]}, **header)
        for who, title in (("root", "Two"), ("bob", "Three"))
    ]
    edits.sort(key=lambda event: event.order, reverse=not at_once)
    weight = sum(len(event.payload or b"") for event in (issue, *edits))
    for bytes_max, stays in ((weight, True), (weight - 1, False)):
        states = States(bytes_max=bytes_max, states_min=0)
        node = Node(states)
        for event in (story.genesis, issue, *edits):
            node.apply(event)
        assert (states.find(issue.id) is not None) is stays


def test_an_event_that_moves_many_refs_weighs_once() -> None:
    """Folded at once, and again when it was dropped."""
    story = Story()
    moves = [{**MOVE, "ref": f"refs/heads/{name}"} for name in "abc"]
    moved = story.write("root", "refs.moved.v1", {"moves": moves})
    keys = [key for key in story.node.history.touched() if isinstance(story.node.engine.state(key), RefState)]
    assert len(keys) == len(moves)
    share = len(moved.payload or b"") // len(moves)
    for spare, kept in ((0, 3), (-1, 2)):
        states = States(bytes_max=3 * share + spare, states_min=0)
        node = Node(states)
        node.apply(story.genesis)
        node.apply(moved)
        assert sum(states.find(key) is not None for key in keys) == kept
        states.clear()
        for name in keys:
            node.state(name)
        assert sum(states.find(key) is not None for key in keys) == kept


def test_a_non_canonical_payload_is_void_on_every_replay() -> None:
    """Its bytes are in the log like any other, so being stored says nothing of them."""
    story = Story()
    payload = b"\xbf" + encode({"salt": SALT, "title": "One", "number": 1})[1:] + b"\xff"
    issue = story.write("bob", "issue.opened.v1", payload)
    again = Node()
    for event in story.events:
        again.apply(event)
    assert story.verdict(issue) == again.verdict(issue) == void("payload-not-canonical")


def test_a_body_edit_from_before_its_comment_is_void() -> None:
    """It would be folded first, onto nothing; its writer forked its feed to sort before what it names."""
    story = Story()
    issue = story.issue("bob")
    comment = story.write("bob", "comment.added.v1", {"body": "Yes."}, on=issue)
    edit = {"base": [comment.id], "splices": [{"at": 0, "cut": 0, "text": "x"}]}
    early = story.draft("bob", "body.edited.v1", edit, on=comment, after=[story.genesis], prev=None)
    applied = story.node.receive(early.raw)
    assert applied is not None
    assert applied.verdict == void("entity-later")
    assert comment_state(story.node, comment.id).body.value == "Yes."
    late = story.write("bob", "body.edited.v1", edit, on=comment)
    assert story.verdict(late) is ACCEPTED


def test_a_thing_that_arrives_late_wakes_what_acts_on_it_and_so_on() -> None:
    """On this node they come last to first: none has the thing it acts on among its parents."""
    story = Story()
    side = story.write("root", "repository.described.v1", {"description": "x", "replaces": []})
    for _ in range(4):
        side = story.write("root", "repository.described.v1", {"description": "x", "replaces": []})
    issue = story.draft("bob", "issue.opened.v1", {"title": "One", "number": 1}, after=[story.genesis])
    comment = story.draft("carol", "comment.added.v1", {"body": "Yes."}, entity=issue.id, after=[story.events[2]])
    edit = {"base": [comment.id], "splices": [{"at": 0, "cut": 3, "text": "No"}]}
    edited = story.draft("root", "body.edited.v1", edit, entity=comment.id, after=[side])
    for event, reason in ((edited, "entity-unknown"), (comment, "entity-unknown")):
        applied = story.node.receive(event.raw)
        assert applied is not None
        assert applied.verdict == void(reason)
    assert story.verdict(edited) == void("entity-void")
    applied = story.node.receive(issue.raw)
    assert applied is not None
    assert applied.rejudged == [comment.id, edited.id]
    assert set(applied.states) == {issue.id, comment.id}
    assert story.verdict(edited) is ACCEPTED
    assert comment_state(story.node, comment.id).body.value == "No."


def test_a_redaction_makes_an_unusable_comment_a_hole_and_wakes_what_acts_on_it() -> None:
    """Nodes without the bytes cannot know that they were unusable, so nobody may look."""
    story = Story()
    issue = story.issue("bob")
    comment = story.write("carol", "comment.added.v1", {"body": "\0 my address is"}, on=issue)
    edit = {"text": "Sorry.", "replaces": []}
    reset = story.write("carol", "body.reset.v1", edit, on=comment)
    assert story.verdict(comment) == void("payload-invalid")
    assert story.verdict(reset) == void("entity-void")
    story.write("root", "event.redacted.v1", {"events": [comment.id]}, on=issue)
    assert story.verdict(comment) is ACCEPTED
    assert story.verdict(reset) is ACCEPTED
    state = comment_state(story.node, comment.id)
    assert state.redacted
    assert state.body.value == "Sorry."


@pytest.mark.parametrize("states_max", [1, 100])
def test_redacting_a_creation_keeps_what_followed(states_max: int) -> None:
    """With its state out of the cache, the comment was once folded from the redacted event alone."""
    story = Story()
    node = Node(States(states_max=states_max))
    issue = story.issue("bob")
    comment = story.write("carol", "comment.added.v1", {"body": "My address is …"}, on=issue)
    story.write("carol", "body.reset.v1", {"text": "Forget it.", "replaces": [comment.id]}, on=comment)
    other = story.issue("bob", "Two")
    redaction = story.write("root", "event.redacted.v1", {"events": [comment.id]}, on=issue)
    for event in story.events[:-1]:
        node.apply(event)
    assert node.state(other.id).key == other.id
    applied = node.apply(redaction)
    assert applied is not None
    shown = applied.states[comment.id]
    assert isinstance(shown, CommentState)
    assert shown.redacted
    assert shown.body.value == "Forget it."


def test_many_redactions_of_one_thing_fold_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story()
    issue = story.issue("bob")
    titles = [story.write("bob", "issue.retitled.v1", {"title": str(n), "replaces": []}, on=issue) for n in range(9)]
    folds: list[bytes] = []
    refold = story.node.engine._refold

    def watched(key: bytes) -> State | None:
        folds.append(key)
        return refold(key)

    monkeypatch.setattr(story.node.engine, "_refold", watched)
    story.write("bob", "event.redacted.v1", {"events": [title.id for title in titles]}, on=issue)
    assert folds == [issue.id]
    assert [write.value for write in issue_state(story, issue.id).title.current] == ["Broken"]


def test_a_redaction_of_what_its_signer_had_not_seen_is_void_whichever_comes_first() -> None:
    for forget_first in (True, False):
        story = Story()
        issue = story.issue("bob")
        comment = story.draft("carol", "comment.added.v1", {"body": ""}, on=issue)
        forget = story.draft("root", "event.redacted.v1", {"events": [comment.id]}, on=issue)
        for event in (forget, comment) if forget_first else (comment, forget):
            story.node.receive(event.raw)
        assert story.verdict(forget) == void("redaction-invalid")
        seen = story.draft("root", "event.redacted.v1", {"events": [comment.id]}, on=issue, after=[comment, forget])
        applied = story.node.receive(seen.raw)
        assert applied is not None
        assert applied.verdict is ACCEPTED
        assert comment.id in applied.rejudged


def test_a_repository_s_description_can_be_redacted() -> None:
    story = Story()
    start = {"description": "call me at", "replaces": [story.genesis.id]}
    described = story.write("root", "repository.described.v1", start)
    story.write("root", "event.redacted.v1", {"events": [described.id]})
    state = story.node.state(story.genesis.id)
    assert isinstance(state, RepositoryState)
    assert [write.value for write in state.description.current] == [""]


def test_a_redacted_issue_is_a_hole_with_its_history() -> None:
    story = Story()
    issue = story.issue("bob", "My password is", "hunter2")
    story.write("root", "issue.closed.v1", {"reason": "", "replaces": [issue.id]}, on=issue)
    story.write("bob", "event.redacted.v1", {"events": [issue.id]}, on=issue)
    state = issue_state(story, issue.id)
    assert state.title.value == "[redacted]"
    assert (state.number, state.body.present, state.open) == (0, False, False)


def test_forgetting_the_cache_changes_nothing() -> None:
    story = Story()
    issue = story.issue("bob")
    story.write("bob", "comment.added.v1", {"body": "x"}, on=issue)
    story.node.engine.forget()
    assert issue_state(story, issue.id).comments == 1


def test_a_too_large_edit_becomes_accepted_when_an_earlier_one_goes() -> None:
    """A verdict found by folding moves with what sorts before it, and is the same on a node that folds afresh."""
    story = Story()
    issue = story.issue("bob", body="x" * 1000)
    chunk = "y" * 49_152
    edits = []
    base = issue.id
    for _ in range(22):
        splice = {"at": 0, "cut": 0, "text": chunk}
        edits.append(story.write("bob", "body.edited.v1", {"base": [base], "splices": [splice]}, on=issue))
        base = edits[-1].id if story.verdict(edits[-1]).accepted else base
    assert [story.verdict(edit) for edit in edits] == [ACCEPTED] * 21 + [void("too-large")]
    story.write("bob", "event.redacted.v1", {"events": [edits[20].id]}, on=issue)
    assert story.verdict(edits[21]) is ACCEPTED
    state = issue_state(story, issue.id)
    assert edits[21].id in state.body.stranded, "its base was redacted"
    again = Node()
    for event in story.events:
        again.apply(event)
    assert again.history.verdicts == story.node.history.verdicts


def test_who_turns_out_to_have_had_nothing_left_gives_nothing_back() -> None:
    """Bob leaves from his second device; that he was blocked before then is heard of last."""
    story = Story()
    grant = story.write("root", "member.granted.v1", {"principal": key("bob").did, "role": "developer"})
    move = story.draft("bob", "refs.moved.v1", {"moves": [MOVE]}, after=[grant])
    device: dict[str, Any] = {"author": key("bob").did, "enrolment": enrolment("bob/plain")}
    leave = story.draft("bob/plain", "member.revoked.v1", {"principal": key("bob").did}, after=[grant], **device)
    block = story.draft("root", "member.blocked.v1", {"principal": key("bob").did}, after=[move])
    for order in ((move, leave, block), (leave, move, block), (move, block, leave)):
        node = Node()
        for event in (story.genesis, grant, *order[:2]):
            node.apply(event)
        if block not in order[:2]:
            assert node.verdict(move) == void("revoked-meanwhile")
        node.apply(order[2])
        assert node.verdict(move) is ACCEPTED, "it is in the past of the block's cut"


def test_a_payload_that_is_gone_without_a_redaction() -> None:
    """So it is in a damaged log, or where a redaction that a later cut voided had its bytes dropped."""
    story = Story()
    issue = story.issue("bob")
    comment = story.draft("bob", "comment.added.v1", {"body": "Yes."}, on=issue)
    moved = story.draft("root", "refs.moved.v1", {"moves": [MOVE]})
    for event, verdict in ((comment, ACCEPTED), (moved, void("payload-invalid"))):
        applied = story.node.engine.apply(read_own(event.header, event.signature, None))
        assert applied.verdict == verdict
    assert comment_state(story.node, comment.id).redacted
