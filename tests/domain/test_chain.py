"""An event against its past: what is missing, what does not fit, and that void ancestors count."""

from __future__ import annotations

import pytest

from domain.chain import Link, check_links
from domain.envelope import RawEvent, open_event
from domain.errors import MissingParents, Rejected
from tests.making import Node, Story, begin, write


def test_a_genesis_has_no_past() -> None:
    check_links(begin(), lambda _: None)


def test_what_is_missing_is_named_sorted() -> None:
    story = Story()
    a, b = (write(name, "x", genesis=story.genesis) for name in ("a", "b"))
    child = write("a", "x", genesis=story.genesis, after=[a, b], prev=a)
    with pytest.raises(MissingParents) as missing:
        check_links(child, lambda _: None)
    assert missing.value.missing == tuple(sorted([a.id, b.id]))
    known = {a.id: Link(a.stream, a.device, a.seq, a.lamport)}
    with pytest.raises(MissingParents) as missing:
        check_links(child, known.get)
    assert missing.value.missing == (b.id,)


def test_missing_comes_before_what_does_not_fit() -> None:
    """A mismatch is only final when the whole past is here, so nothing is blamed too early."""
    story = Story()
    a = write("a", "x", genesis=story.genesis)
    child = write("b", "x", genesis=story.genesis, after=[a], lamport=99)
    with pytest.raises(MissingParents):
        check_links(child, story.node.link)
    story.node.receive(a.raw)
    with pytest.raises(Rejected, match="lamport-wrong"):
        check_links(child, story.node.link)


def test_prev_counts_for_lamport_and_need_not_be_a_parent() -> None:
    story = Story()
    first = story.issue("bob")
    late = story.draft("bob", "comment.added.v1", {"body": "x"}, on=first, after=[story.genesis])
    assert first.id not in late.parents
    assert late.lamport == first.lamport + 1
    check_links(late, story.node.link)


def test_void_ancestors_count_like_any_other() -> None:
    story = Story()
    nothing = story.write("eve", "label.created.v1", {"name": "mine", "colour": "000000"})
    assert not story.verdict(nothing).accepted
    honest = story.issue("bob")
    assert honest.parents == (nothing.id,)
    assert honest.lamport == nothing.lamport + 1
    assert story.verdict(honest).accepted


def test_a_fork_is_kept() -> None:
    """Two events in one place of a feed are both good: the proof is for people, and voids nothing."""
    story = Story()
    one = story.issue("bob", "One")
    two = story.draft("bob", "issue.opened.v1", {"title": "Two", "number": 1}, after=[story.genesis], prev=None)
    assert (one.device, one.seq) == (two.device, two.seq)
    applied = story.node.receive(two.raw)
    assert applied is not None
    assert applied.verdict.accepted
    for branch in (one, two):
        story.last["bob"] = branch
        assert story.verdict(story.write("bob", "comment.added.v1", {"body": "x"}, on=one)).accepted


def test_a_stream_begins_at_its_genesis() -> None:
    story = Story()
    issue = story.issue("bob")
    with pytest.raises(MissingParents):
        Node().receive(issue.raw)


def test_a_payload_may_come_later_than_its_header() -> None:
    story = Story()
    draft = story.draft("bob", "issue.opened.v1", {"title": "One", "number": 1})
    bare = RawEvent(draft.header, draft.signature, None)
    assert open_event(bare).id == draft.id
    with pytest.raises(Rejected, match="payload-missing"):
        story.node.receive(bare)
    assert story.node.receive(draft.raw) is not None
