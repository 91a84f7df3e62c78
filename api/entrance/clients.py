"""From which address a request came, where proxies that are trusted say so."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

HOPS_MAX: Final = 16
_PAIR: Final = re.compile(r'(?<![A-Za-z])([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^";,\s]*)')
"""Of `Forwarded`. A quoted value is one, whatever it looks like inside: `host` is often the client's own."""
_SITE_BITS: Final = 64
"""Of an IPv6 address, what one customer of a network usually has: its 2^64 addresses count as one."""


@final
class Clients:
    """Names the client of a request; `trusted` are the networks whose word on this is taken."""

    def __init__(self, trusted: Iterable[Network]) -> None:
        self._trusted = tuple(trusted)
        # The same few addresses connect again and again.
        self._reading = lru_cache(maxsize=4096)(self._read)

    def name(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """The client's address, of IPv6 the first 64 bits. `peer` is who has connected."""
        address, trusted, shown = self._reading(peer)
        if not trusted or address is None:
            return shown
        plain, forwarded = headers.get(b"x-forwarded-for"), headers.get(b"forwarded")
        told = [hops(each) for hops, each in ((_plain_hops, plain), (_hops, forwarded)) if each is not None]
        names = {self._behind(shown, hops) for hops in told}
        # A proxy writes one of the two, and passes on what its client wrote into the other: then nobody knows which.
        return names.pop() if len(names) == 1 else shown

    def _behind(self, shown: str, hops: list[str]) -> str:
        """The nearest address that is no trusted proxy's: what stands before it, the client may have made up."""
        for hop in reversed(hops[-HOPS_MAX:]):
            address, trusted, name = self._reading(hop)
            if address is None:
                break
            shown = name
            if not trusted:
                break
        return shown

    def _read(self, text: str) -> tuple[Address | None, bool, str]:
        address = _address(text)
        if address is None:
            return None, False, "elsewhere"
        trusted = any(address in network for network in self._trusted)
        if isinstance(address, ipaddress.IPv6Address):
            return address, trusted, str(ipaddress.ip_network((address, _SITE_BITS), strict=False))
        return address, trusted, str(address)


def _plain_hops(value: bytes) -> list[str]:
    """The addresses that proxies have noted in `X-Forwarded-For`, the nearest last."""
    return [hop.strip() for hop in value.decode("latin-1").split(",")]


def _hops(value: bytes) -> list[str]:
    """Those in `Forwarded`."""
    pairs: list[tuple[str, str]] = _PAIR.findall(value.decode("latin-1"))
    return [hop.strip('"') for name, hop in pairs if name.lower() == "for"]


def _address(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, with a zone."""
    text = text.strip()[:80]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
