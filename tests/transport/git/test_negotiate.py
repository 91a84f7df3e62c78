"""What a fetch says and hears, line by line."""

from __future__ import annotations

import pytest

from domain.errors import InvalidInput
from domain.ports_serving import Deepening, ObjectFilter
from tests.transport.git.raw import report
from transport.git.negotiate import acknowledge, parse_fetch
from transport.git.pktline import FLUSH, pkt
from transport.git.wish import Wish

A, B, C, D = (letter * 40 for letter in "abcd")


def request(*lines: str | None) -> bytes:
    return b"".join(FLUSH if line is None else pkt(f"{line}\n".encode()) for line in lines)


def hear(
    capabilities: str, *lines: str | None, known: str = "", ready: bool = False
) -> tuple[list[str], list[str], bool]:
    parsed = parse_fetch(request(f"want {A} {capabilities}", None, *lines))
    assert parsed is not None
    held = [oid for oid in (B, C) if oid[0] in known]
    acks, common, follows = acknowledge(parsed, held, lambda _: ready)
    return report(acks), common, follows


def test_a_clone_hears_nak_and_gets_the_pack() -> None:
    assert hear("multi_ack_detailed", "done") == (["NAK"], [], True)


def test_a_round_without_an_end() -> None:
    heard = hear("multi_ack_detailed no-done", f"have {B}", f"have {C}", None, known="c")
    assert heard == ([f"ACK {C} common", "NAK"], [C], False)


def test_when_enough_is_known_the_pack_comes_at_once() -> None:
    heard = hear("multi_ack_detailed no-done", f"have {B}", f"have {C}", None, known="bc", ready=True)
    assert heard == (
        [f"ACK {B} common", f"ACK {C} common", f"ACK {C} ready", "NAK", f"ACK {C}"],
        [B, C],
        True,
    )


def test_without_no_done_the_client_asks_once_more() -> None:
    heard = hear("multi_ack_detailed", f"have {B}", None, known="b", ready=True)
    assert heard == ([f"ACK {B} common", f"ACK {B} ready", "NAK"], [B], False)
    heard = hear("multi_ack_detailed", f"have {B}", "done", known="b", ready=True)
    assert heard == ([f"ACK {B} common", f"ACK {B}"], [B], True)


def test_the_older_ways_to_acknowledge() -> None:
    assert hear("multi_ack", f"have {B}", f"have {C}", "done", known="bc") == (
        [f"ACK {B} continue", f"ACK {C} continue", f"ACK {C}"],
        [B, C],
        True,
    )
    assert hear("", f"have {B}", f"have {C}", "done", known="bc") == ([f"ACK {B}"], [B, C], True)
    assert hear("", f"have {B}", None, f"have {C}", "done") == (["NAK", "NAK"], [], True)


def test_the_first_section() -> None:
    parsed = parse_fetch(
        request(f"want {A} side-band-64k agent=x", f"want {B}", f"want {A}", f"shallow {C}", "deepen 3", None)
    )
    assert parsed is not None
    assert parsed.capabilities == {"side-band-64k", "agent=x"}
    assert parsed.wish == Wish((A, B), shallow=frozenset({C}), deepening=Deepening(depth=3))
    assert parsed.asks_for_depth_only


def test_what_else_a_client_may_wish() -> None:
    words = "thin-pack ofs-delta include-tag no-progress deepen-relative"
    parsed = parse_fetch(
        request(f"want {A} {words}", "deepen-since 17", "deepen-not v1", "deepen-not main", "filter tree:3", None)
    )
    assert parsed is not None
    assert parsed.wish == Wish(
        (A,),
        deepening=Deepening(since=17, excluded=("v1", "main"), relative=True),
        filter=ObjectFilter(tree_depth_max=3),
        thin=True,
        ofs_delta=True,
        include_tag=True,
        progress=False,
    )


def test_a_depth_with_the_rest() -> None:
    parsed = parse_fetch(request(f"want {A}", "deepen 1", None, "done"))
    assert parsed is not None
    assert not parsed.asks_for_depth_only


@pytest.mark.parametrize(
    "lines",
    [
        (f"want {A[1:]}", None),
        (f"want {A.upper()}", None),
        (f"have {A}", None),
        (f"want {A}", "deepen 0", None),
        (f"want {A}", "deepen -1", None),
        (f"want {A}", "deepen-since x", None),
        (f"want {A}", "deepen 1", "deepen-since 1", None),
        (f"want {A}", "deepen " + "9" * 19, None),
        (f"want {A}", "want-ref refs/heads/main", None),
        (f"want {A}", "filter blob:none", "filter tree:0", None),
        (f"shallow {A}", None),
        (f"want {A}", "shallow x", None),
        (f"want {A}", None, "want more"),
    ],
)
def test_what_is_not_understood(lines: tuple[str | None, ...]) -> None:
    with pytest.raises(InvalidInput):
        parse_fetch(request(*lines))


def test_every_way_to_be_cut_off() -> None:
    whole = request(f"want {A} ofs-delta", None, f"have {D}", "done")
    for length in range(len(whole)):
        try:
            parsed = parse_fetch(whole[:length])
        except InvalidInput:
            continue
        assert parsed is None or not parsed.done
