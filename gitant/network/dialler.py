"""Keeps this node connected with its peers: those that a person named again and again, others until there are enough.

A peer that cannot be reached is tried again after a pause that grows to five seconds for those that were added here,
and to ten minutes for the others, with some chance in it: a network that comes back is not to be met by all at once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import trio

from domain.errors import InvalidInput
from domain.ids import Did
from gitant.log import get_logger
from gitant.network.exchange import may_dial
from transport.carrier.address import PeerAddress
from transport.carrier.seam import Why, WireClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.ports_peers import KnownPeer
    from transport.carrier.carrier import NodeCarrier

PAUSE_FIRST_S: Final = 0.25
PAUSE_ADDED_S_MAX: Final = 5.0
PAUSE_OTHERS_S_MAX: Final = 600.0
WIRES_WANTED: Final = 8
"""With fewer wires than this that this node dialled, peers that nobody here added are dialled, too: whoever dials in
many times must not keep it from looking for others."""
HEARSAY_FAILURES_MAX: Final = 6
"""After so many dials in vain an address that nobody here added is forgotten."""
DIALS_AT_ONCE: Final = 8
_TICK_S: Final = 0.25
_log = get_logger("gitant.network")


def _ignored(_: PeerAddress) -> None:
    pass


@dataclass(slots=True)
class Dialled:
    """How dialling one address has gone."""

    fault: str = ""
    """Why it is not connected, in a sentence."""
    why: Why | None = None
    failures: int = 0
    next_s: float = 0.0
    busy: bool = False


@final
class Dialler:
    """`run` dials; `know` says whom."""

    def __init__(
        self,
        carrier: NodeCarrier,
        rng: random.Random | None = None,
        *,
        reached: Callable[[PeerAddress], None] = _ignored,
        given_up: Callable[[PeerAddress], None] = _ignored,
    ) -> None:
        """`reached` hears of addresses where the right key answered, `given_up` of hearsay that is tried no more."""
        self._reached = reached
        self._given_up = given_up
        self._carrier = carrier
        self._rng = rng or random.SystemRandom()
        self._peers: Sequence[KnownPeer] = ()
        self.attempts: dict[str, Dialled] = {}
        """By address."""
        self._poked = trio.Event()

    def know(self, peers: Sequence[KnownPeer], blocked: frozenset[Did]) -> None:
        """These are the peers there are to dial, now."""
        self._peers = [peer for peer in peers if Did(peer.did) not in blocked and peer.did != self._carrier.did]
        known = {peer.address for peer in self._peers}
        for address in self.attempts.keys() - known:
            del self.attempts[address]
        self._poked.set()

    async def run(self) -> None:
        """Dial whoever is due, until cancelled."""
        async with trio.open_nursery() as nursery:
            while True:
                for peer in self._due():
                    state = self.attempts.setdefault(peer.address, Dialled())
                    state.busy = True
                    nursery.start_soon(self._dial, peer, state)
                self._poked = trio.Event()
                with trio.move_on_after(_TICK_S):
                    await self._poked.wait()

    def _due(self) -> list[KnownPeer]:
        now = trio.current_time()
        busy = sum(state.busy for state in self.attempts.values())
        few = sum(wire.dialled for wire in self._carrier.wires()) < WIRES_WANTED
        due: list[KnownPeer] = []
        for peer in self._in_turn():
            state = self.attempts.get(peer.address)
            if busy + len(due) >= DIALS_AT_ONCE:
                break
            if self._carrier.wire(Did(peer.did)) is not None:
                if state is not None:
                    state.failures, state.fault, state.why = 0, "", None
                continue
            if (state is None or (not state.busy and state.next_s <= now)) and (few or peer.source == "added"):
                due.append(peer)
        return due

    def _in_turn(self) -> list[KnownPeer]:
        """Those that were added first; the others in any order, so that nobody comes first by telling much."""
        others = [peer for peer in self._peers if peer.source != "added"]
        self._rng.shuffle(others)
        return [*(peer for peer in self._peers if peer.source == "added"), *others]

    async def _dial(self, peer: KnownPeer, state: Dialled) -> None:
        try:
            address = PeerAddress.parse(peer.address)
            wire = await self._carrier.dial(address, admits=may_dial if peer.source == "exchange" else None)
            state.failures, state.fault, state.why, pause = 0, "", None, PAUSE_FIRST_S
            if wire.dialled:
                self._reached(address)
        except InvalidInput as fault:
            state.fault, pause = fault.message, PAUSE_OTHERS_S_MAX
        except WireClosed as closed:
            if state.why is not closed.why:
                _log.info("a peer cannot be reached", address=peer.address, why=closed.why.value, words=closed.words)
            state.failures += 1
            state.fault, state.why = closed.words, closed.why
            most = PAUSE_ADDED_S_MAX if peer.source == "added" else PAUSE_OTHERS_S_MAX
            if peer.source != "added" and state.failures >= HEARSAY_FAILURES_MAX:
                self._given_up(PeerAddress.parse(peer.address))
            pause = min(most, PAUSE_FIRST_S * 2 ** min(state.failures, 20)) * self._rng.uniform(0.5, 1.0)
        finally:
            state.busy = False
        state.next_s = trio.current_time() + pause
