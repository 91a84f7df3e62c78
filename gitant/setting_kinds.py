"""What the value of a setting may be: how a text is read, and how to say what is allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Protocol, cast, final
from urllib.parse import urlsplit

from domain.errors import InvalidInput

_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE: Final = re.compile(r"([0-9]{1,15})\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_SWITCH: Final = {
    "on": True,
    "true": True,
    "yes": True,
    "1": True,
    "off": False,
    "false": False,
    "no": False,
    "0": False,
}
_NUMBER: Final = re.compile(r"[0-9]{1,15}")


class Kind(Protocol):
    """Reads a value as a flag, an environment variable or TOML gives it; raises `ValueError` for a bad one."""

    @property
    def allowed(self) -> str:
        """What may be given, in words that follow "must be"."""
        ...

    def read(self, given: object) -> object: ...

    def show(self, value: object) -> str:
        """A value as a person would write it."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Count:
    """A whole number between two bounds."""

    least: int
    most: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def read(self, given: object) -> int:
        if isinstance(given, str) and _NUMBER.fullmatch(given.strip()):
            given = int(given)
        if not isinstance(given, int) or isinstance(given, bool) or not self.least <= given <= self.most:
            raise ValueError
        return given

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes; in a text with a unit, if wished: 256M, 1G, 64 KiB."""

    least: int = 0
    most: int = 1 << 50

    @property
    def allowed(self) -> str:
        return f"a size in bytes or with a unit (256M, 1G), from {self.show(self.least)} to {self.show(self.most)}"

    def read(self, given: object) -> int:
        if isinstance(given, str) and (match := _SIZE.fullmatch(given.strip())):
            given = int(match[1]) * _UNITS[match[2].upper()]
        if not isinstance(given, int) or isinstance(given, bool) or not self.least <= given <= self.most:
            raise ValueError
        return given

    def show(self, value: object) -> str:
        assert isinstance(value, int)
        for unit in "TGMK":
            if value and value % _UNITS[unit] == 0:
                return f"{value // _UNITS[unit]}{unit}"
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class Rate:
    """Bytes a second, written like a size; 0 is no bound, and a lower one than `least` no use."""

    least: int

    @property
    def allowed(self) -> str:
        return f"bytes a second, at least {Size().show(self.least)} (512K, 1M), or 0 for no bound"

    def read(self, given: object) -> int:
        rate = Size().read(given)
        if 0 < rate < self.least:
            raise ValueError
        return rate

    def show(self, value: object) -> str:
        return Size().show(value)


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.words)

    def read(self, given: object) -> str:
        word = given.strip().lower() if isinstance(given, str) else given
        if not isinstance(word, str) or word not in self.words:
            raise ValueError
        return word

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class Switch:
    """On or off; its flag stands alone."""

    allowed: str = "on or off"

    def read(self, given: object) -> bool:
        if isinstance(given, bool):
            return given
        word = given.strip().lower() if isinstance(given, str) else ""
        if word not in _SWITCH:
            raise ValueError
        return _SWITCH[word]

    def show(self, value: object) -> str:
        return "on" if value else "off"


@final
@dataclass(frozen=True, slots=True)
class Host:
    """An address or name to listen on."""

    allowed: str = "an IP address or a host name, without a port"

    def read(self, given: object) -> str:
        host = given.strip().removeprefix("[").removesuffix("]") if isinstance(given, str) else given
        if not isinstance(host, str) or not re.fullmatch(r"[A-Za-z0-9._:%-]{1,253}", host):
            raise ValueError
        if ":" in host and not re.fullmatch(r"[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?", host):
            raise ValueError
        if re.fullmatch(r"[^:]*:\d+", host):  # one colon: a port was given, too
            raise ValueError
        return host

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class Folder:
    """A path; `~` is the home of whoever runs the node."""

    allowed: str = "the path of a folder"

    def read(self, given: object) -> Path:
        if not isinstance(given, str | Path) or not str(given) or "\0" in str(given):
            raise ValueError
        try:
            return Path(given).expanduser().absolute()
        except (RuntimeError, OSError):  # no home, or no current folder
            raise ValueError from None

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class File:
    """A path as text; empty where there need be none."""

    allowed: str = "the path of a file"

    def read(self, given: object) -> str:
        return str(Folder().read(given)) if given else ""

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class Places:
    """Hosts and networks; empty for none."""

    allowed: str = "host names, addresses or networks (10.0.0.0/8) with commas between them"

    def read(self, given: object) -> str:
        if not isinstance(given, str):
            raise ValueError
        from transport.outbound.addresses import Allowed  # most commands need it not

        Allowed.parse(given)
        return given

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class Networks:
    """Addresses and networks; empty for none."""

    allowed: str = "addresses or networks (10.0.0.0/8) with commas between them"

    def read(self, given: object) -> str:
        words = _listed(given)
        for word in words:
            ip_network(word)  # raises ValueError itself
        return ",".join(words)

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class Peers:
    """Addresses of nodes; empty for none."""

    allowed: str = "addresses of nodes (did:key:…@host:port) with commas between them"

    def read(self, given: object) -> str:
        if not (words := _listed(given)):
            return ""
        from transport.carrier.address import PeerAddress  # and with it the cryptography

        try:
            return ",".join(str(PeerAddress.parse(word)) for word in words)
        except InvalidInput as fault:
            raise ValueError(fault.message) from fault

    def show(self, value: object) -> str:
        return str(value)


@final
@dataclass(frozen=True, slots=True)
class HostNames:
    """Names that a node goes by; empty for none."""

    allowed: str = "host names with commas between them, without ports; .example.org is every name below that"

    def read(self, given: object) -> str:
        words = _listed(given)
        if not all(re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:.]+", word) for word in words):
            raise ValueError
        return ",".join(words)

    def show(self, value: object) -> str:
        return str(value)


def listed(value: str) -> list[str]:
    """The parts of such a setting."""
    return [word for word in map(str.strip, value.split(",")) if word]


def _listed(given: object) -> list[str]:
    """What is given as one text or, in TOML, as a list of them."""
    if isinstance(given, list) and all(isinstance(word, str) for word in cast("list[object]", given)):
        given = ",".join(cast("list[str]", given))
    if not isinstance(given, str):
        raise ValueError
    return listed(given)


@final
@dataclass(frozen=True, slots=True)
class Url:
    """An http(s) URL without a trailing slash; empty where none is needed."""

    allowed: str = "an http:// or https:// URL without query, fragment or password"

    def read(self, given: object) -> str:
        if not isinstance(given, str):
            raise ValueError
        if not given:
            return given
        if not re.fullmatch(r"[!-~]+", given):
            raise ValueError
        parts = urlsplit(given)  # raises ValueError itself
        _ = parts.port
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError
        if parts.query or parts.fragment or parts.username is not None or "?" in given or "#" in given:
            raise ValueError
        return given.rstrip("/")

    def show(self, value: object) -> str:
        return str(value)
