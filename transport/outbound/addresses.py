"""Which addresses are public, and which the operator allows besides. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self, final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
_CLOSED: Final[tuple[Network, ...]] = (
    # Python calls most of these private; which, depends on its version.
    IPv4Network("0.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("168.63.129.16/32"),  # a cloud's own service, at an address that looks public
    IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("224.0.0.0/3"),
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
)


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet: nobody's own network, and nothing that hides such a one."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address.scope_id or address not in _GLOBAL_V6:
            return False
    return address.is_global and not any(address in network for network in _CLOSED)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to an IPv6 address end at, where that is how it works."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    return None


@final
@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts and networks that may be reached although they are not public."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From names, addresses and networks (10.0.0.0/8) with commas or spaces between them; raises `ValueError`."""
        hosts: set[str] = set()
        networks: list[Network] = []
        for word in text.replace(",", " ").split():
            name = word.lower().rstrip(".")
            if "/" in name or ":" in name or name.replace(".", "").isdigit():
                networks.append(ip_network(name.strip("[]")))
            elif all(part and part.replace("-", "").replace("_", "").isalnum() for part in name.split(".")):
                hosts.add(name)
            else:
                raise ValueError(word)
        return cls(frozenset(hosts), tuple(networks))

    def admits(self, host: str, address: Address) -> bool:
        """Whether `address`, which `host` resolved to, may be connected to."""
        if host.lower().rstrip(".") in self.hosts or is_public(address):
            return True
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any(each in network for network in self.networks for each in (address, mapped) if each is not None)


def read_address(text: str) -> Address:
    """An address as the resolver gives it, its zone included; raises `ValueError`."""
    return ip_address(text)
