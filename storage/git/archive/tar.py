"""Tar as git writes it: ustar, with a pax header where a name is too long, and the commit's id in a global one."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.git.archive.entries import ArchiveEntry

_RECORD_BYTES: Final = 512
_BLOCK_BYTES: Final = 20 * _RECORD_BYTES
_NAME_BYTES: Final = 100
_PREFIX_BYTES: Final = 155
_OCTAL_MAX: Final = 0o77777777777
"""The largest size or time a header can hold."""
_UMASK: Final = 0o002
_FILE, _SYMLINK, _FOLDER, _PAX, _PAX_GLOBAL = b"0", b"2", b"5", b"x", b"g"


def tar(members: Iterable[ArchiveEntry], commit: bytes, time: int) -> Iterator[bytes]:
    """The archive, a piece at a time; `time` (seconds since 1970) is when every member was changed."""
    written = 0
    for piece in _pieces(members, commit, time):
        written += len(piece)
        yield piece
    # Two empty records end it, and whole blocks are written.
    end = -written % _BLOCK_BYTES
    yield bytes(end if end >= 2 * _RECORD_BYTES else end + _BLOCK_BYTES)


def _pieces(members: Iterable[ArchiveEntry], commit: bytes, time: int) -> Iterator[bytes]:
    told = _pax(b"comment", commit)
    if time > _OCTAL_MAX:
        told += _pax(b"mtime", b"%d" % time)
        time = _OCTAL_MAX
    yield _header(b"pax_global_header", 0o666, len(told), time, _PAX_GLOBAL)
    yield _padded(told)
    for member in members:
        yield from _member(member, time)


def _member(member: ArchiveEntry, time: int) -> Iterator[bytes]:
    name, prefix, link, extra = member.path, b"", b"", b""
    if len(name) > _NAME_BYTES:
        prefix, name = _split(name)
        if not prefix:
            extra, name = _pax(b"path", member.path), member.oid + b".data"
    data = member.data
    if member.is_folder:
        kind, mode = _FOLDER, 0o777 & ~_UMASK
    elif stat.S_ISLNK(member.mode):
        kind, mode, link, data = _SYMLINK, 0o777, data, b""
        if len(link) > _NAME_BYTES:
            extra, link = extra + _pax(b"linkpath", link), b"see " + member.oid + b".paxheader"
    else:
        kind, mode = _FILE, (0o777 if member.mode & 0o100 else 0o666) & ~_UMASK
    size = len(data)
    if size > _OCTAL_MAX:
        extra, size = extra + _pax(b"size", b"%d" % size), 0
    if extra:
        yield _header(member.oid + b".paxheader", 0o666, len(extra), time, _PAX)
        yield _padded(extra)
    yield _header(name, mode, size, time, kind, link=link, prefix=prefix)
    if data:
        yield _padded(data)


def _split(path: bytes) -> tuple[bytes, bytes]:
    """A long name as prefix and name, parted at the last slash that leaves a prefix that fits."""
    at = path.rfind(b"/", 0, min(len(path.removesuffix(b"/")), _PREFIX_BYTES))
    if at <= 0 or len(path) - at - 1 > _NAME_BYTES:
        return b"", path
    return path[:at], path[at + 1 :]


def _header(
    name: bytes, mode: int, size: int, time: int, kind: bytes, *, link: bytes = b"", prefix: bytes = b""
) -> bytes:
    before = b"%b%07o\0%07o\0%07o\0%011o\0%011o\0" % (name.ljust(_NAME_BYTES, b"\0"), mode, 0, 0, size, time)
    behind = b"%b%bustar\x0000%b%b%07o\0%07o\0%b" % (
        kind,
        link.ljust(_NAME_BYTES, b"\0"),
        b"root".ljust(32, b"\0"),
        b"root".ljust(32, b"\0"),
        0,
        0,
        prefix.ljust(_PREFIX_BYTES, b"\0"),
    )
    checksum = sum(before) + 8 * ord(" ") + sum(behind)
    return (before + b"%07o\0" % checksum + behind).ljust(_RECORD_BYTES, b"\0")


def _pax(keyword: bytes, value: bytes) -> bytes:
    """A record that begins with its own length."""
    rest = b" %b=%b\n" % (keyword, value)
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d" % length + rest


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _RECORD_BYTES)
