"""Where others reach this node: what it says of itself, by its settings."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from transport.carrier.address import PeerAddress
from transport.carrier.web_door import PEER_PATH

if TYPE_CHECKING:
    from domain.ids import Did
    from gitant.settings import Settings


def own_addresses(did: Did, settings: Settings) -> list[PeerAddress]:
    """Where a node with these settings can be dialled: its port for peers, and its HTTP port if that has a name."""
    found = list[str]()
    if settings.peer_port:
        found.append(f"{bracketed(reached_at(settings.host))}:{settings.peer_port}")
    if settings.public_url.startswith("https://"):
        found.append(f"wss://{settings.public_url.removeprefix('https://').partition('/')[0]}{PEER_PATH}")
    return [PeerAddress.parse(f"{did}@{place}") for place in found]


def reached_at(host: str) -> str:
    """Where a node that listens on every interface is reached: by the address that leads out of this machine."""
    try:
        unspecified = ip_address(host).is_unspecified
    except ValueError:
        return host
    if not unspecified:
        return host
    family, far = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))  # nothing is sent
        except OSError:
            return "::1" if ":" in host else "127.0.0.1"
        return str(probe.getsockname()[0])


def bracketed(host: str) -> str:
    """A host as it stands before a port."""
    return f"[{host}]" if ":" in host else host
