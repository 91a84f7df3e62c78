"""What the network simulator (docs/simulation.md) has found in the core, each as the shortest story that shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from replication.effects import Outcome
from replication.limits import Limits
from replication.records import Follows, Phase
from tests.making import Story, key
from tests.replication.pair import Net

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event
    from replication.effects import ReadFeeds, ReadIds, ReadVouched, Rows, Store


def story(events: int) -> Story:
    made = Story()
    for _ in range(events):
        made.issue("root")
    return made


def test_a_stream_that_was_wanted_here_and_turns_out_private_is_not_given_to_who_wants_it_too() -> None:
    made = story(3)
    stream = made.genesis.stream
    net, wish = Net(), Follows(streams=frozenset({stream}))
    a = net.side("a", follows=wish)
    b = net.side("b", follows=wish)
    a.shelf.readers[stream] = {key("a").did}
    net.connect("a", "b")
    net.wave()
    net.appends("a", *made.events)  # what each wants is on its way to the other
    net.run()
    net.later(120_000)
    assert not b.shelf.by_id
    assert ("a", "feeds") not in net.said


def test_rows_that_are_read_while_their_reader_is_removed_are_not_sent() -> None:
    made = story(3)
    stream = made.genesis.stream
    net = Net()
    a = net.side("a", made.events)
    b = net.side("b", follows=Follows(streams=frozenset({stream})))
    a.shelf.readers[stream] = {key("a").did, key("b").did}
    read = a.shelf.read

    def remove_meanwhile(query: ReadFeeds | ReadIds | ReadVouched) -> Rows:
        rows = read(query)
        a.shelf.readers[stream] = {key("a").did}
        net.appends("a", made.issue("root"))
        return rows

    a.shelf.read = remove_meanwhile  # type: ignore[method-assign]
    net.connect("a", "b")
    net.run()
    assert not b.shelf.by_id


def test_a_stream_waits_for_its_turn_and_not_for_itself() -> None:
    made = story(3)
    hers = [made.draft("alice", "comment.added.v1", {"body": "?"}, on=made.events[1], after=[made.genesis])]
    hers.append(made.draft("alice", "comment.added.v1", {"body": "!"}, on=made.events[1], after=hers, prev=hers[0]))
    net, one_at_a_time = Net(), Limits(streams_syncing=1)
    for name, events in (("a", made.events), ("b", [made.genesis, *hers])):
        side = net.side(name, events, limits=one_at_a_time)
        side.shelf.read = all_but_the_last_at_first(side.shelf.read)  # type: ignore[assignment,method-assign]
    net.connect("a", "b")
    net.run()
    assert {side.phase(made.genesis.stream).pop() for side in net.sides.values()} == {Phase.COMPARING}
    net.later(300_000)
    assert {side.phase(made.genesis.stream).pop() for side in net.sides.values()} == {Phase.EQUAL}


def all_but_the_last_at_first(
    read: Callable[[ReadFeeds | ReadIds | ReadVouched], Rows],
) -> Callable[[ReadFeeds | ReadIds | ReadVouched], Rows]:
    reads = list[int]()

    def partly(query: ReadFeeds | ReadIds | ReadVouched) -> Rows:
        rows = read(query)
        reads.append(len(rows.rows))
        return replace(rows, rows=rows.rows[:-1]) if len(reads) == 1 else rows

    return partly


def test_what_waits_does_not_rest_on_what_could_not_be_stored() -> None:
    made = story(2)
    before = made.issue("root")
    secret = made.write("root", "comment.added.v1", {"body": "Oh."}, on=before)
    redaction = made.write("root", "event.redacted.v1", {"events": [secret.id], "reason": ""}, on=secret)
    net = Net()
    a = net.side("a", made.events[:3])
    b = net.side("b", made.events[:3])
    net.connect("a", "b")
    net.run()
    a.shelf.redactions.add(secret.id)
    stored: list[list[Event]] = []

    def full_at_first(store: Store) -> Outcome:
        stored.append(list(store.events))
        return Outcome.FAILED if len(stored) == 1 else Outcome.STORED

    b.storing = full_at_first
    net.appends("a", before, secret)
    net.run()
    net.appends("a", redaction)
    net.run()
    net.later(300_000)
    assert stored[0] == [before]
    assert b.phase(made.genesis.stream) == {Phase.EQUAL}
    assert redaction.id in b.shelf.by_id


@pytest.mark.parametrize("batch", [1, 2, 3, 10])
def test_a_spoiled_signature_at_the_end_of_a_batch_is_vouched_for_by_the_next(batch: int) -> None:
    made = story(5)
    spoiled = [structs.replace(event, signature=made.genesis.signature) for event in made.events[2:5]]
    net = Net()
    a = net.side("a", [*made.events[:2], *spoiled, *made.events[5:]], limits=Limits(batch_events=batch))
    a.shelf.vouched.update(event.id for event in spoiled)
    b = net.side("b", follows=Follows(everything=True))
    net.connect("a", "b")
    net.run()
    assert b.shelf.by_id.keys() == a.shelf.by_id.keys()
    assert b.shelf.vouched >= a.shelf.vouched
    assert b.codes() == []


def test_a_redaction_that_came_before_its_past_covers_it_when_the_last_of_it_comes() -> None:
    made = story(1)
    secret = made.write("root", "comment.added.v1", {"body": "Oh."}, on=made.events[1])
    between = made.issue("root")
    redaction = made.write("root", "event.redacted.v1", {"events": [secret.id], "reason": ""}, on=secret)
    net = Net()
    a = net.side("a", made.events)
    b = net.side("b", made.events[:2], follows=Follows(everything=True))
    a.shelf.redactions.add(secret.id)
    read = a.shelf.read

    def backwards(query: ReadFeeds | ReadIds | ReadVouched) -> Rows:
        rows = read(query)
        return replace(rows, rows=rows.rows[::-1])

    a.shelf.read = backwards  # type: ignore[method-assign]
    net.connect("a", "b")
    net.run()
    assert {secret.id, between.id, redaction.id} <= b.shelf.by_id.keys()


def test_nobody_is_blamed_for_a_vouched_signature_that_its_own_device_finds_to_be_wrong() -> None:
    made = story(4)
    spoiled = structs.replace(made.events[2], signature=made.genesis.signature)
    net = Net()
    a = net.side("a", [*made.events[:2], spoiled, *made.events[3:]])
    a.shelf.vouched.add(spoiled.id)
    b = net.side("root", follows=Follows(everything=True))
    net.connect("a", "root")
    net.run()
    assert not {"event-rejected"} & {*b.codes()}
    assert b.shelf.by_id.keys() == a.shelf.by_id.keys(), "there may be no better copy anywhere"
    assert b.shelf.vouched == {spoiled.id}


def test_what_was_told_of_while_it_was_hidden_is_told_again_to_who_seeks_anew() -> None:
    made = story(2)
    everything = Follows(everything=True)
    net = Net()
    net.side("a", made.events)
    b = net.side("b", follows=replace(everything, hidden=frozenset({made.genesis.stream})))
    net.connect("a", "b")
    net.run()
    assert not b.shelf.by_id
    net.do("b", b.core.follow(everything, net.now))
    net.run()
    assert len(b.shelf.by_id) == 3


def test_streams_for_which_there_was_no_room_are_sought_again() -> None:
    stories = [Story(nonce=bytes([number]) * 16) for number in range(5)]
    net = Net()
    net.side("a", [event for made in stories for event in made.events])
    b = net.side("b", follows=Follows(everything=True), limits=Limits(streams_sought=2))
    net.connect("a", "b")
    net.run()
    assert len(b.shelf.by_id) == 2
    net.later(200_000)
    assert len(b.shelf.by_id) == 5


def _talks_on(made: Story, after: Event, prev: Event | None = None) -> tuple[list[Event], list[Event]]:
    """Three comments of a stranger, as they are and with wrong signatures but for the last; `prev` is his last one."""
    said: list[Event] = []
    for body in "abc":
        past = said[-1:] or [after]
        last, on = said[-1] if said else prev, made.events[1]
        said.append(made.draft("eve", "comment.added.v1", {"body": body}, on=on, after=past, prev=last))
    return said, [*(structs.replace(event, signature=made.genesis.signature) for event in said[:-1]), said[-1]]


def _answer(made: Story, said: Event) -> Event:
    last = made.events[-1]
    return made.draft("root", "comment.added.v1", {"body": "!"}, on=made.events[1], after=[said], prev=last)


def test_a_held_event_with_a_wrong_signature_comes_in_with_its_answer_and_what_vouches_for_it() -> None:
    made = story(2)
    right, spoiled = _talks_on(made, made.events[-1])
    net = Net()
    a = net.side("a", [*made.events, *spoiled])
    a.shelf.vouched.update(event.id for event in spoiled[:-1])
    b = net.side("b", follows=Follows(everything=True))
    c = net.side("c", follows=Follows(everything=True))
    b.strangers.add(key("eve").did)
    net.connect("a", "b")
    net.connect("b", "c")
    net.run()
    net.later(10_000)
    assert b.shelf.beside.keys() == {event.id for event in spoiled}
    answer = _answer(made, spoiled[0])
    net.appends("a", answer)
    net.run()
    net.later(60_000)
    assert a.shelf.by_id.keys() == b.shelf.by_id.keys() == c.shelf.by_id.keys()
    assert b.shelf.vouched == {event.id for event in spoiled[:-1]}
    assert ("b", "ask") in net.said, "once they are in the log they are looked at, and better ones asked for"
    net.side("d", [*made.events, *right])
    net.connect("d", "b")
    net.run()
    net.later(60_000)
    assert a.shelf.by_id == b.shelf.by_id == c.shelf.by_id == {e.id: e for e in [*made.events, *right, answer]}
    assert not b.shelf.vouched
    assert "event-rejected" not in a.codes() + b.codes() + c.codes()


def test_an_event_of_a_declined_feed_that_is_asked_for_comes_with_what_vouches_for_it() -> None:
    made = story(2)
    first = made.draft("eve", "comment.added.v1", {"body": "?"}, on=made.events[1], after=made.events[-1:])
    net = Net()
    a = net.side("a", [*made.events, first])
    b = net.side("b", follows=Follows(everything=True))
    b.strangers.add(key("eve").did)
    net.connect("a", "b")
    net.run()
    net.later(10_000)
    assert a.phase(made.genesis.stream) == {Phase.PARTIAL}
    _, spoiled = _talks_on(made, first, first)
    a.shelf.vouched.update(event.id for event in spoiled[:-1])
    answer = _answer(made, spoiled[0])
    net.appends("a", *spoiled)
    net.appends("a", answer)
    net.run()
    net.later(5_000)
    assert a.shelf.by_id.keys() == b.shelf.by_id.keys()
    assert "event-rejected" not in b.codes()


def test_what_vouches_for_an_event_of_a_blocked_writer_that_was_answered_is_taken_with_it() -> None:
    made = story(2)
    _, spoiled = _talks_on(made, made.events[-1])
    net = Net()
    a = net.side("a", [*made.events, *spoiled, _answer(made, spoiled[0])])
    a.shelf.vouched.update(event.id for event in spoiled[:-1])
    b = net.side("b", follows=Follows(everything=True, blocked=frozenset({key("eve").did})))
    c = net.side("c", follows=Follows(everything=True))
    net.connect("a", "b")
    net.connect("b", "c")
    net.run()
    net.later(60_000)
    assert a.shelf.by_id.keys() == b.shelf.by_id.keys() == c.shelf.by_id.keys()


def test_what_nobody_had_for_as_long_as_it_was_asked_for_is_asked_for_again_when_what_waits_comes_again() -> None:
    made, net = story(2), Net()
    first = made.draft("eve", "comment.added.v1", {"body": "?"}, on=made.events[1], after=made.events[-1:])
    second = made.draft("eve", "comment.added.v1", {"body": "!"}, on=made.events[1], after=[first], prev=first)
    a = net.side("a", [*made.events, first])
    b = net.side("b", follows=Follows(everything=True))
    b.strangers.add(key("eve").did)  # of hers nothing comes but what is asked for
    net.connect("a", "b")
    net.run()
    net.later(10_000)
    read = a.shelf.read
    a.shelf.read = lambda query: _without(second, read(query))  # type: ignore[method-assign]
    a.shelf.put(second)
    net.appends("a", _answer(made, second))
    net.run()
    net.later(900_000)
    assert "event-missing" in b.codes()
    assert net.said.count(("b", "ask")) <= 3 * 16, "more than three a minute"
    a.shelf.read = read  # type: ignore[method-assign]
    net.later(60_000)
    assert a.shelf.by_id.keys() == b.shelf.by_id.keys()


def _without(event: Event, rows: Rows) -> Rows:
    return replace(rows, rows=tuple(row for row in rows.rows if row.id != event.id))
