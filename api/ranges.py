"""Parts of an answer: `Range` and `If-Range` as RFC 9110 §14 has them."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.errors import LocalFault

if TYPE_CHECKING:
    from collections.abc import Sequence

RANGES_MAX: Final = 32
"""Whoever asks for more parts than these, or for parts that overlap, gets it all."""
_UNIT: Final = "bytes="
_SPEC: Final = re.compile(r"(\d{0,18})-(\d{0,18})")


class Span(NamedTuple):
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


class RangeNotSatisfiable(LocalFault):
    """No part that `Range` asks for is there; `size` is how long the whole is, in bytes."""

    code = "range-not-satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"no such part is there: it has {size:,} bytes", hint="leave Range out to get all of it")
        self.size = size


def spans_of(header: str, condition: str, tag: str, size: int) -> list[Span]:
    """The parts asked for, in the asker's order; none for all of it. Raises `RangeNotSatisfiable`.

    `header` is `Range`, `condition` is `If-Range`; `tag` is the strong entity tag of what is there now, with its
    quotes, and `size` its bytes.
    """
    header, condition = header.strip(), condition.strip()
    if not header.lower().startswith(_UNIT) or (condition and condition != tag):
        return []
    specs = [spec.strip() for spec in header[len(_UNIT) :].split(",")]
    specs = [spec for spec in specs if spec]
    spans: list[Span] = []
    for spec in specs[: RANGES_MAX + 1]:
        match = _SPEC.fullmatch(spec)
        if match is None or spec == "-" or (match[1] and match[2] and int(match[2]) < int(match[1])):
            return []  # no range at all, so it means nothing
        span = _span(match[1], match[2], size)
        if span.start < span.end:
            spans.append(span)
    if not spans and specs:
        raise RangeNotSatisfiable(size)
    return [] if len(specs) > RANGES_MAX or _overlap(spans) else spans


def _span(first: str, last: str, size: int) -> Span:
    if not first:
        return Span(max(0, size - int(last)), size)
    return Span(int(first), min(size, int(last) + 1) if last else size)


def _overlap(parts: Sequence[Span]) -> bool:
    ordered = sorted(parts)
    return any(before.end > after.start for before, after in pairwise(ordered))


class Multipart(NamedTuple):
    """Several parts as one body: what stands before each, and what ends it all."""

    kind: bytes
    heads: list[bytes]
    end: bytes

    def size(self, parts: Sequence[Span]) -> int:
        """How long the body is."""
        return sum(map(len, self.heads)) + sum(part.end - part.start for part in parts) + len(self.end)


def multipart(parts: Sequence[Span], size: int, kind: bytes, tag: str) -> Multipart:
    """The frame of a `multipart/byteranges` body."""
    boundary = hashlib.sha256(f"{tag} {parts}".encode()).hexdigest()[:32].encode()
    heads = [
        b"\r\n--%b\r\nContent-Type: %b\r\nContent-Range: %b\r\n\r\n" % (boundary, kind, content_range(part, size))
        for part in parts
    ]
    return Multipart(b"multipart/byteranges; boundary=" + boundary, heads, b"\r\n--%b--\r\n" % boundary)


def content_range(part: Span, size: int) -> bytes:
    """Which part of the whole this is."""
    return b"bytes %d-%d/%d" % (part.start, part.end - 1, size)
