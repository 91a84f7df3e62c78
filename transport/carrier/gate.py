"""How many connections a node has, in all and from one address, and whose handshakes it waits for.

Who has not proven a key yet can be refused nothing by name, and must not keep others out: of too many half-open
connections the oldest goes, from the address that has most. An honest handshake is done before that.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, final

from transport.carrier.seam import Why, WireClosed

if TYPE_CHECKING:
    from collections.abc import Generator

    import trio

    from transport.carrier.limits import CarrierLimits

_SUBNET_BITS: Final = 64
"""What one customer of a provider gets of IPv6, at least."""
_GROUPS_REMEMBERED: Final = 4_096


def group_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 /64; anything else as it is."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        mapped: IPv4Address | None = address.ipv4_mapped
        if mapped is not None:
            return str(mapped)
        return f"{IPv6Address(int(address) >> _SUBNET_BITS << _SUBNET_BITS)}/{_SUBNET_BITS}"
    return str(address)


@final
class Rate:
    """How many handshakes may begin: a bucket of tokens; 0 a second is no bound."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._tokens = self._burst
        self._at = 0.0

    def admits(self, now: float) -> bool:
        """Whether one more may begin now; it counts if so."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_s)
        self._at = now
        if self._per_s and self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@final
class Gate:
    """Counts connections by group of addresses."""

    def __init__(self, limits: CarrierLimits) -> None:
        self._limits = limits
        self._rate = Rate(limits.handshakes_per_s, limits.handshakes_burst)
        self._rates: OrderedDict[str, Rate] = OrderedDict()
        self._shaking: dict[str, list[trio.CancelScope]] = {}
        self._open = 0
        self._strangers: Counter[str] = Counter()

    @property
    def half_open(self) -> int:
        """Handshakes under way that others began."""
        return sum(map(len, self._shaking.values()))

    @property
    def open(self) -> int:
        """Wires."""
        return self._open

    def knock(self, group: str, now: float) -> str:
        """Why a handshake may not even begin, or nothing. It costs milliseconds of work, and a key costs none."""
        limits = self._limits
        rate = self._rates.get(group)
        if rate is None:
            rate = self._rates[group] = Rate(limits.handshakes_per_address_per_s, limits.handshakes_per_address_burst)
        self._rates.move_to_end(group)
        if len(self._rates) > _GROUPS_REMEMBERED:
            self._rates.popitem(last=False)
        if not rate.admits(now):
            return "it connects more often than this node has time for"
        return "" if self._rate.admits(now) else "more connect than this node has time for"

    @contextmanager
    def shaking(self, group: str, scope: trio.CancelScope) -> Generator[None]:
        """A handshake that somebody began. `scope` is cancelled if it takes longer than those of others."""
        mine = self._shaking.setdefault(group, [])
        mine.append(scope)
        if len(mine) > self._limits.half_open_per_address_max:
            mine.pop(0).cancel()
        elif self.half_open > self._limits.half_open_max:
            self._evict()
        try:
            yield
        finally:
            if scope in mine:
                mine.remove(scope)
            if not mine and self._shaking.get(group) is mine:
                del self._shaking[group]

    @contextmanager
    def wire(self, group: str, *, dialled: bool, known: bool) -> Generator[None]:
        """A wire's place; raises `WireClosed` if there is none. `known` peers may have those that are kept free."""
        stranger = not dialled and not known
        if refusal := self._refusal(group, stranger=stranger):
            raise WireClosed(Why.FULL, refusal)
        self._open += 1
        self._strangers[group] += stranger
        try:
            yield
        finally:
            self._open -= 1
            self._strangers[group] -= stranger
            if not self._strangers[group]:
                del self._strangers[group]

    def _refusal(self, group: str, *, stranger: bool) -> str:
        limits = self._limits
        if self._open >= limits.connections_max:
            return f"this node has {limits.connections_max} connections and takes no more"
        if not stranger:
            return ""
        if self._strangers.total() >= limits.strangers_max:
            return f"this node has {limits.strangers_max} connections with nodes it does not know, and takes no more"
        if self._strangers[group] >= limits.per_address_max:
            return f"this node has {limits.per_address_max} connections with your address, and takes no more"
        return ""

    def _evict(self) -> None:
        most = max(self._shaking.values(), key=len)
        most.pop(0).cancel()
