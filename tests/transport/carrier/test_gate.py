"""Who gets a place among the connections, and who gives way."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import trio

from tests.making import key
from transport.carrier.gate import Gate, group_of
from transport.carrier.limits import CarrierLimits
from transport.carrier.roster import Roster, keeps_new
from transport.carrier.seam import WireClosed

LESSER, GREATER = sorted((key("alice").did, key("bob").did))


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("memory", "memory"),
    ],
)
def test_an_address_belongs_to_a_group(host: str, group: str) -> None:
    assert group_of(host) == group


def test_the_oldest_handshake_of_the_busiest_address_gives_way() -> None:
    async def main() -> None:
        gate = Gate(CarrierLimits(half_open_max=5, half_open_per_address_max=3))
        scopes = [trio.CancelScope() for _ in range(7)]
        with ExitStack() as held:

            def shake(number: int, group: str) -> list[bool]:
                held.enter_context(gate.shaking(group, scopes[number]))
                return [scope.cancel_called for scope in scopes]

            assert not any(shake(0, "eve"))
            assert not any(shake(1, "eve"))
            assert not any(shake(2, "alice"))
            assert not any(shake(3, "eve"))
            # A fourth from one address costs that address its oldest.
            assert shake(4, "eve") == [True, *[False] * 6]
            assert gate.half_open == 4
            assert shake(5, "bob") == [True, *[False] * 6]
            # One more than there may be in all: again it is the busiest that pays.
            assert shake(6, "carol") == [True, True, *[False] * 5]
            assert gate.half_open == 5
        assert gate.half_open == 0

    trio.run(main)


def test_who_connects_too_often_is_not_even_heard() -> None:
    limits = CarrierLimits(
        handshakes_per_address_per_s=2, handshakes_per_address_burst=3, handshakes_per_s=10, handshakes_burst=8
    )
    gate = Gate(limits)
    assert [gate.knock("eve", 100.0) == "" for _ in range(4)] == [True, True, True, False]
    assert [gate.knock("eve", 101.0) == "" for _ in range(3)] == [True, True, False]
    assert [gate.knock(f"eve {number}", 101.0) == "" for number in range(6)] == [True] * 6
    assert "more connect" in gate.knock("alice", 101.0)
    assert gate.knock("alice", 101.5) == ""
    for number in range(10_000):
        gate.knock(str(number), 200.0 + number)
    assert len(gate._rates) <= 4_096


def test_places_are_given_back() -> None:
    gate = Gate(CarrierLimits(connections_max=3, strangers_max=2, per_address_max=1))

    def refusal(group: str, *, dialled: bool = False, known: bool = False) -> str:
        with pytest.raises(WireClosed) as caught, gate.wire(group, dialled=dialled, known=known):
            pass
        return caught.value.words

    with ExitStack() as held:
        held.enter_context(gate.wire("a", dialled=False, known=False))
        assert "with your address" in refusal("a")
        held.enter_context(gate.wire("b", dialled=False, known=False))
        assert "it does not know" in refusal("c")
        held.enter_context(gate.wire("a", dialled=False, known=True))
        assert "has 3 connections" in refusal("a", dialled=True, known=True)
        assert gate.open == 3
    assert gate.open == 0
    with gate.wire("a", dialled=False, known=False):
        assert gate.open == 1


@pytest.mark.parametrize("new_dialled", [False, True])
@pytest.mark.parametrize("old_dialled", [False, True])
def test_both_ends_keep_the_same_wire(old_dialled: bool, new_dialled: bool) -> None:
    here = keeps_new(LESSER, GREATER, old_dialled=old_dialled, new_dialled=new_dialled)
    there = keeps_new(GREATER, LESSER, old_dialled=not old_dialled, new_dialled=not new_dialled)
    assert here is there
    # Whichever came first on either side, the same one stays.
    if old_dialled is not new_dialled:
        assert keeps_new(LESSER, GREATER, old_dialled=new_dialled, new_dialled=old_dialled) is not here


def test_a_wire_that_was_replaced_takes_nobody_with_it() -> None:
    roster: Roster[str] = Roster(LESSER)
    assert roster.add(GREATER, "theirs", dialled=False) is None
    assert roster.add(GREATER, "ours", dialled=True) == "theirs"
    assert roster.add(GREATER, "theirs again", dialled=False) == "theirs again"
    roster.remove(GREATER, "theirs")
    assert (roster.get(GREATER), roster.all()) == ("ours", ("ours",))
    roster.remove(GREATER, "ours")
    assert roster.get(GREATER) is None
