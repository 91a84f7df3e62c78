"""Where a node can be dialled: `did:key:…@host:port`, or `did:key:…@wss://host/path` through its HTTP port. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final, Self, final

from domain.errors import InvalidInput
from domain.ids import Did
from domain.keys import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS_CHARS_MAX: Final = 512
_HOST_CHARS_MAX: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ZONE: Final = re.compile(r"[A-Za-z0-9_.-]{1,15}")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_SCHEME_PORTS: Final[Mapping[str, int]] = {"ws": 80, "wss": 443}
_HINT: Final = "write did:key:z6Mk…@host:port, or did:key:z6Mk…@wss://host/path"


@final
@dataclass(frozen=True, slots=True)
class Tcp:
    """A port that a node listens on for its peers. `host` is a lower-case name or an address, without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{_bracketed(self.host)}:{self.port}"


@final
@dataclass(frozen=True, slots=True)
class Web:
    """A path of a node's HTTP port where it takes WebSockets; `secure` is wss, which only the way there trusts."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def scheme(self) -> str:
        """`ws` or `wss`."""
        return "wss" if self.secure else "ws"

    def __str__(self) -> str:
        port = "" if self.port == _SCHEME_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{_bracketed(self.host)}{port}{self.path}"


@final
@dataclass(frozen=True, slots=True)
class PeerAddress:
    """A node and where it is. Whoever answers there must prove to hold the key that `did` names."""

    did: Did
    place: Tcp | Web

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its one text form, give or take upper case and spaces around it; raises `InvalidInput`."""
        text = text.strip()
        if len(text) > ADDRESS_CHARS_MAX:
            raise _wrong(f"is longer than {ADDRESS_CHARS_MAX} characters")
        name, at, rest = text.partition("@")
        if not at:
            raise _wrong("has no @ between the node's did:key and its place")
        key_of(name)
        return cls(Did(name), parse_place(rest))

    def __str__(self) -> str:
        return f"{self.did}@{self.place}"


def parse_place(text: str) -> Tcp | Web:
    """What stands behind the @; raises `InvalidInput`."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        host, port = _host_and_port(text)
        if port is None:
            raise _wrong("has no port", hint="peers listen on the port that --peer-port names")
        return Tcp(host, port)
    scheme = scheme.lower()
    if scheme not in _SCHEME_PORTS:
        raise _wrong(f"begins with {scheme[:16]!r}, where ws or wss may stand")
    authority, slash, path = rest.partition("/")
    if not _PATH.fullmatch(slash + path):
        raise _wrong("has a path with characters that do not belong there; queries and fragments are not taken")
    host, port = _host_and_port(authority)
    return Web(scheme == "wss", host, port or _SCHEME_PORTS[scheme], (slash + path) or "/")


def _host_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        inside, bracket, after = text[1:].partition("]")
        if not bracket:
            raise _wrong("has a [ without its ]")
        if after and not after.startswith(":"):
            raise _wrong("has something between ] and the port")
        return _ipv6(inside), _port(after[1:]) if after else None
    host, colon, port = text.partition(":")
    if ":" in port:
        raise _wrong("has an IPv6 address without brackets", hint="write [2001:db8::7]:4040")
    return _name(host), _port(port) if colon else None


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65_535:
        raise _wrong(f"has {text[:16]!r} where a port from 1 to 65535 belongs")
    return int(text)


def _ipv6(text: str) -> str:
    bare, percent, zone = text.partition("%")
    if percent and not _ZONE.fullmatch(zone):
        raise _wrong("has a zone that is no interface's name")
    try:
        return str(IPv6Address(bare)) + percent + zone
    except ValueError:
        raise _wrong(f"has {text[:64]!r} where an IPv6 address belongs") from None


def _name(text: str) -> str:
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if not name or len(name) > _HOST_CHARS_MAX or not all(_LABEL.fullmatch(label) for label in labels):
        raise _wrong(f"has {text[:64]!r} where a host belongs", hint="write names of other scripts in their xn-- form")
    if labels[-1].isdigit():
        try:
            IPv4Address(name)
        except ValueError:
            raise _wrong(f"has {text[:64]!r}, which is neither a name nor an IPv4 address") from None
    return name


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _wrong(what: str, *, hint: str = _HINT) -> InvalidInput:
    return InvalidInput(f"the peer's address {what}", hint=hint, field="address")
