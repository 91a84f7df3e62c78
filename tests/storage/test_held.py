"""What is held of strangers: seen at once, durable when settled, gone when abandoned or never settled."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.envelope import RawEvent
from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.ports_held import HeldEvent, HeldThere, Sum
from storage import held
from storage.held import SqliteHeld, Waiting, waiting
from storage.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

HERE, ELSEWHERE = StreamId(b"h" * 32), StreamId(b"e" * 32)
ADA, BEN = Did("did:key:ada"), Did("did:key:ben")


def event(number: int, *, stream: StreamId = HERE, author: Did = ADA, origin: str = "", at: int = 0) -> HeldEvent:
    name = EventId(number.to_bytes(32, "big"))
    raw = RawEvent(b"header", b"sig", b"payload")
    return HeldEvent(name, stream, author, DeviceKey(author.encode().ljust(32)), number, 100 - number, origin, at, raw)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.sqlite"


@pytest.fixture
def store(path: Path) -> Generator[SqliteHeld]:
    with closing(SqliteHeld(path)) as store:
        yield store


def test_what_is_held_is_found_summed_and_listed(store: SqliteHeld) -> None:
    events = [event(1, at=5), event(2, at=5), event(3, author=BEN, origin="n", at=4), event(4, stream=ELSEWHERE)]
    for each in [*events, event(1, at=99)]:
        store.put(each)
    assert store.get(events[0].id) == events[0]
    assert store.at(HERE, events[2].device, 3) == events[2]
    assert store.at(HERE, events[2].device, 4) is None
    assert list(store.of(HERE, ADA)) == [events[1], events[0]], "in total order"
    assert store.sum() == Sum(4, 4 * 16)
    assert store.sum(stream=HERE, author=ADA) == Sum(2, 2 * 16)
    assert store.sum(origin="n") == Sum(1, 16)
    assert store.sum(stream=StreamId(b"x")) == Sum(0, 0)
    assert list(store.streams(9)) == [HeldThere(HERE, 3, 3 * 16, 4), HeldThere(ELSEWHERE, 1, 16, 0)]
    assert [each.stream for each in store.streams(1)] == [HERE]
    first = store.page(HERE, (0, b""), 2)
    assert list(first) == [events[2], events[0]]
    assert list(store.page(HERE, (first[-1].held_ms, first[-1].id), 2)) == [events[1]]


def test_only_what_is_settled_stays(store: SqliteHeld, path: Path) -> None:
    store.put(event(1))
    store.know(HERE, BEN, 1)
    store.settle()
    store.put(event(2))
    store.drop(HERE, author=ADA, origin=None, now_ms=1)
    store.know(HERE, ADA, 1)
    assert (store.sum().events, store.knows(HERE, ADA), store.was_dropped(event(1).id)) == (0, True, True)
    store.abandon()
    assert (store.sum().events, store.knows(HERE, ADA), store.was_dropped(event(1).id)) == (1, False, False)
    store.remove(event(1).id)
    store.close()  # as a crash does, before it was settled
    assert waiting(path) == Waiting(1, 16, 0)
    with closing(SqliteHeld(path)) as again:
        assert (again.knows(HERE, BEN), again.knows(ELSEWHERE, BEN)) == (True, False)


def test_dropped_and_old_ones_are_forgotten_in_time(store: SqliteHeld, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 6):
        store.put(event(number, at=number))
    monkeypatch.setattr(held, "DROPPED_EVENTS_MAX", 1)
    assert store.drop(HERE, author=ADA, origin="nowhere", now_ms=10) == 0
    for number in (1, 2):
        store.put(event(10 + number, author=BEN))
        assert store.drop(HERE, author=BEN, origin=None, now_ms=10 + number) == 1
    assert [store.was_dropped(event(each).id) for each in (11, 12)] == [False, True]
    assert store.forget(4) == 3
    assert store.was_dropped(event(12).id)
    assert store.forget(100) == 2
    assert not store.was_dropped(event(12).id)


def test_beside_the_facts_of_the_node(path: Path, store: SqliteHeld) -> None:
    """One file for both, each with a connection of its own."""
    with closing(LocalStore(path)) as local:
        local.put("name", b"value")
        store.put(event(1))
        assert local.get("name") == b"value"
        store.settle()
        local.put("name", b"other")
    assert waiting(path.with_name("none.sqlite")).events == 0
