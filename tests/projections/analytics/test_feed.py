"""The law of the analytics: fed in any steps they are what they are when begun from nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.analytics import feed
from tests.making import Story
from tests.projections.analytics.shelves import Shelves

if TYPE_CHECKING:
    from pathlib import Path

    from domain.envelope import Event

WORDS = ["dust", "shelf", "box", "lamp", "attic", "ladder", "window", "mouse"]


class Tale:
    """A repository where people, strangers among them, do all that changes a fact, from what they happen to see."""

    def __init__(self, seed: int, root: str) -> None:
        self.dice = random.Random(seed)
        self.story = Story(root, nonce=seed.to_bytes(16, "big"))
        self.root = root
        self.labels: list[Event] = []
        self.issues: list[Event] = []
        self.comments: list[Event] = []
        self.statuses: dict[bytes, list[bytes]] = {}

    def tell(self, length: int) -> list[Event]:
        """So many events more."""
        before = len(self.story.events)
        self.issues.append(self.story.issue(self.root, self.words()))
        self.labels.append(self.label(self.root))
        for _ in range(length):
            self.act(self.dice.choice([self.root, self.root, "stranger"]))
        return self.story.events[before:]

    def words(self) -> str:
        return " ".join(self.dice.choices(WORDS, k=self.dice.randint(1, 6)))

    def label(self, who: str) -> Event:
        fields = {"name": f"{self.words()} {len(self.labels)}", "colour": "d73a4a", "description": ""}
        return self.story.write(who, "label.created.v1", fields)

    def act(self, who: str) -> None:
        dice, story = self.dice, self.story
        issue = dice.choice(self.issues)
        label = dice.choice(self.labels)
        seen = {"after": [dice.choice(story.events[-6:])]}
        seen["after"] = [event for event in seen["after"] if event.lamport >= issue.lamport] or [issue]
        choice = dice.randrange(8)
        if choice == 0:
            self.issues.append(story.issue(who, self.words()))
        elif choice == 1:
            self.comments.append(story.write(who, "comment.added.v1", {"body": self.words()}, on=issue, **seen))
        elif choice == 2:
            replaces = self.statuses.setdefault(issue.id, [issue.id])
            kind = dice.choice(["issue.closed.v1", "issue.reopened.v1"])
            replaced = dice.sample(replaces, dice.randint(0, len(replaces)))
            extra = {"reason": "completed"} if kind == "issue.closed.v1" else {}
            replaces.append(story.write(who, kind, {"replaces": replaced, **extra}, on=issue, **seen).id)
        elif choice == 3:
            story.write(who, "issue.labelled.v1", {"add": [label.id]}, on=issue)
        elif choice == 4:
            story.write(who, "label.renamed.v1", {"name": f"{self.words()} again", "replaces": [label.id]}, on=label)
        elif choice == 5 and self.comments:
            comment = dice.choice(self.comments)
            story.write(who, "event.redacted.v1", {"events": [comment.id]}, on=comment)
        elif choice == 6:
            oid = dice.randbytes(20)
            move: dict[str, Any] = {"ref": "refs/heads/main", "old": None, "new": oid, "replaces": []}
            story.write(who, "refs.moved.v1", {"moves": [move]})
        else:
            story.write(who, "issue.retitled.v1", {"title": self.words(), "replaces": []}, on=issue)


def shuffled(events: list[Event], dice: random.Random) -> list[Event]:
    """Another order of arrival in which parents still come first."""
    waiting = list(events)
    order: list[Event] = []
    here: set[bytes] = set()
    while waiting:
        event = dice.choice([each for each in waiting if {*each.parents, *filter(None, [each.prev])} <= here])
        waiting.remove(event)
        here.add(event.id)
        order.append(event)
    return order


@pytest.mark.slow
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), steps=st.lists(st.integers(1, 20), min_size=1, max_size=3), rows=st.integers(4, 30))
def test_fed_in_steps_or_at_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: list[int], rows: int
) -> None:
    shelves = Shelves(tmp_path_factory.mktemp("analytics"))
    dice = random.Random(seed)
    tales = [Tale(seed, "root"), Tale(seed + 1, "other")]
    events = [event for tale in tales for event in (tale.story.genesis, *tale.tell(20))]
    arriving = shuffled(events, dice)
    batch, feed.BATCH_ROWS = feed.BATCH_ROWS, rows  # type: ignore[misc]  # small enough to be met often
    try:
        for step in steps:
            shelves.arrive(arriving[:step])
            del arriving[:step]
            shelves.feed()
        shelves.arrive(arriving)
        shelves.feed()
        assert shelves.tables() == shelves.fresh()
        assert len(shelves.tables()["events"]) == len(events)
    finally:
        feed.BATCH_ROWS = batch  # type: ignore[misc]
        shelves.close()


def test_a_feed_that_was_cut_short_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelves = Shelves(tmp_path / "node")
    tale = Tale(3, "root")
    tale.tell(40)
    shelves.arrive(tale.story.events)
    monkeypatch.setattr(feed, "BATCH_ROWS", 7)
    appended = feed._append
    calls = 0

    def failing(*args: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        appended(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(feed, "_append", failing)
    try:
        shelves.feed()
    except KeyboardInterrupt:
        monkeypatch.setattr(feed, "_append", appended)
    assert 0 < len(shelves.tables()["events"]) < len(tale.story.events)
    tale.tell(10)
    shelves.arrive(tale.story.events)
    shelves.feed()
    assert shelves.tables() == shelves.fresh()


def test_another_log_begins_anew(tmp_path: Path) -> None:
    one, other = Shelves(tmp_path / "one"), Shelves(tmp_path / "other")
    for shelves, seed in ((one, 1), (other, 2)):
        tale = Tale(seed, "root")
        tale.tell(12)
        shelves.arrive(tale.story.events)
    one.feed()
    other.feed(one.analytics)
    assert other.tables(one.analytics) == other.fresh()
