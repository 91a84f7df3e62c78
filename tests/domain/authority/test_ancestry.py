"""Who has whom in its past, beside a walk of everything: the same answers, at the cost that is promised."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from domain.authority import ancestry
from domain.authority.ancestry import NO_BRANCH, foresee, has_seen, locate, past_of, past_vector, vector
from domain.ids import EventId
from domain.replay.courts import StoredAct
from domain.replay.memory import MemoryHistory
from tests.making import begin, key, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.authority.ancestry import Links, Vector
    from domain.envelope import Event

BAND = 5
UNKNOWN = EventId(b"\x01" * 32)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ancestry, "BAND", BAND)


class Counting(MemoryHistory):
    """Counts what walks ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.walked: Counter[EventId] = Counter()

    def links(self, name: EventId) -> Links:
        self.walked[name] += 1
        return super().links(name)


class Told:
    """A graph with what is true of it, from sets: every event's past, and the chain it is on."""

    def __init__(self, name: str = "root") -> None:
        self.graph = Counting()
        self.genesis = begin(name)
        self.events: list[Event] = []
        self.past: dict[EventId, frozenset[EventId]] = {}
        self.chain: dict[EventId, int] = {}
        self.seq: dict[EventId, int] = {}
        self.acts: dict[EventId, int] = {}
        self._chains = 0
        self._followed: set[EventId] = set()

    def draft(self, who: str, after: Sequence[Event], prev: Event | None) -> Event:
        return write(who, "comment.added.v1", genesis=self.genesis, after=after, prev=prev)

    def add(self, event: Event) -> Event:
        """Locate an event; every answer about it is the true one."""
        assert event.id not in self.past
        names = past_of(event)
        past = frozenset(names).union(*(self.past[name] for name in names))
        if event.prev is None or event.prev in self._followed:
            self.chain[event.id], self._chains = self._chains, self._chains + 1
        else:
            self.chain[event.id] = self.chain[event.prev]
        if event.prev is not None:
            self._followed.add(event.prev)
        self.events.append(event)
        self.past[event.id], self.seq[event.id] = past, event.seq
        place = locate(self.graph, event)
        assert (place.branch, place.seq) == (self.chain[event.id], event.seq)
        assert place.acts == sum(1 << number for name, number in self.acts.items() if name in past)
        assert self.graph.place(event.id) == place
        assert past_vector(self.graph, event) == self.reach(past)
        whole = self.reach({*past, event.id})
        assert vector(self.graph, [event.id]) == whole
        assert self.graph.mark(event.id) == (None if event.lamport % BAND else whole)
        return event

    def make_act(self, event: Event) -> None:
        number = self.acts[event.id] = len(self.acts)
        self.graph.record_act(event.stream, number, StoredAct(event.id, 6, True, True, {}))

    def reach(self, names: Iterable[EventId]) -> Vector:
        found: Vector = {}
        for name in names:
            found[self.chain[name]] = max(found.get(self.chain[name], 0), self.seq[name])
        return found

    def heads(self) -> list[Event]:
        named = {name for event in self.events for name in past_of(event)}
        return [event for event in self.events if event.id not in named]


def jungle(seed: int, size: int) -> Told:
    """People who know more or less of each other, fork their feeds, and lose their trail at times."""
    dice, told = random.Random(seed), Told()
    told.add(told.genesis)
    for number in range(size):
        who = dice.choice(("root", "ann", "ben", "cat", "dan"))
        own = [event for event in told.events if event.device == key(who).device]
        prev = (dice.choice(own) if dice.random() < 0.1 else own[-1]) if own else None
        after = told.heads() if dice.random() < 0.4 else dice.sample(told.events[-8:], 1 + (len(told.events) > 1))
        if dice.random() < 0.05:
            told.graph.trails.clear()
        event = told.add(told.draft(who, after[:20], prev))
        if number % 6 == 0:
            told.make_act(event)
        some = dice.sample(told.events, min(4, len(told.events)))
        seen = [each.id in told.past[event.id] for each in some]
        assert [has_seen(told.graph, event, [each.id]) for each in some] == seen
        assert has_seen(told.graph, event, [each.id for each in some]) == all(seen)
        assert vector(told.graph, [each.id for each in some]) == told.reach(
            frozenset(each.id for each in some).union(*(told.past[each.id] for each in some))
        )
    return told


@pytest.mark.parametrize("seed", range(3))
def test_every_answer_is_that_of_a_walk_of_everything(seed: int) -> None:
    told = jungle(seed, 60)
    assert max(event.lamport for event in told.events) > 4 * BAND
    assert max(told.chain.values()) > 5, "somebody forked"


def test_an_event_that_is_not_here_yet() -> None:
    told = jungle(7, 30)
    last = told.events[-1]
    following = told.draft("root", [last], last if last.author == told.genesis.author else told.genesis)
    for event in (told.draft("eve", [last], None), told.draft("root", [last], told.genesis), following):
        place = foresee(told.graph, event)
        tip = event.prev is not None and event.prev not in told._followed
        assert place.branch == (told.chain[event.prev] if tip and event.prev else NO_BRANCH)
        assert past_vector(told.graph, event) == told.reach({*past_of(event)}.union(told.past[last.id]))
        assert has_seen(told.graph, event, [told.genesis.id, last.id])
        assert not has_seen(told.graph, event, [event.id])
        assert not has_seen(told.graph, event, [UNKNOWN])
        assert not has_seen(told.graph, event, [last.id, UNKNOWN])
    ahead = told.draft("eve", [following], None)
    assert foresee(told.graph, ahead) == (NO_BRANCH, 1, 0), "of what is not here, nothing is known"


def test_events_that_follow_all_there_is_take_no_walk() -> None:
    told = Told()
    graph, last = told.graph, {"root": told.genesis}
    locate(graph, told.genesis)
    event = told.genesis
    for number in range(6 * BAND):
        who = ("root", "ann", "ben")[number % 3]
        event = last[who] = told.draft(who, [event], last.get(who))
        place = locate(graph, event)
        past_vector(graph, event)
        assert not graph.walked
        assert place.branch == number % 3
    early = told.draft("cat", [told.genesis], None)
    locate(graph, early)
    late = told.draft("cat", [event], early)
    while late.lamport % BAND:
        locate(graph, late)
        event = late
        late = told.draft("cat", [event], event)
    assert not graph.walked
    locate(graph, late)
    assert graph.walked, "it had not followed, and at a mark the whole past has to be there"
    graph.walked.clear()
    locate(graph, told.draft("cat", [late], late))
    assert not graph.walked, "from a mark on it follows again"


def test_a_walk_ends_at_marks_and_goes_nowhere_twice() -> None:
    told = Told()
    graph, last = told.graph, {"root": told.genesis}
    locate(graph, told.genesis)
    rows = [[told.genesis]]
    for number in range(8 * BAND):  # two by two, each after both before it
        row = rows[-1]
        pair = [told.draft(who, row, last.get(who)) for who in ("ann", "ben")]
        for who, event in zip(("ann", "ben"), pair, strict=True):
            locate(graph, event)
            last[who] = event
        assert pair[0].lamport == number + 2
        rows.append(pair)
    graph.trails.clear()
    asked: Counter[EventId] = Counter()
    honest = graph.mark

    def mark(name: EventId) -> Vector | None:
        asked[name] += 1
        return honest(name)

    graph.mark = mark  # type: ignore[method-assign]
    end = told.draft("cat", rows[-1], None)
    assert vector(graph, past_of(end)) == {0: 1, 1: 8 * BAND, 2: 8 * BAND}
    assert set(asked.values()) == {1}
    assert len(asked) <= 2 * BAND
    asked.clear()
    marked = next(row for row in reversed(rows) if row[0].lamport % BAND == 0)
    before = rows[rows.index(marked) - 1]
    older = rows[rows.index(marked) - 3]
    vector(graph, [marked[0].id, before[0].id, before[1].id, older[0].id])
    assert set(asked) == {marked[0].id}, "the mark says it all, to the last event of each branch"
