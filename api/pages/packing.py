"""Gzip (RFC 1952) of pieces that were compressed apart, at different times.

Deflate streams (RFC 1951) that end on a byte boundary can be put one after the other, so a frame is put around them
here. The frame ends with a checksum of everything; that of two pieces is found from theirs, without their bytes.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEVEL: Final = 5
_SMALL_BYTES_MAX: Final = 512
"""Below this, compressing saves nothing."""
_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
_END: Final = b"\x03\x00"
"""An empty block that says it is the last."""
_POLYNOMIAL: Final = 0xEDB88320
_ONE: Final = 1 << 31
"""Polynomials over two elements stand here as CRC-32 has them: the constant term is the highest bit."""
_EIGHTH: Final = 1 << 23
"""x to the power of 8: a byte."""
_SIZE_BITS: Final = 32


def deflated(data: bytes) -> bytes:
    """A piece, compressed so that others can stand before and after it."""
    level = _LEVEL if len(data) > _SMALL_BYTES_MAX else 1
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def framed(pieces: Iterable[bytes], crc: int, size: int) -> bytes:
    """A file in gzip's format of pieces that are deflated; `crc` and `size` are of what they came from."""
    return b"".join((_HEAD, *pieces, _END, crc.to_bytes(4, "little"), (size & 0xFFFFFFFF).to_bytes(4, "little")))


def compressed(data: bytes) -> bytes:
    """Bytes in gzip's format."""
    return framed((deflated(data),), zlib.crc32(data), len(data))


def further(size: int) -> int:
    """What `joined` needs to know of how long the second piece is: x to the power of its bits."""
    power = _ONE
    for place, square in enumerate(_squares()):
        if size >> place & 1:
            power = _times(square, power)
    return power


def joined(first: int, second: int, power: int) -> int:
    """The CRC-32 of two pieces, one after the other, from theirs; `power` is `further` of the second one's size."""
    return _times(power, first) ^ second


@cache
def _squares() -> list[int]:
    """By place: x to the power of 8, of 16, of 32 and so on, for every bit of a size that gzip can tell."""
    found = [_EIGHTH]
    while len(found) < _SIZE_BITS:
        found.append(_times(found[-1], found[-1]))
    return found


def _times(a: int, b: int) -> int:
    """The product of two polynomials, modulo that of CRC-32."""
    product, bit = 0, _ONE
    while a:
        if a & bit:
            product ^= b
            a ^= bit
        bit >>= 1
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product
