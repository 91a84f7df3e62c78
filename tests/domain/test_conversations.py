"""Locks end only when they are named; reactions are everybody's own; what words name goes when they are redacted."""

from __future__ import annotations

from domain.comment.state import CommentState
from domain.issue.state import IssueState
from domain.limits import MENTIONS_PER_EVENT_MAX, REACTION_ADDITIONS_MAX
from domain.reaction.contents import counts, reactors
from tests.making import Story, key


def issue_of(story: Story) -> IssueState:
    state = story.state(story.events[1])
    assert isinstance(state, IssueState)
    return state


def test_a_lock_that_an_unlocking_has_not_seen_goes_on() -> None:
    story = Story()
    issue = story.issue()
    lock = story.write("root", "issue.locked.v1", {"reason": "one", "replaces": []}, on=issue)
    other = story.write("root", "issue.locked.v1", {"reason": "two", "replaces": []}, on=issue)
    story.write("root", "issue.unlocked.v1", {"replaces": [lock.id]}, on=issue)
    assert issue_of(story).locked
    assert issue_of(story).lock_reason == "two"
    assert len(issue_of(story).lock.conflict) == 2
    story.write("root", "issue.unlocked.v1", {"replaces": [other.id, story.events[-1].id]}, on=issue)
    assert not issue_of(story).locked
    assert issue_of(story).lock_reason == ""


def test_only_roots_lock_and_pin() -> None:
    story = Story()
    issue = story.issue("bob")
    for kind, payload in (
        ("issue.locked.v1", {"replaces": []}),
        ("issue.unlocked.v1", {"replaces": []}),
        ("issue.pinned.v1", {"pinned": True, "replaces": []}),
    ):
        assert story.verdict(story.write("bob", kind, payload, on=issue)).reason == "no-authority"


def test_a_cut_is_sorted() -> None:
    story = Story()
    issue = story.issue()
    low, high = sorted([issue.id, story.genesis.id])
    for cut, reason in (([high, low], "payload-invalid"), ([low, low], "payload-invalid"), ([low, high], ""), ([], "")):
        event = story.write("root", "issue.locked.v1", {"cut": cut, "replaces": []}, on=issue)
        assert story.verdict(event).reason == reason


def test_nobody_takes_back_what_others_gave() -> None:
    story = Story()
    issue = story.issue()
    given = [story.write(who, "reaction.added.v1", {"content": "heart"}, on=issue) for who in ("bob", "carol")]
    names = [event.id for event in given]
    story.write("root", "reaction.removed.v1", {"content": "heart", "observed": names}, on=issue)
    assert counts(issue_of(story).reactions) == {"heart": 2}
    story.write("bob", "reaction.removed.v1", {"content": "heart", "observed": names}, on=issue)
    assert reactors(issue_of(story).reactions) == [("heart", key("carol").did)]


def test_the_same_reaction_over_and_over_is_kept_a_few_times() -> None:
    story = Story()
    issue = story.issue()
    comment = story.write("bob", "comment.added.v1", {"body": "So it is."}, on=issue)
    for _ in range(3 * REACTION_ADDITIONS_MAX):
        story.write("bob", "reaction.added.v1", {"content": "+1"}, on=comment)
    state = story.state(comment)
    assert isinstance(state, CommentState)
    assert counts(state.reactions) == {"+1": 1}
    (standing,) = state.reactions.added.values()
    assert len(standing) == REACTION_ADDITIONS_MAX


def test_there_are_eight_reactions() -> None:
    story = Story()
    issue = story.issue()
    event = story.write("bob", "reaction.added.v1", {"content": "shrug"}, on=issue)
    assert story.verdict(event).reason == "payload-invalid"


def test_links_are_bounded_dids_and_redactable() -> None:
    story = Story()
    issue = story.issue()
    people = [key(f"person {number}").did for number in range(MENTIONS_PER_EVENT_MAX + 1)]
    for mentions, reason in ((people, "payload-invalid"), (["kay"], "payload-invalid"), (people[1:], "")):
        event = story.write("bob", "comment.added.v1", {"body": "Look.", "mentions": mentions}, on=issue)
        assert story.verdict(event).reason == reason
    said = story.events[-1]
    state = story.state(said)
    assert isinstance(state, CommentState)
    assert [linked[1] for linked in state.links.values()] == [tuple(people[1:])]
    story.write("bob", "event.redacted.v1", {"events": [said.id]}, on=said)
    state = story.state(said)
    assert isinstance(state, CommentState)
    assert not state.links
