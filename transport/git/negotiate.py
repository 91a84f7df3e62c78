"""What a fetch asks for (protocol v0 over stateless HTTP), and the acknowledgements it gets.

Sans-IO. Over HTTP a client says everything again in each request, so one request is one whole conversation:

    want … [shallow …] [deepen n] flush   (have … flush)*   (have …)* done?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import InvalidInput
from domain.refs.names import is_oid
from transport.git.pktline import pkt, split_pkt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEPTH_INFINITE: Final = 0x7FFFFFFF
"""What `git fetch --unshallow` asks for."""


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One POST to git-upload-pack."""

    wants: tuple[str, ...]
    capabilities: frozenset[str]
    shallow: frozenset[str]
    """Commits whose parents the client does not have."""
    depth: int | None
    haves: tuple[str | None, ...]
    """Commits the client has; None where it waits for an answer."""
    done: bool

    @property
    def asks_for_depth_only(self) -> bool:
        """A client learns first how far history will go, and asks for objects then."""
        return self.depth is not None and not self.done and not self.haves


def parse_fetch(data: bytes) -> FetchRequest | None:
    """Read a request; None if it wants nothing."""
    lines = _lines(data)
    if not lines or lines[0] is None:
        return None
    end = lines.index(None) if None in lines else len(lines)
    wants: list[str] = []
    shallow: set[str] = set()
    capabilities: frozenset[str] = frozenset()
    depth: int | None = None
    for line in lines[:end]:
        assert line is not None
        verb, _, rest = line.partition(" ")
        if verb == "want":
            oid, _, words = rest.partition(" ")
            capabilities = capabilities or frozenset(words.split())
            wants.append(_oid(oid))
        elif verb == "shallow":
            shallow.add(_oid(rest))
        elif verb == "deepen" and rest.isdecimal() and int(rest) > 0:
            depth = int(rest)
        else:
            raise InvalidInput(f"this server does not understand {verb[:40]!r} in a fetch")
    return FetchRequest(tuple(dict.fromkeys(wants)), capabilities, frozenset(shallow), depth, *_haves(lines[end + 1 :]))


def acknowledge(
    request: FetchRequest, has: Callable[[str], bool], enough: Callable[[Sequence[str]], bool]
) -> tuple[bytes, list[str], bool]:
    """The acknowledgements, the commits both have, and whether the pack follows.

    `enough` says whether those suffice to leave out all that the client has.
    """
    detailed = "multi_ack_detailed" in request.capabilities
    multi = detailed or "multi_ack" in request.capabilities
    out: list[bytes] = []
    common: list[str] = []
    for have in request.haves:
        if have is None:
            ready = detailed and bool(common) and enough(common)
            if ready:
                out.append(pkt(f"ACK {common[-1]} ready\n".encode()))
            if multi or not common:
                out.append(pkt(b"NAK\n"))
            if ready and "no-done" in request.capabilities:
                out.append(pkt(f"ACK {common[-1]}\n".encode()))
                return b"".join(out), common, True
        elif has(have):
            common.append(have)
            word = " common" if detailed else " continue"
            if multi or len(common) == 1:
                out.append(pkt(f"ACK {have}{word if multi else ''}\n".encode()))
    if request.done:
        if not common:
            out.append(pkt(b"NAK\n"))
        elif multi:
            out.append(pkt(f"ACK {common[-1]}\n".encode()))
    return b"".join(out), common, request.done


def _lines(data: bytes) -> list[str | None]:
    lines: list[str | None] = []
    at = 0
    while at < len(data):
        found = split_pkt(data, at)
        if found is None:
            raise InvalidInput("the request is cut off")
        line, at = found
        lines.append(None if line is None else line.decode("utf-8", "replace").removesuffix("\n"))
    return lines


def _haves(lines: Sequence[str | None]) -> tuple[tuple[str | None, ...], bool]:
    haves: list[str | None] = []
    for line in lines:
        if line == "done":
            return tuple(haves), True
        if line is None:
            haves.append(None)
        elif line.startswith("have "):
            haves.append(_oid(line[5:]))
        else:
            raise InvalidInput("a fetch names what it has, and then “done”")
    return tuple(haves), False


def _oid(text: str) -> str:
    if not is_oid(text):
        raise InvalidInput("an object is named by 40 hexadecimal digits")
    return text
