"""What peers tell each other of what cannot be done is kept for people, a while, and of so many."""

from __future__ import annotations

from gitant.network.complaints import CURRENT_S, PEERS_MAX, Complaints
from replication.effects import Note
from tests.making import key
from transport.carrier.seam import Told, What, Why

ANN, BOB = key("ann").did, key("bob").did


def test_the_last_of_each_peer_is_shown_while_it_is_new() -> None:
    complaints = Complaints()
    complaints.noted(Note("refused-there", "this node's disk is full", peer=ANN), 10)
    complaints.noted(Note("refused", "this node speaks version 1", peer=BOB), 20)
    complaints.noted(Note("store-failed", "events could not be stored"), 20)
    complaints.noted(Note("news-dropped", "too much", peer=ANN), 20)
    complaints.noted(Note("refused", "no such stream", peer=ANN, values={"code": "stream-unknown"}), 20)
    complaints.turned_away(Told(What.REFUSED, "nobody knows", "192.0.2.1:1", False), 20)
    assert complaints.current(20) == {
        ANN: "it says: this node's disk is full",
        BOB: "it was told: this node speaks version 1",
    }
    complaints.turned_away(Told(What.REFUSED, "no common version", "192.0.2.1:1", False, BOB, Why.VERSION), 21)
    assert complaints.current(10 + CURRENT_S + 1) == {BOB: "no common version"}
    assert complaints.current(21 + CURRENT_S + 1) == {}


def test_strangers_fill_it_only_so_far() -> None:
    complaints = Complaints()
    for number in range(PEERS_MAX + 10):
        complaints.noted(Note("refused", "no", peer=key(f"stranger {number}").did), number / 1_000)
    assert len(complaints.current(1)) == PEERS_MAX
