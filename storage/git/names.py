"""Paths between git, where they are bytes, and everything else, where they are text."""

from __future__ import annotations

_ESCAPES = {
    7: rb"\a",
    8: rb"\b",
    9: rb"\t",
    10: rb"\n",
    11: rb"\v",
    12: rb"\f",
    13: rb"\r",
    34: rb"\"",
    92: rb"\\",
}


def shown(raw: bytes) -> str:
    r"""A path as text: UTF-8, and a byte that is none as `\xff`, so that JSON can hold it and eyes can read it."""
    return raw.decode("utf-8", "backslashreplace")


def wanted(path: str) -> bytes | None:
    """The bytes a path most likely means; None if no file can have it."""
    try:
        return path.strip("/").encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def quoted(*parts: bytes) -> bytes:
    """The parts joined, in C quotes if any byte needs them: how git writes paths into diffs."""
    raw = b"".join(parts)
    if all(32 <= byte < 127 and byte not in {34, 92} for byte in raw):
        return raw
    return b'"' + b"".join(_escaped(byte) for byte in raw) + b'"'


def _escaped(byte: int) -> bytes:
    if byte in _ESCAPES:
        return _ESCAPES[byte]
    return bytes((byte,)) if 32 <= byte < 127 else b"\\%03o" % byte
