"""Peer exchange: which addresses this node tells its peers, and what it makes of those that it is told.

Nothing here is believed. An address names the key that must answer there, so a lie costs one dial that fails. What is
passed on is only what this node has itself seen proven; what is taken is bounded by teller and by host, so that nobody
fills the book; and nobody but the local network hears of its addresses, nor makes a node dial into it.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final, final

from domain.errors import InvalidInput
from transport.carrier.address import PeerAddress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ids import Did
    from replication.room import Chance

TOLD_MAX: Final = 8
"""Addresses in one introduction, one's own included."""
TOLD_EVERY_S: Final = 600.0
PROVEN_S: Final = 24 * 3_600.0
"""So long an address counts as reached after somebody with its key answered there."""
PROVEN_MAX: Final = 512
PER_TELLER_MAX: Final = 32
"""Addresses of others that one peer's word may have put into the book."""
PER_HOST_MAX: Final = 4
"""Nodes at one host (of IPv6, one /64) that are taken from hearsay."""
FOUND_MAX: Final = 64
"""Nodes on the local network that are remembered: it takes no more to be among them."""
REFUSED_S: Final = 3_600.0
REFUSED_MAX: Final = 1_024
HEARSAY_DAYS_MAX: Final = 14
"""An address that nobody here added and that was not met for so long is forgotten."""
_LOCAL: Final = ("localhost", "local", "lan", "internal", "intranet", "home.arpa", "test", "invalid", "onion")

IP = IPv4Address | IPv6Address


@final
class Exchange:
    """What one node knows of addresses. `own` are those it claims for itself; times are monotonic seconds."""

    def __init__(self, did: Did, own: Sequence[PeerAddress], rng: Chance) -> None:
        self._did = did
        self._own = list(own)
        self._rng = rng
        self._proven: OrderedDict[PeerAddress, float] = OrderedDict()
        self._tellers: dict[PeerAddress, Did] = {}
        """Who brought what is in the book by hearsay, as far as that was since the start."""
        self._refused: OrderedDict[PeerAddress, float] = OrderedDict()

    def proved(self, address: PeerAddress, now: float) -> None:
        """Whoever answers there has shown the key."""
        self._proven[address] = now
        self._proven.move_to_end(address)
        while len(self._proven) > PROVEN_MAX:
            self._proven.popitem(last=False)

    def failed(self, address: PeerAddress, now: float) -> None:
        """It was tried long enough: forget who brought it, and do not take it again soon."""
        self._tellers.pop(address, None)
        self._proven.pop(address, None)
        self._refused[address] = now
        while len(self._refused) > REFUSED_MAX:
            self._refused.popitem(last=False)

    def told(self, peer: Did, host: str, now: float) -> list[str]:
        """What to tell a peer at a host: where this node is, and some others that it has reached itself."""
        proven = [
            each for each, at in self._proven.items() if now - at < PROVEN_S and each.did not in {peer, self._did}
        ]
        others = [each for each in proven if may_tell(each, host)]
        own = [each for each in self._own if may_tell(each, host)][:2]
        chosen = list[PeerAddress]()
        while others and len(own) + len(chosen) < TOLD_MAX:
            chosen.append(others.pop(self._rng.randrange(len(others))))
        return [str(each) for each in (*own, *chosen)]

    def heard(
        self, peer: Did, host: str, texts: Sequence[str], known: Sequence[PeerAddress], now: float
    ) -> list[PeerAddress]:
        """Those of the addresses that a peer told which are worth remembering; `known` are in the book already."""
        taken = list[PeerAddress]()
        here = {*known}
        hosts = [group(each.place.host) for each in known]
        brought = sum(teller == peer for teller in self._tellers.values())
        for address in self._read(texts):
            if address in here or address.did == self._did or not may_tell(address, host):
                continue
            if now - self._refused.get(address, -REFUSED_S) < REFUSED_S:
                continue
            place = group(address.place.host)
            if brought >= PER_TELLER_MAX or (hosts.count(place) >= PER_HOST_MAX and not _is_loopback(address)):
                continue
            here.add(address)
            hosts.append(place)
            brought += 1
            self._tellers[address] = peer
            taken.append(address)
        return taken

    def own_claims(self, peer: Did, texts: Sequence[str], now: float) -> list[PeerAddress]:
        """Where a peer says that it is itself, and nobody has looked lately: worth a look before passing it on."""
        return [
            each
            for each in self._read(texts)
            if each.did == peer and now - self._proven.get(each, -PROVEN_S) > PROVEN_S / 4
        ][:2]

    def forget(self, gone: set[PeerAddress]) -> None:
        """These are in the book no more."""
        for address in gone & self._tellers.keys():
            del self._tellers[address]

    def tellers(self) -> set[PeerAddress]:
        """What is counted against whoever told of it."""
        return {*self._tellers}

    @staticmethod
    def _read(texts: Sequence[str]) -> list[PeerAddress]:
        found = list[PeerAddress]()
        for text in texts:
            try:
                found.append(PeerAddress.parse(text))
            except InvalidInput:
                continue
        return found


def may_tell(address: PeerAddress, host: str) -> bool:
    """Whether whoever is at `host` may hear of an address, or tell of it: a local one only within that network."""
    name = address.place.host
    ip = _ip(name)
    if ip is None:
        return "." in name and not any(name == each or name.endswith(f".{each}") for each in _LOCAL)
    if ip.is_global:
        return True
    other = _ip(host)
    if other is None or other.is_global or ip.is_unspecified or ip.is_multicast or ip.is_link_local:
        return False
    return ip.is_loopback and other.is_loopback if ip.is_loopback or other.is_loopback else group(name) == group(host)


def may_dial(host: str, ip: IP) -> bool:
    """Whether hearsay may have this node connect there: a name must not lead into a network that nobody named."""
    return _plain(ip).is_global or _ip(host) is not None


def group(host: str) -> str:
    """What counts as one place: a name, an IPv4 /24, an IPv6 /64."""
    ip = _ip(host)
    if ip is None:
        return host
    return str(ip_network((ip, 24 if ip.version == 4 else 64), strict=False))


def _ip(host: str) -> IP | None:
    try:
        return _plain(ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def _plain(ip: IP) -> IP:
    """An IPv4 address that is dressed up as IPv6, as what it is."""
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def _is_loopback(address: PeerAddress) -> bool:
    ip = _ip(address.place.host)
    return ip is not None and ip.is_loopback
