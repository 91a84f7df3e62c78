"""Whoever sends what cannot be stored is told so, in words, and it is asked for again."""

from __future__ import annotations

from replication.effects import Outcome
from replication.records import Follows
from tests.making import Story
from tests.replication.pair import Net


def test_a_full_node_says_so_and_catches_up_once_there_is_room() -> None:
    made = Story()
    for _ in range(3):
        made.issue("root")
    net = Net()
    a = net.side("a", made.events)
    b = net.side("b", follows=Follows(everything=True))
    b.storing = lambda _: Outcome.FAILED
    net.connect("a", "b")
    net.run()
    assert ("refused-there", "events cannot be stored here now") in {(note.code, note.words) for note in a.notes}
    assert "cannot-store" in b.codes()
    b.storing = lambda _: Outcome.STORED
    net.later(60_000)
    assert b.shelf.by_id.keys() == a.shelf.by_id.keys()
