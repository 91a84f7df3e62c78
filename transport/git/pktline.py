"""Git's framing: four hex digits of length, then the line; `0000` ends a section."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from domain.errors import InvalidInput, TooLarge
from transport.git.limits import BAND_BYTES_MAX, PKT_BYTES_MAX

if TYPE_CHECKING:
    from transport.git.asgi import Body

FLUSH: Final = b"0000"
DELIM: Final = b"0001"
"""Between the sections of protocol v2."""
DATA, PROGRESS, FATAL = 1, 2, 3
_LENGTH: Final = re.compile(rb"[0-9a-fA-F]{4}")


def pkt(line: bytes) -> bytes:
    """One framed line."""
    assert len(line) <= PKT_BYTES_MAX - 4
    return b"%04x%s" % (len(line) + 4, line)


def band(channel: int, data: bytes) -> bytes:
    """`data` for one of the channels that share an answer, in as many packets as it takes (at least one)."""
    pieces = [data[at : at + BAND_BYTES_MAX] for at in range(0, len(data), BAND_BYTES_MAX)] or [b""]
    return b"".join(pkt(bytes([channel]) + piece) for piece in pieces)


def split_pkt(data: bytes | bytearray, at: int) -> tuple[bytes | None, int] | None:
    """The line at `at` (None for a flush) and the position behind it; nothing if it is not all there yet."""
    head = bytes(data[at : at + 4])
    if len(head) < 4:
        if not _LENGTH.match(head.ljust(4, b"0")):
            raise InvalidInput("the request is not in git's packet format")
        return None
    length = int(head, 16) if _LENGTH.fullmatch(head) else -1
    if length == 0:
        return None, at + 4
    if not 4 <= length <= PKT_BYTES_MAX:
        raise InvalidInput("the request is not in git's packet format")
    if len(data) - at < length:
        return None
    return bytes(data[at + 4 : at + length]), at + length


def packets(data: bytes) -> list[bytes]:
    """The lines of a whole request, without the line feeds at their ends; `FLUSH` and `DELIM` stand for themselves.

    No line is taken for one of those: what git sends has none that is four digits.
    """
    lines: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        if data[at : at + 4] == DELIM:
            lines.append(DELIM)
            at += 4
            continue
        found = split_pkt(data, at)
        if found is None:
            raise InvalidInput("the request is cut off")
        line, at = found
        lines.append(FLUSH if line is None else line.removesuffix(b"\n"))
    return lines


async def read_section(body: Body, *, bytes_max: int, begun: bytes | None = None) -> tuple[list[bytes], bytes]:
    """The lines up to the next flush, and what came behind it already.

    `begun` is what came behind the section before this one. The first section has none, and no lines if the body is
    empty; a later one that is not there is `InvalidInput`, which one without lines is not.
    """
    data, lines, at = bytearray(begun or b""), list[bytes](), 0
    while True:
        while (found := split_pkt(data, at)) is not None:
            line, at = found
            if line is None:
                return lines, bytes(data[at:])
            lines.append(line)
        if at > bytes_max:
            raise TooLarge(f"the commands or options of the push are larger than {bytes_max} bytes")
        piece = await body.read()
        if not piece:
            if not data and begun is None:
                return [], b""
            raise InvalidInput("the request is cut off")
        data += piece
