"""What nodes make of addresses that others tell: what is passed on, what is taken, and what liars gain."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

import pytest

from domain.ids import Did
from gitant.network.exchange import (
    PER_HOST_MAX,
    PER_TELLER_MAX,
    PROVEN_S,
    REFUSED_S,
    TOLD_MAX,
    Exchange,
    may_dial,
    may_tell,
)
from tests.making import key
from transport.carrier.address import PeerAddress

ME, ANN, BOB = (key(name).did for name in ("me", "ann", "bob"))
PUBLIC, LAN, LOOP = "93.184.216.34", "192.168.7.20", "127.0.0.1"


def at(name: str, place: str) -> PeerAddress:
    return PeerAddress.parse(f"{key(name).did}@{place}")


def exchange(*own: str) -> Exchange:
    return Exchange(ME, [at("me", place) for place in own], Random(1))


def test_only_what_was_seen_proven_is_passed_on_and_not_for_ever() -> None:
    mine = exchange("93.184.216.9:1")
    seen, told = at("ann", "ann.example:4040"), at("carol", "carol.example:4040")
    mine.proved(seen, 0.0)
    assert mine.heard(ANN, PUBLIC, [str(told)], [], 0.0) == [told]
    assert mine.told(BOB, PUBLIC, 1.0) == [f"{ME}@93.184.216.9:1", str(seen)], "hearsay stays hearsay"
    assert mine.told(ANN, PUBLIC, 1.0) == [f"{ME}@93.184.216.9:1"], "nobody is told of himself"
    assert mine.told(BOB, PUBLIC, PROVEN_S) == [f"{ME}@93.184.216.9:1"]
    for number in range(100):
        mine.proved(at(f"node{number}", f"node{number}.example:1"), 2.0)
    views = {frozenset(mine.told(BOB, PUBLIC, 3.0)) for _ in range(20)}
    assert {len(view) for view in views} == {TOLD_MAX}
    assert len(views) > 1, "each peer sees another part"


@pytest.mark.parametrize(
    ("place", "host", "may"),
    [
        ("ann.example:1", PUBLIC, True),
        ("93.184.216.35:1", LAN, True),
        ("192.168.7.21:1", LAN, True),
        ("192.168.8.21:1", LAN, False),
        ("192.168.7.21:1", PUBLIC, False),
        ("192.168.7.21:1", LOOP, False),
        ("127.0.0.1:1", LAN, False),
        ("127.0.0.1:1", LOOP, True),
        ("10.0.0.1:1", PUBLIC, False),
        ("169.254.169.254:1", LAN, False),
        ("[fe80::1%eth0]:1", "fe80::2", False),
        ("[::ffff:10.0.0.1]:1", PUBLIC, False),
        ("[fd00:1::5]:1", "fd00:1::9", True),
        ("[fd00:1::5]:1", "fd00:2::9", False),
        ("localhost:1", LOOP, False),
        ("printer:1", LAN, False),
        ("printer.local:1", LAN, False),
        ("db.internal:1", PUBLIC, False),
        ("wss://forge.example/peer", PUBLIC, True),
    ],
)
def test_local_addresses_stay_in_their_network(place: str, host: str, *, may: bool) -> None:
    told = at("ann", place)
    assert may_tell(told, host) is may
    mine = exchange()
    mine.proved(told, 0.0)
    assert bool(mine.told(BOB, host, 0.0)) is may
    assert bool(exchange().heard(BOB, host, [str(told)], [], 0.0)) is may, "nor are they taken from outside it"


def test_a_name_does_not_lead_hearsay_into_the_network_beside() -> None:
    assert may_dial("forge.example", ip_address(PUBLIC))
    for inside in (LAN, LOOP, "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"):
        assert not may_dial("rebound.example", ip_address(inside))
    assert may_dial(LAN, ip_address(LAN)), "that one was told by somebody in it"


def test_a_liar_fills_no_more_than_his_share() -> None:
    mine = exchange()
    lies = [at(f"lie{number}", f"203.{number}.113.1:4040".replace("203.", "95.")) for number in range(200)]
    book = list[PeerAddress]()
    for start in range(0, len(lies), 16):
        book += mine.heard(ANN, PUBLIC, [str(each) for each in lies[start : start + 16]], book, 0.0)
    assert len(book) == PER_TELLER_MAX
    honest = at("carol", "carol.example:4040")
    assert mine.heard(BOB, PUBLIC, [str(honest)], book, 0.0) == [honest], "others are heard all the same"


def test_one_victim_is_not_dialled_in_many_names() -> None:
    mine, book = exchange(), list[PeerAddress]()
    for number in range(40):
        teller = Did(key(f"sybil{number}").did)
        lie = at(f"lie{number}", f"95.1.1.{number + 1}:{443 + number}")
        book += mine.heard(teller, PUBLIC, [str(lie)], book, 0.0)
    assert len(book) == PER_HOST_MAX, "a /24 is one place, whatever the ports"


def test_what_failed_is_not_taken_again_soon_and_frees_its_teller_s_share() -> None:
    mine = exchange()
    lie = at("carol", "carol.example:4040")
    assert mine.heard(ANN, PUBLIC, [str(lie)], [], 0.0) == [lie]
    mine.failed(lie, 10.0)
    assert mine.tellers() == set()
    assert mine.heard(BOB, PUBLIC, [str(lie)], [], 20.0) == []
    assert mine.heard(BOB, PUBLIC, [str(lie)], [], 11.0 + REFUSED_S) == [lie]


def test_what_is_no_address_or_ours_is_passed_over() -> None:
    mine = exchange()
    texts = ["", "node.example:1", "did:key:zzz@node.example:1", str(at("me", "elsewhere.example:1")), "x" * 512]
    assert mine.heard(ANN, PUBLIC, texts, [], 0.0) == []
    assert mine.heard(ANN, PUBLIC, [str(at("bob", "b.example:1"))] * 3, [], 0.0) == [at("bob", "b.example:1")]


def test_a_peer_s_own_claim_is_looked_at_before_it_is_passed_on() -> None:
    mine = exchange()
    claims = [str(at("ann", f"ann{number}.example:1")) for number in range(5)]
    assert mine.own_claims(ANN, [*claims, str(at("bob", "b.example:1"))], 0.0) == [
        at("ann", "ann0.example:1"),
        at("ann", "ann1.example:1"),
    ]
    mine.proved(at("ann", "ann0.example:1"), 0.0)
    assert mine.own_claims(ANN, claims[:1], 1.0) == []
