"""What becomes of rows that wait, are not wanted, or lack something; the index that forgets comes to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.envelope import RawEvent, open_event
from gitant.bundles.dry import DryIndex
from replication.bundle.parts import BundleFault, Rows
from replication.bundle.unpacking import Unpacking
from replication.effects import Outcome
from replication.limits import Limits
from replication.records import Follows, Identity
from tests.making import Story, key
from tests.replication import bundles
from tests.replication.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from replication.effects import Store

ME = Identity(key("me").did, frozenset({key("me").device}))


class _Taking:
    """A stream on its way into a shelf, and into an index that forgets, which must see the same."""

    def __init__(self, story: Story, follows: Follows, limits: Limits | None = None) -> None:
        self.shelf = Shelf()
        self.dry = DryIndex(Shelf(), story.genesis.stream)
        self.stores: list[Store] = []
        self._real, self._trial = (
            Unpacking(story.genesis.stream, ME, index, follows, limits) for index in (self.shelf, self.dry)
        )

    def take(self, parts: Sequence[Rows]) -> Unpacking:
        for one in (self._trial, self._real):
            for rows in parts:
                one.take(rows)
                self._store(one)
            one.end()
            self._store(one)
        assert self._real.declined == self._trial.declined
        stored = self.shelf.names(self._real.stream)
        assert all(self.dry.link(name) == self.shelf.link(name) for name in stored)
        assert set(self.dry.tips(self._real.stream)) == set(self.shelf.tips(self._real.stream))
        self.dry.close()
        self._real.check_end()
        return self._real

    def _store(self, one: Unpacking) -> None:
        while stores := one.stores():
            for store in stores:
                if one is self._real:
                    self.stores.append(store)
                    for event in store.events:
                        self.shelf.put(event)
                else:
                    self.dry.keep(store.events, store.holes)
                one.stored(store.token, Outcome.STORED)


def singly(events: Sequence[Event]) -> list[Rows]:
    return [bundles.rows([event]) for event in events]


def bare(event: Event) -> Event:
    """The event as it is once its payload is gone."""
    return open_event(RawEvent(event.header, event.signature, None))


def test_what_a_blocked_writer_said_comes_along_when_others_build_on_it() -> None:
    story = Story()
    asked = story.issue("bob")
    answer = story.write("root", "comment.added.v1", {"body": "So it is."}, on=asked)
    ignored = story.write("bob", "comment.added.v1", {"body": "Well."}, on=asked)
    follows = Follows(everything=True, blocked=frozenset({key("bob").did}))
    for parts in ([bundles.rows(story.events)], singly(story.events)):
        taking = _Taking(story, follows)
        assert taking.take(parts).declined == 1
        assert taking.shelf.names(story.genesis.stream) == {story.genesis.id, asked.id, answer.id}
        assert taking.shelf.link(ignored.id) is None


def test_a_withdrawn_payload_waits_for_its_withdrawal_and_one_that_is_withheld_for_nobody() -> None:
    story = Story()
    issue = story.issue("bob")
    other = story.issue("bob", "Another")
    gone = story.write("root", "event.redacted.v1", {"events": [issue.id]}, on=issue)
    for parts in ([Rows(rows=[bundles.row(each) for each in _with(story, issue)])], singly(_with(story, issue))):
        taking = _Taking(story, Follows(everything=True))
        taking.take(parts)
        assert taking.shelf.names(story.genesis.stream) == {event.id for event in story.events}
        (store,) = [store for store in taking.stores if store.holes]
        assert store.holes == {issue.id}
        assert gone.id in {event.id for event in store.events}  # both at once, so that it is never uncovered
    taking = _Taking(story, Follows(everything=True))
    taking.take(singly(_with(story, other)))
    assert taking.shelf.uncovered(story.genesis.stream, 10) == [other.id]
    none = Limits(uncovered=0)
    with pytest.raises(BundleFault, match="2 events lack something"):
        _Taking(story, Follows(everything=True), none).take(singly(_with(story, other)))


def test_only_so_many_branches_of_a_feed_are_taken() -> None:
    story = Story()
    drafts = [story.draft("bob", "issue.opened.v1", {"title": f"Twin {n}", "number": 1}) for n in range(7)]
    twins = sorted(drafts, key=lambda event: event.id)
    parts = singly([story.genesis, *twins])
    taking = _Taking(story, Follows(everything=True))
    limit = Limits().feed_branches
    assert taking.take(parts).declined == len(twins) - limit
    assert {twin.id for twin in twins[:2]} <= taking.shelf.names(story.genesis.stream)


def _with(story: Story, hole: Event) -> list[Event]:
    return [bare(event) if event.id == hole.id else event for event in story.events]
