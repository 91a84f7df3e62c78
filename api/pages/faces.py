"""The picture of a key as PNG, for sites that show a link with a picture: they take no SVG."""

from __future__ import annotations

import colorsys
import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final

from litestar import get
from litestar.params import PathParameter

from api.pages.templating import GRID, face
from api.reply import Reply
from domain.errors import NotFound
from domain.keys import is_did

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE_PX: Final = 280
_CELL_PX: Final = SIDE_PX // (GRID + 2)
_KEPT_MAX: Final = 256
_PAPER: Final = (245, 247, 248)
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@get("/-/face/{did:str}", sync_to_thread=False)
def show_face(did: Annotated[str, PathParameter(description="A did:key and `.png`.", max_length=200)]) -> Reply:
    """One picture."""
    name, dot, end = did.rpartition(".")
    if not dot or end != "png" or not is_did(name):
        raise NotFound("there is no such picture", hint="it is called by a did:key and .png")
    return Reply(drawn(name), kind=b"image/png", headers=[(b"cache-control", b"public, max-age=31536000, immutable")])


@lru_cache(_KEPT_MAX)
def drawn(did: str) -> bytes:
    """The picture: two colours, one byte for eight pixels of a row."""
    spots, hue = face(did)
    ink = tuple(round(255 * each) for each in colorsys.hls_to_rgb(hue / 360, 0.48, 0.55))
    rows = b"".join(b"\0" + _row(spots, y // _CELL_PX - 1) for y in range(SIDE_PX))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", SIDE_PX, SIDE_PX, 1, 3, 0, 0, 0)),
        (b"PLTE", bytes((*_PAPER, *ink))),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _row(spots: set[tuple[int, int]], y: int) -> bytes:
    bits = "".join(_bits(spots, y))
    return int(bits, 2).to_bytes(SIDE_PX // 8, "big")


def _bits(spots: set[tuple[int, int]], y: int) -> Iterator[str]:
    for x in range(-1, GRID + 1):
        yield ("1" if (x, y) in spots else "0") * _CELL_PX


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
