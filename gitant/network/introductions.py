"""Peer exchange at work: tells connected peers of others, remembers what they tell, and looks whether it is so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

import trio

from domain.errors import InvalidInput
from gitant.log import get_logger
from gitant.network.exchange import HEARSAY_DAYS_MAX, TOLD_EVERY_S, may_dial, may_tell
from transport.carrier.address import PeerAddress, parse_place
from transport.carrier.seam import WireClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitant.network.exchange import Exchange
    from gitant.network.runner import Runner
    from storage.peers import SqlitePeerBook
    from transport.carrier.carrier import NodeCarrier
    from transport.carrier.seam import Wire

LOOK_EVERY_S: Final = 1.0
FIRST_S: Final = 2.0
"""After a connection is made: what both are about comes first."""
NEWS_EVERY_S: Final = 40.0
"""How soon a peer is told again if there is something new; the protocol passes over what comes within 30 s."""
PROOFS_AT_ONCE: Final = 2
DAY_MS: Final = 86_400_000
_log = get_logger("gitant.network")


@final
class Introductions:
    """`run` introduces peers to each other. `look` is called when the book has got new addresses."""

    def __init__(
        self,
        exchange: Exchange,
        carrier: NodeCarrier,
        runner: Runner,
        book: SqlitePeerBook,
        look: Callable[[], None],
    ) -> None:
        self._exchange = exchange
        self._carrier = carrier
        self._runner = runner
        self._book = book
        self._look = look
        self._told: dict[Wire, tuple[float, frozenset[str]]] = {}
        """What each peer was told, and when the last time."""
        self._claims, self._to_prove = trio.open_memory_channel[PeerAddress](16)

    async def run(self) -> None:
        """Introduce, until cancelled."""
        self._book.forget_hearsay(time.time_ns() // 1_000_000 - HEARSAY_DAYS_MAX * DAY_MS)
        self._runner.heard = self._heard
        async with trio.open_nursery() as nursery:
            for _ in range(PROOFS_AT_ONCE):
                nursery.start_soon(self._prove_all)
            while True:
                await trio.sleep(LOOK_EVERY_S)
                self._introduce()

    def _introduce(self) -> None:
        wires = [wire for wire in self._carrier.wires() if wire.stats().age_s >= FIRST_S]
        self._told = {wire: self._told[wire] for wire in wires if wire in self._told}
        news: dict[Wire, Sequence[str]] = {wire: told for wire in wires if (told := self._news(wire))}
        if news:
            self._runner.introduce(lambda wire: news.get(wire, ()))

    def _news(self, wire: Wire) -> Sequence[str]:
        """What to tell a peer now; nothing unless it is time."""
        now = trio.current_time()
        at, known = self._told.get(wire, (-TOLD_EVERY_S, frozenset[str]()))
        if now - at < NEWS_EVERY_S:
            return ()
        telling = self._exchange.told(wire.peer, host_of(wire), now)
        if not telling or (now - at < TOLD_EVERY_S and known.issuperset(telling)):
            return ()
        self._told[wire] = now, known | {*telling} if now - at < TOLD_EVERY_S else frozenset(telling)
        return telling

    def _heard(self, wire: Wire, texts: Sequence[str]) -> None:
        now, host = trio.current_time(), host_of(wire)
        rows = [(PeerAddress.parse(row.address), row.source) for row in self._book.peers()]
        known = [address for address, _ in rows]
        self._exchange.forget(self._exchange.tellers() - {*known})
        taken = self._exchange.heard(wire.peer, host, texts, known, now)
        for address in taken:
            self._book.add_peer(str(address), address.did, "exchange", time.time_ns() // 1_000_000)
        for claim in self._exchange.own_claims(wire.peer, texts, now):
            if may_tell(claim, host):
                try:
                    self._claims.send_nowait(claim)
                except trio.WouldBlock:
                    break  # it will say so again
        if taken:
            _log.info("a peer told of others", peer=wire.peer, addresses=len(taken))
            self._look()

    async def _prove_all(self) -> None:
        """Look whether peers are where they say: only what was seen is passed on."""
        async for claim in self._to_prove:
            try:
                await self._carrier.prove(claim, admits=may_dial)
            except (WireClosed, InvalidInput) as fault:
                _log.debug("a peer is not where it says", address=str(claim), fault=str(fault))
            else:
                self._exchange.proved(claim, trio.current_time())


def host_of(wire: Wire) -> str:
    """The host at the other end of a wire, as this node sees it."""
    try:
        return parse_place(wire.address).host
    except InvalidInput:
        return wire.address
