"""Nodes tell each other where others are: how often, how much, and to whom."""

from __future__ import annotations

import pytest

from domain.errors import PeerFault
from replication.limits import ADDRESSES_MAX
from replication.messages import Hello, Peers, decoded, encoded
from tests.making import Story, key
from tests.replication.fake import NONCE, Fake
from tests.replication.pair import Net

ADDRESS = f"{key('carol').did}@node.example:4040"


def test_what_is_told_comes_to_the_node_above_and_no_oftener_than_now_and_then() -> None:
    net = Net()
    a, b = net.side("a"), net.side("b")
    here, _ = net.connect("a", "b")
    net.run()
    for pause_ms, heard in ((0, 1), (29_000, 1), (1_500, 2)):
        net.later(pause_ms)
        net.do("a", a.core.introduce(here, [ADDRESS] * (ADDRESSES_MAX + 1), net.now))
        net.run()
        assert len(b.heard) == heard
    assert b.heard[0] == (ADDRESS,) * ADDRESSES_MAX
    assert (a.codes(), b.codes()) == ([], []), "who speaks too often is passed over, not blamed"
    net.do("a", a.core.introduce(here, [], net.now))
    assert net.said[-1] == ("a", "peers")


def test_who_does_not_know_of_it_is_told_nothing() -> None:
    for features, told in ((["objects"], False), (["objects", "peers"], True)):
        made = Story()
        fake = Fake(made.events, made.genesis.stream)
        fake.say(Hello(versions=[1], features=features, nonce=NONCE, digest=bytes(32)))
        sent = fake.core.introduce(fake.link, [ADDRESS], 1_000)
        assert bool(sent) is told


def test_too_many_and_too_long_ones_are_no_message() -> None:
    for addresses in ([], ["x" * 513], ["x"] * (ADDRESSES_MAX + 1), [""]):
        with pytest.raises(PeerFault):
            decoded(encoded(Peers(addresses=addresses)))
