"""How two nodes meet, message by message, as docs/replication-protocol.md tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.ports_replication import GitObject
from replication.effects import Outcome
from replication.limits import Limits
from replication.records import Budget, Follows, ObjectState, Phase
from tests.making import Story, key
from tests.replication.pair import Net, Side
from tests.replication.worlds import equal_streams, meeting

if TYPE_CHECKING:
    from domain.ids import EventId
    from replication.effects import Store


def story(writers: str = "root alice bob", events: int = 30) -> Story:
    """A stream in which people open issues in turn."""
    made, names = Story(), writers.split()
    for number in range(events):
        made.issue(names[number % len(names)])
    return made


def joined(*sides: tuple[str, int], events: Story, net: Net | None = None) -> Net:
    """Nodes that hold the first so many events each, all linked with the first."""
    net = net or Net()
    for name, held in sides:
        net.side(name, events.events[:held])
    for name, _ in sides[1:]:
        net.connect(sides[0][0], name)
    net.run()
    return net


def test_one_is_behind_and_asks() -> None:
    net = joined(("a", 31), ("b", 10), events=story())
    assert net.said == [
        ("a", "hello"),
        ("b", "hello"),
        ("b", "offers"),
        ("a", "offers"),
        ("a", "feeds"),
        ("b", "feeds"),
        ("b", "want"),
        ("a", "events"),
        ("b", "offers"),
    ]
    a, b = net.sides["a"], net.sides["b"]
    assert a.shelf.by_id == b.shelf.by_id
    assert (a.codes(), b.codes()) == ([], [])
    (state,) = b.core.states()
    assert (state.phase, state.received, state.missing_feeds) == (Phase.EQUAL, 21, 0)


def test_equal_nodes_say_hello_and_no_more() -> None:
    net = joined(("a", 31), ("b", 31), events=story())
    assert [word for _, word in net.said] == ["hello", "hello"]
    assert {state.phase for side in net.sides.values() for state in side.core.states()} == {Phase.EQUAL}


def test_a_thousand_equal_streams_take_one_round_trip_and_little() -> None:
    size, waves = equal_streams(1_000)
    assert waves <= 2
    assert size <= 4_096


@pytest.mark.parametrize(("feeds", "round_trips"), [(100, 3), (800, 5)])
@pytest.mark.parametrize("both", [False, True], ids=["one-sided", "both"])
def test_what_a_meeting_costs(feeds: int, round_trips: int, both: bool) -> None:
    toll = meeting(feeds, 1_000_000, 200, 1, both=both)
    assert toll.waves <= 2 * round_trips
    assert toll.per_event <= 150


def test_what_is_new_is_flooded_and_passed_on() -> None:
    events = story(events=3)
    net = joined(("b", 4), ("a", 4), ("c", 4), events=events)
    net.said.clear()
    net.appends("a", events.issue("root"), events.issue("root"))
    net.run()
    assert net.said == [("a", "events"), ("b", "events")]
    assert all(len(side.shelf.by_id) == 6 for side in net.sides.values())


def test_a_node_that_follows_everything_finds_and_copies() -> None:
    net = joined(("a", 31), events=story())
    b = net.side("b", follows=Follows(everything=True))
    net.connect("b", "a")
    net.run()
    assert ("b", "seek") in net.said
    assert ("a", "found") in net.said
    assert len(b.shelf.by_id) == 31


def test_a_node_that_follows_a_principal_takes_its_streams_only() -> None:
    mine, other = story(events=2), Story("bob", nonce=b"another stream!!")
    net = Net()
    net.side("a", [*mine.events, *other.events])
    b = net.side("b", follows=Follows(principals=frozenset({key("root").did})))
    net.connect("a", "b")
    net.run()
    assert set(b.shelf.streams()) == {mine.genesis.stream}


def test_what_was_told_of_a_stream_before_it_was_followed_is_old_by_then() -> None:
    events, other = story(events=1), Story("bob", nonce=b"another stream!!")
    net = Net()
    net.side("a", [*other.events])
    b = net.side("b", [*other.events], follows=Follows())
    net.connect("a", "b")
    net.run()
    stream = events.genesis.stream
    net.appends("a", *events.events)
    net.run()
    net.appends("a", events.issue("root"))
    net.run()
    net.do("b", b.core.follow(Follows(streams=frozenset({stream})), net.now))
    net.run()
    net.later(2_000)
    assert (net.sides["a"].phase(stream), b.phase(stream)) == ({Phase.EQUAL}, {Phase.EQUAL})
    assert len(b.shelf.by_id) == len(other.events) + 3


def test_unfollowing_ends_what_is_said_of_a_stream() -> None:
    events = story(events=3)
    net = joined(("a", 4), ("b", 4), events=events)
    hidden = Follows(hidden=frozenset({events.genesis.stream}))
    net.do("b", net.sides["b"].core.follow(hidden, net.now))
    net.run()
    net.appends("a", events.issue("root"))
    net.run()
    net.later(200_000)
    assert len(net.sides["b"].shelf.by_id) == 4
    assert not net.sides["b"].core.states()


def test_catching_up_goes_in_windows_and_survives_a_cut() -> None:
    events = story(events=400)
    net, small = Net(), Limits(batch_bytes=4_096, window_bytes=8_192)
    net.side("a", events.events, limits=small)
    b = net.side("b", follows=Follows(streams=frozenset({events.genesis.stream})), limits=small)
    link, _ = net.connect("a", "b")
    for _ in range(12):
        net.wave()
        assert b.core.sizes().storing_bytes <= small.storing_bytes
    assert 1 < len(b.shelf.by_id) < 401
    net.cut("a", link)
    net.connect("a", "b")
    net.run()
    assert len(b.shelf.by_id) == 401


def test_one_peer_at_a_time_is_caught_up_with() -> None:
    events = story(events=50)
    net = Net()
    for name in "abc":
        net.side(name, events.events)
    net.side("d", events.events[:5])
    for name in "abc":
        net.connect("d", name)
    net.run()
    assert net.counts["want"] < 200, "one want"
    assert len([1 for who, word in net.said if (who, word) == ("d", "want")]) == 1
    net.later(20_000)
    assert net.sides["d"].phase(events.genesis.stream) == {Phase.EQUAL}


def test_a_fork_shows_and_both_branches_travel() -> None:
    events = story("root", events=5)
    past = events.events[-1]
    left, right = (events.draft("root", "repository.starred.v1", {"replaces": []}, prev=past) for _ in range(2))
    right = events.draft("root", "repository.unstarred.v1", {"replaces": [left.id]}, prev=past, after=[past])
    net = Net()
    net.side("a", [*events.events, left])
    net.side("b", [*events.events, right])
    net.connect("a", "b")
    net.run()
    net.later(60_000)
    for name in "ab":
        assert {left.id, right.id} <= net.sides[name].shelf.names(past.stream)
        assert net.sides[name].phase(past.stream) == {Phase.EQUAL}


def test_branches_beyond_the_bound_are_declined_until_somebody_has_seen_them() -> None:
    events = story("root alice", events=4)
    past = events.events[-1]
    prev = events.last["alice"]
    branches = sorted(
        (
            events.draft(
                "alice", "issue.opened.v1", {"title": str(n), "body": "", "number": 2}, prev=prev, after=[past]
            )
            for n in range(8)
        ),
        key=lambda event: event.id,
    )
    net, limits = Net(), Limits()
    net.side("a", [*events.events, *branches])
    b = net.side("b", events.events, limits=limits)
    net.connect("a", "b")
    net.run()
    net.later(3_000)
    held = {event.id for event in branches} & set(b.shelf.by_id)
    assert limits.feed_branches <= len(held) < 8
    assert {event.id for event in branches[:2]} <= held, "the proof of the fork"
    assert b.phase(past.stream) == {Phase.PARTIAL}
    missing = next(event for event in branches if event.id not in held)
    seen = events.draft("root", "issue.opened.v1", {"title": "t", "body": "", "number": 3}, after=[missing])
    net.appends("a", seen)
    net.run()
    assert {missing.id, seen.id} <= set(b.shelf.by_id)


def test_a_blocked_writer_is_left_out_until_somebody_answers() -> None:
    events = story("root", events=2)
    rude = events.issue("eve")
    net = Net()
    net.side("a", events.events)
    follows = Follows(blocked=frozenset({key("eve").did}))
    b = net.side("b", events.events[:-1], follows=follows)
    net.connect("a", "b")
    net.run()
    net.later(3_000)
    assert rude.id not in b.shelf.by_id
    assert b.phase(rude.stream) == {Phase.PARTIAL}
    net.appends("a", events.issue("root"))
    net.run()
    assert rude.id in b.shelf.by_id


def test_a_stream_at_its_budget_takes_no_more() -> None:
    events = story(events=30)
    net = Net()
    net.side("a", events.events)
    budget = ((events.genesis.stream, Budget(events_max=10, bytes_max=1 << 20)),)
    b = net.side("b", events.events[:10], follows=Follows(budgets=budget))
    net.connect("a", "b")
    net.run()
    assert len(b.shelf.by_id) == 10
    assert b.phase(events.genesis.stream) == {Phase.PARTIAL}


def test_a_private_stream_is_spoken_of_to_its_readers_only() -> None:
    events = story(events=3)
    stream = events.genesis.stream
    net = Net()
    a = net.side("a", events.events)
    a.shelf.readers[stream] = {key("reader").did}
    for name in ("reader", "stranger"):
        net.side(name, follows=Follows(everything=True, streams=frozenset({stream})))
        net.connect("a", name)
    net.run()
    assert len(net.sides["reader"].shelf.by_id) == 4
    assert not net.sides["stranger"].shelf.by_id
    assert not [word for who, word in net.said if (who, word) == ("a", "found")]


def test_a_removed_reader_hears_why_and_nothing_after() -> None:
    events = story(events=3)
    stream = events.genesis.stream
    net = Net()
    a = net.side("a", events.events)
    b = net.side("b", events.events)
    a.shelf.readers[stream] = {key("b").did}
    b.shelf.readers[stream] = {key("a").did}
    net.connect("a", "b")
    net.run()
    removal = events.write("root", "member.revoked.v1", {"did": key("b").did, "cut": []})
    a.shelf.readers[stream] = set()
    net.appends("a", removal, events.issue("root"))
    net.appends("a", events.issue("root"))
    net.run()
    net.later(200_000)
    assert removal.id in b.shelf.by_id
    assert len(b.shelf.by_id) == 5


def test_a_redacted_payload_travels_with_its_redaction() -> None:
    events = story("root", events=3)
    target = events.events[1]
    redaction = events.write("root", "event.redacted.v1", {"events": [target.id], "reason": ""}, on=target)
    events.issue("root")
    net = Net()
    a = net.side("a", events.events)
    a.shelf.redactions.add(target.id)
    b = net.side("b", follows=Follows(streams=frozenset({target.stream})))
    stores: list[frozenset[EventId]] = []

    def storing(store: Store) -> Outcome:
        stores.append(store.holes)
        return Outcome.STORED

    b.storing = storing
    net.connect("a", "b")
    net.run()
    assert frozenset({target.id}) in stores
    assert b.shelf.by_id[target.id].payload is None
    assert redaction.id in b.shelf.by_id


def test_a_withheld_payload_is_asked_of_others() -> None:
    events = story("root", events=4)
    net = Net()
    liar, honest = net.side("liar", events.events), net.side("honest", events.events)
    liar.shelf.redactions.add(events.events[1].id)
    b = net.side("b", follows=Follows(streams=frozenset({events.genesis.stream})))
    net.connect("liar", "b")
    net.run()
    assert len(b.shelf.by_id) == 1, "what follows waits for it"
    net.connect("honest", "b")
    net.run()
    net.later(10_000)
    assert b.shelf.by_id == honest.shelf.by_id


def test_a_full_disk_is_tried_again_later() -> None:
    events = story(events=10)
    net = Net()
    net.side("a", events.events)
    b = net.side("b", events.events[:3])
    b.storing = lambda _: Outcome.FAILED
    net.connect("a", "b")
    net.run()
    assert "sync-stalled" in b.codes()
    b.storing = lambda _: Outcome.STORED
    net.later(60_000)
    assert len(b.shelf.by_id) == 11
    assert b.phase(events.genesis.stream) == {Phase.EQUAL}


def test_news_whose_past_is_missing_waits_and_asks_for_it() -> None:
    events = story(events=3)
    net = joined(("a", 4), ("b", 4), events=events)
    unseen = events.issue("root")
    net.sides["a"].shelf.put(unseen)
    net.appends("a", events.issue("root"))
    net.run()
    assert ("b", "ask") in net.said
    assert len(net.sides["b"].shelf.by_id) == 6
    assert not net.sides["b"].core.sizes().pending_events


def test_objects_are_announced_before_refs_and_fetched_from_who_has_them() -> None:
    events = story(events=2)
    net = joined(("a", 3), ("b", 3), events=events)
    a, b = net.sides["a"], net.sides["b"]
    push, commit = events.issue("root"), GitObject(b"c" * 20)
    for side in (a, b):
        side.shelf.needs[push.id] = [commit]
    a.shelf.present.add(commit)
    net.said.clear()
    net.appends("a", push)
    net.run()
    assert net.said[:2] == [("a", "have"), ("a", "events")]
    (fetch,) = b.fetches
    assert fetch.objects == (commit,)
    assert [record.state for record in b.core.objects()] == [ObjectState.FETCHING]
    b.shelf.present.add(commit)
    net.do("b", b.core.fetched(fetch.token, True, net.now))
    assert not b.core.objects()


def test_objects_that_are_not_here_yet_are_fetched_when_they_come() -> None:
    events = story(events=2)
    push, commit = events.events[-1], GitObject(b"c" * 20)
    net = Net()
    a, b = net.side("a", events.events), net.side("b", events.events)
    for side in (a, b):
        side.shelf.needs[push.id] = [commit]
    net.connect("a", "b")
    net.run()
    assert not b.fetches
    a.shelf.present.add(commit)
    net.do("a", a.core.gained(push.stream, [commit], net.now))
    net.run()
    assert [fetch.objects for fetch in b.fetches] == [(commit,)]


def test_a_restored_node_learns_that_its_own_feed_went_on() -> None:
    events = story("b root", events=6)
    net = joined(("a", 7), ("b", 3), events=events)
    assert "own-feed-ahead" in net.sides["b"].codes()


def _phases(side: Side) -> list[Phase]:
    return [state.phase for state in side.core.states()]


def test_what_is_written_between_two_hellos_is_there_at_once() -> None:
    """Issue 7: one side found the hellos equal and offered nothing, so the other knew of nothing to compare."""
    events = story(events=3)
    net = Net()
    for name in "ab":
        net.side(name, events.events)
    net.connect("a", "b")
    late = events.issue("root")
    net.appends("a", late)
    net.run()
    assert late.id in net.sides["b"].shelf.by_id
    assert "stream-unknown" not in net.sides["a"].codes()
    net.later(1_000)
    assert _phases(net.sides["a"]) == _phases(net.sides["b"]) == [Phase.EQUAL]


def test_a_whole_comparison_every_minute_finds_what_flooding_lost() -> None:
    events = story(events=3)
    net = joined(("a", 4), ("b", 4), events=events)
    lost = events.issue("root")
    net.sides["a"].shelf.put(lost)
    net.later(100_000)
    assert lost.id in net.sides["b"].shelf.by_id
    assert _phases(net.sides["a"]) == _phases(net.sides["b"]) == [Phase.EQUAL]


@pytest.mark.parametrize("thorough", [False, True])
def test_a_comparison_on_demand(thorough: bool) -> None:
    net = joined(("a", 4), ("b", 4), events=story(events=3))
    net.said.clear()
    net.do("a", net.sides["a"].core.compare(net.now, thorough=thorough))
    net.run()
    net.later(5_000)
    assert (("a", "compare") in net.said, ("b", "same") in net.said) == (True, True)
    assert (("a", "feeds") in net.said) == thorough
    assert _phases(net.sides["a"]) == _phases(net.sides["b"]) == [Phase.EQUAL]
