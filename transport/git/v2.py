"""Requests of protocol v2, and what of their answers is known from the words alone. Sans-IO.

command=<name>  capability…  [delim  argument…]  flush
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import InvalidInput
from transport.git.limits import PREFIXES_MAX
from transport.git.pktline import DELIM, FLUSH, packets, pkt
from transport.git.wish import Wish, WishReader, oid_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CAPABILITIES: Final = (
    "ls-refs=unborn",
    "fetch=shallow wait-for-done filter ref-in-want sideband-all",
    "server-option",
    "object-format=sha1",
    "object-info",
)
_IGNORED: Final = frozenset({"agent", "server-option", "session-id"})
_FETCH_WORDS: Final = frozenset(
    {
        "done", "wait-for-done", "thin-pack", "ofs-delta", "include-tag", "no-progress", "deepen-relative",
        "sideband-all",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LsRefs:
    """Which refs there are."""

    peel: bool
    symrefs: bool
    unborn: bool
    prefixes: tuple[bytes, ...]
    """Only names that begin so; none: all of them."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Objects."""

    wish: Wish
    haves: tuple[str, ...]
    done: bool
    wait_for_done: bool
    sideband_all: bool

    @property
    def wants_something(self) -> bool:
        return bool(self.wish.wants or self.wish.want_refs)


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What objects are like, without their bytes."""

    size: bool
    oids: tuple[str, ...]


Command = LsRefs | Fetch | ObjectInfo


def capabilities(agent: str) -> bytes:
    """What a client is told first."""
    lines = ("version 2", f"agent={agent}", *_CAPABILITIES)
    return b"".join(pkt(f"{line}\n".encode()) for line in lines) + FLUSH


def parse_command(data: bytes) -> Command | None:
    """Read one request; None if it asks for nothing."""
    lines = packets(data)
    if not lines or lines == [FLUSH]:
        return None
    if FLUSH in lines[:-1]:
        raise InvalidInput("there is more than one command in the request")
    lines = lines[:-1] if lines[-1] == FLUSH else lines
    end = lines.index(DELIM) if DELIM in lines else len(lines)
    name = _name([line.decode("utf-8", "replace") for line in lines[:end]])
    arguments = lines[end + 1 :]
    if DELIM in arguments:
        raise InvalidInput("the request has more sections than a command has")
    if name == "ls-refs":
        return _ls_refs(arguments)
    texts = (line.decode("utf-8", "surrogateescape") for line in arguments)
    if name == "fetch":
        return _fetch(texts)
    if name == "object-info":
        return _object_info(texts)
    raise InvalidInput(f"there is no command {name[:40]!r}; there are ls-refs, fetch and object-info")


def acknowledgements(common: Sequence[str], *, ready: bool) -> list[bytes]:
    """The lines of the section that answers haves."""
    lines = [b"acknowledgments\n"]
    lines += [f"ACK {oid}\n".encode() for oid in common] or [b"NAK\n"]
    return [*lines, b"ready\n"] if ready else lines


def _name(lines: Iterable[str]) -> str:
    name = ""
    for line in lines:
        key, _, value = line.partition("=")
        if key == "command" and not name:
            name = value
        elif key == "object-format":
            if value != "sha1":
                raise InvalidInput("repositories here name objects by SHA-1")
        elif key not in _IGNORED:
            raise InvalidInput(f"this server has no capability {key[:40]!r}")
    if not name:
        raise InvalidInput("the request names no command")
    return name


def _ls_refs(arguments: Sequence[bytes]) -> LsRefs:
    words = {line for line in arguments if not line.startswith(b"ref-prefix ")}
    if strange := words - {b"peel", b"symrefs", b"unborn"}:
        raise _strange(min(strange).decode("utf-8", "replace"))
    prefixes = tuple(dict.fromkeys(line[11:] for line in arguments if line.startswith(b"ref-prefix ")))
    if len(prefixes) > PREFIXES_MAX or b"" in prefixes:
        prefixes = ()  # they are a client's wish to hear less, and no promise
    return LsRefs(b"peel" in words, b"symrefs" in words, b"unborn" in words, prefixes)


def _fetch(arguments: Iterable[str]) -> Fetch:
    reader, haves, words = WishReader(), dict[str, None](), set[str]()
    for line in arguments:
        if line.startswith("have "):
            haves[oid_of(line[5:])] = None
        elif line in _FETCH_WORDS:
            words.add(line)
        elif not reader.take(line):
            raise _strange(line)
    return Fetch(reader.wish(words), tuple(haves), "done" in words, "wait-for-done" in words, "sideband-all" in words)


def _object_info(arguments: Iterable[str]) -> ObjectInfo:
    size, oids = False, list[str]()
    for line in arguments:
        if line == "size":
            size = True
        elif line.startswith("oid "):
            oids.append(oid_of(line[4:]))
        else:
            raise _strange(line)
    return ObjectInfo(size, tuple(oids))


def _strange(line: str) -> InvalidInput:
    return InvalidInput(f"this server does not understand {line.partition(' ')[0][:40]!r} here")
