"""The wires: who can reach whom, how long bytes take, and what happens to them on the way.

A wire joins two nodes. While both are up and it is whole there is a connection on it, which is a carrier's: bytes come
whole and in order. What faults do to packets they do on purpose, and count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from domain.ids import Did
    from tests.simulation.clock import Clock

REDIAL_MS = (200, 2_000)
"""How long after a connection ended somebody tries again."""


class Station(Protocol):
    """A node, as wires see it."""

    name: str
    did: Did
    up: bool

    def connected(self, link: int, peer: Station, *, dialled: bool) -> None:
        """A connection is there."""
        ...

    def received(self, link: int, data: bytes) -> None:
        """Bytes came."""
        ...

    def disconnected(self, link: int) -> None:
        """A connection is gone."""
        ...


@dataclass(slots=True, eq=False)
class Wire:
    """Two nodes that know of each other."""

    ends: tuple[Station, Station]
    latency_ms: int
    cut: bool = False
    """Bytes vanish: a partition."""
    links: tuple[int, int] | None = None
    """The connection on it: its number at either end."""
    arrives_ms: list[int] = field(default_factory=lambda: [0, 0])
    """When the last bytes sent each way arrive; later ones come after them."""


@dataclass(slots=True)
class Packet:
    """Bytes on their way along a wire, from its end `side`."""

    wire: Wire
    side: int
    data: bytes
    delay_ms: int
    in_order: bool = True


class Network:
    """All wires of a simulation."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self.wires: list[Wire] = []
        self.bends: list[Callable[[Packet], Sequence[Packet]]] = []
        self.bytes_sent = 0
        self.packets_sent = 0
        self._next_link = 1
        self._at: dict[int, tuple[Wire, int]] = {}
        """By link, its wire and which end of it that is."""

    def join(self, one: Station, other: Station) -> None:
        """A wire between two nodes, on which they connect as soon as they can."""
        wire = Wire((one, other), self._chance.randint(2, 60))
        self.wires.append(wire)
        self._clock.after(self._chance.randint(0, 200), lambda: self._dial(wire))

    def send(self, link: int, data: bytes) -> None:
        """Bytes leave a node; to a connection that is gone they go nowhere."""
        found = self._at.get(link)
        if found is None or not _is_live(found[0], link):
            return
        wire, side = found
        self.packets_sent += 1
        self.bytes_sent += len(data)
        packets: Sequence[Packet] = [Packet(wire, side, data, wire.latency_ms)]
        for bend in self.bends:
            packets = [bent for packet in packets for bent in bend(packet)]
        for packet in packets:
            self._carry(packet)

    def peer(self, link: int) -> Station | None:
        """Who is at the other end of a connection."""
        found = self._at.get(link)
        return None if found is None else found[0].ends[1 - found[1]]

    def close(self, link: int) -> None:
        """A node ends a connection; the other end hears of it after the bytes that are on their way."""
        found = self._at.get(link)
        if found is not None and _is_live(found[0], link):
            self._end(found[0], later=(1 - found[1],))
        elif found is not None:
            self._at.pop(link)  # the other end was faster

    def fail(self, station: Station) -> None:
        """A node is gone, without a word: its peers notice."""
        for wire in self.wires:
            if station in wire.ends and wire.links is not None:
                self._end(wire, later=(1 - wire.ends.index(station),))

    def hang_up(self, wire: Wire) -> None:
        """Both ends notice that nothing comes any more."""
        if wire.links is not None:
            self._end(wire, later=(0, 1))

    def _dial(self, wire: Wire) -> None:
        if wire.links is not None:
            return
        if wire.cut or not all(end.up for end in wire.ends):
            self._dial_later(wire)
            return
        links = wire.links = (self._next_link, self._next_link + 1)
        self._next_link += 2
        wire.arrives_ms = [self._clock.now_ms, self._clock.now_ms]
        self._at.update({links[0]: (wire, 0), links[1]: (wire, 1)})
        for side, end in enumerate(wire.ends):
            if links[side] in self._at:  # unless the first has refused the second
                end.connected(links[side], wire.ends[1 - side], dialled=side == 0)

    def _dial_later(self, wire: Wire) -> None:
        self._clock.after(self._chance.randint(*REDIAL_MS), lambda: self._dial(wire))

    def _carry(self, packet: Packet) -> None:
        wire, side = packet.wire, packet.side
        if wire.cut or wire.links is None:
            return
        link, now = wire.links[1 - side], self._clock.now_ms
        due = now + packet.delay_ms
        if packet.in_order:
            due = wire.arrives_ms[side] = max(due, wire.arrives_ms[side])
        self._clock.after(due - now, lambda: self._arrive(link, packet.data))

    def _arrive(self, link: int, data: bytes) -> None:
        found = self._at.get(link)
        if found is not None and not found[0].cut:
            found[0].ends[found[1]].received(link, data)

    def _end(self, wire: Wire, later: Sequence[int]) -> None:
        """Take a connection down, and tell the ends `later` when what is on its way has come."""
        assert wire.links is not None
        links, wire.links = wire.links, None
        for side in (0, 1):
            if side not in later:
                self._at.pop(links[side])
        for side in later:
            wait = max(wire.arrives_ms[1 - side] - self._clock.now_ms, wire.latency_ms)
            self._clock.after(wait, lambda side=side: self._hear(links[side]))  # type: ignore[misc]
        self._dial_later(wire)

    def _hear(self, link: int) -> None:
        found = self._at.pop(link, None)
        if found is not None:
            found[0].ends[found[1]].disconnected(link)


def _is_live(wire: Wire, link: int) -> bool:
    """Whether a connection is the one that is on its wire now."""
    return wire.links is not None and link in wire.links
