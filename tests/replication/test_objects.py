"""Objects that events need come from whoever has them, however many there are and whoever leaves meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ports_replication import GitObject
from replication.limits import Limits
from replication.records import Follows
from tests.making import Story
from tests.replication.pair import Net

if TYPE_CHECKING:
    from tests.replication.pair import Side


def commit(number: int) -> GitObject:
    return GitObject(bytes([number]) * 20)


def pushes(count: int) -> tuple[Story, dict[bytes, list[GitObject]]]:
    """Events that need a commit each."""
    made = Story()
    return made, {made.issue("root").id: [commit(number)] for number in range(count)}


def fetch_all(net: Net, side: Side) -> None:
    """Have all that is asked for come."""
    while side.fetches:
        fetch = side.fetches.pop()
        side.shelf.present.update(fetch.objects)
        net.do(side.name, side.core.fetched(fetch.token, True, net.now))
        net.run()


def test_who_shares_a_stream_no_more_is_not_waited_for() -> None:
    made, needs = pushes(1)
    net = Net()
    sides = [net.side(name, made.events) for name in "abc"]
    a, b, c = sides
    for side in sides:
        side.shelf.needs.update(needs)  # type: ignore[arg-type]
    for side in (a, c):
        side.shelf.present.add(commit(0))
    net.connect("a", "b")
    net.run()
    _, there = net.connect("c", "b")
    net.run()
    net.do("a", a.core.follow(Follows(hidden=frozenset({made.genesis.stream})), net.now))
    net.run()
    for _ in range(2):
        net.do("b", b.core.fetched(b.fetches.pop().token, False, net.now))
        net.later(10_000)
        assert [fetch.link for fetch in b.fetches] == [there]
    fetch_all(net, b)
    assert not b.core.objects()


def test_more_than_may_be_remembered_come_one_part_after_the_other() -> None:
    made, needs = pushes(10)
    net = Net()
    a = net.side("a", made.events)
    b = net.side("b", follows=Follows(everything=True), limits=Limits(objects_waiting=3))
    for side in (a, b):
        side.shelf.needs.update(needs)  # type: ignore[arg-type]
    a.shelf.present.update(commit(number) for number in range(10))
    net.connect("a", "b")
    net.run()
    fetch_all(net, b)
    assert len(b.shelf.present) == 10


def test_what_nobody_has_keeps_nothing_else_out() -> None:
    made, needs = pushes(6)
    net = Net()
    a = net.side("a", made.events)
    b = net.side("b", follows=Follows(everything=True), limits=Limits(objects_waiting=2))
    for side in (a, b):
        side.shelf.needs.update(needs)  # type: ignore[arg-type]
    a.shelf.present.add(commit(5))
    net.connect("a", "b")
    net.run()
    assert {record.object for record in b.core.objects()} == {commit(0), commit(1)}
    net.later(120_000)
    fetch_all(net, b)
    assert b.shelf.present == {commit(5)}
    a.shelf.present.add(commit(0))
    net.later(300_000)
    fetch_all(net, b)
    assert b.shelf.present == {commit(0), commit(5)}, "everything has its turn again and again"


def test_what_a_payload_that_came_late_needs_is_asked_for() -> None:
    made, needs = pushes(1)
    secret = made.events[-1]
    net = Net()
    a, b = net.side("a", made.events), net.side("b", follows=Follows(everything=True))
    for side in (a, b):
        side.shelf.needs.update(needs)  # type: ignore[arg-type]
    a.shelf.redactions.add(secret.id)
    a.shelf.present.add(commit(0))
    net.connect("a", "b")
    net.run()
    net.later(60_000)
    assert b.shelf.by_id[secret.id].payload is None
    assert not b.fetches
    a.shelf.redactions.clear()
    net.later(60_000)
    assert b.shelf.by_id[secret.id].payload is not None
    fetch_all(net, b)
    assert b.shelf.present == {commit(0)}
