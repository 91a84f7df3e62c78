"""By which names this node is called: a page from elsewhere can have a name of its own lead here (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final, final

from api.faults import UnknownHost

if TYPE_CHECKING:
    from collections.abc import Iterable

KNOWN_MAX: Final = 256


@final
class Hosts:
    """Checks `Host`: names of the loopback are always right, and `names`; a name that begins with a dot is a suffix."""

    def __init__(self, names: Iterable[str]) -> None:
        lower = [name.lower().rstrip(".") for name in names]
        self._names = frozenset(name for name in lower if not name.startswith("."))
        self._suffixes = tuple(name for name in lower if name.startswith("."))
        self._known: set[bytes] = set()

    def check(self, host: bytes) -> None:
        """Raise `UnknownHost` for a name that is not ours. Without any, it is no browser that asks."""
        if not host or host in self._known:
            return
        name = _name_of(host.decode("latin-1"))
        if not (is_loopback(name) or name in self._names or name.endswith(self._suffixes or ("\0",))):
            raise UnknownHost(
                f"this node is not called {name[:80]!r}",
                hint="use its address, or set public_url or allowed_hosts if that name is to lead here",
            )
        if len(self._known) < KNOWN_MAX:
            self._known.add(host)


def is_loopback(name: str) -> bool:
    """Whether a host name, or an address without brackets, can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback


def _name_of(host: str) -> str:
    """A `Host` header without its port."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")
