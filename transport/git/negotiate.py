"""What a fetch asks for in protocol v0 over stateless HTTP, and the acknowledgements it gets.

Sans-IO. Over HTTP a client says everything again in each request, so one request is one whole conversation:

    want … [shallow …] [deepen …] [filter …] flush   (have … flush)*   (have …)* done?
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import InvalidInput
from transport.git.pktline import DELIM, FLUSH, packets, pkt
from transport.git.wish import Wish, WishReader, oid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One POST to git-upload-pack."""

    wish: Wish
    capabilities: frozenset[str]
    haves: tuple[str | None, ...]
    """Commits the client has; None where it waits for an answer."""
    done: bool

    @property
    def asks_for_depth_only(self) -> bool:
        """A client learns first how far history will go, and asks for objects then."""
        return self.wish.deepening is not None and not self.done and not self.haves


def parse_fetch(data: bytes) -> FetchRequest | None:
    """Read a request; None if it wants nothing."""
    lines = packets(data)
    if not lines or lines[0] == FLUSH:
        return None
    if DELIM in lines:
        raise InvalidInput("the request is one of protocol v2, and does not say so in a header")
    end = lines.index(FLUSH) if FLUSH in lines else len(lines)
    capabilities: frozenset[str] = frozenset()
    reader = WishReader()
    for line in lines[:end]:
        text = line.decode("utf-8", "surrogateescape")
        verb, _, rest = text.partition(" ")
        if verb == "want" and not capabilities:
            oid, _, words = rest.partition(" ")
            capabilities = frozenset(words.split())
            text = f"want {oid}"
        if verb == "want-ref" or not reader.take(text):
            raise InvalidInput(f"this server does not understand {verb[:40]!r} in a fetch")
    wish = reader.wish(capabilities)
    if not wish.wants:
        raise InvalidInput("a fetch says first what it wants")
    return FetchRequest(wish, capabilities, *_haves(lines[end + 1 :]))


def acknowledge(
    request: FetchRequest, held: Collection[str], enough: Callable[[Sequence[str]], bool]
) -> tuple[bytes, list[str], bool]:
    """The acknowledgements, the commits both have, and whether the pack follows.

    `held` are those of the haves that are here; `enough` says whether those named so far suffice to leave out all that
    the client has.
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
        elif have in held:
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


def _haves(lines: Sequence[bytes]) -> tuple[tuple[str | None, ...], bool]:
    haves: list[str | None] = []
    for line in lines:
        if line == b"done":
            return tuple(haves), True
        if line == FLUSH:
            haves.append(None)
        elif line.startswith(b"have "):
            haves.append(oid_of(line[5:].decode("utf-8", "replace")))
        else:
            raise InvalidInput("a fetch names what it has, and then “done”")
    return tuple(haves), False
