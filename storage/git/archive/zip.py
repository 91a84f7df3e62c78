"""Zip as git writes it: deflated where that is shorter, times in UTC, the commit's id as the comment."""

from __future__ import annotations

import stat
import struct
import zlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from storage.git.archive.entries import ArchiveEntry

_STORED, _DEFLATED = 0, 8
_UTF8: Final = 1 << 11
_UNIX: Final = 0x0317
"""Made by: the modes of programs and symlinks are Unix ones."""
_VERSION, _VERSION_64 = 10, 45
_FOLDER_ATTRIBUTE: Final = 16
_32: Final = 0xFFFFFFFF
_16: Final = 0xFFFF
_TIME_MAX: Final = 4_354_819_198
"""The end of 2107, where the dates of this format end."""
_TIME_MIN: Final = 315_532_800


def zip_archive(members: Iterable[ArchiveEntry], commit: bytes, time: int) -> Iterator[bytes]:
    """The archive, a piece at a time; `time` (seconds since 1970) is when every member was changed."""
    clock = _dos_time(time)
    extra = struct.pack("<HHBI", 0x5455, 5, 1, time & _32)
    directory: list[bytes] = []
    at = made_by = 0
    for member in members:
        head, body, row = _member(member, clock, extra, at)
        directory.append(row)
        made_by = max(made_by, _made_by(member))
        at += len(head) + len(body)
        yield head
        yield body
    rows = b"".join(directory)
    yield rows
    if len(directory) > _16 or at > _32:
        yield _end_64(len(directory), len(rows), at, made_by)
    count = min(len(directory), _16)
    yield struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(rows), min(at, _32), len(commit)) + commit


def _member(member: ArchiveEntry, clock: tuple[int, int], extra: bytes, at: int) -> tuple[bytes, bytes, bytes]:
    """Its header, its bytes, and its row of the directory."""
    method, body = _STORED, member.data
    if stat.S_ISREG(member.mode) and body:
        packed = _deflated(body)
        if len(packed) < len(body):
            method, body = _DEFLATED, packed
    sizes = zlib.crc32(member.data), len(body), len(member.data)
    flags = _UTF8 if _is_foreign(member.path) else 0
    common = struct.pack("<HHHHH", _VERSION, flags, method, *clock) + struct.pack("<III", *sizes)
    head = (
        struct.pack("<I", 0x04034B50) + common + struct.pack("<HH", len(member.path), len(extra)) + member.path + extra
    )
    far = struct.pack("<HHQ", 1, 8, at) if at >= _32 else b""
    row = struct.pack("<IH", 0x02014B50, _made_by(member)) + common
    row += struct.pack(
        "<HHHHHII", len(member.path), len(extra) + len(far), 0, 0, member.text, _attributes(member), min(at, _32)
    )
    return head, body, row + member.path + extra + far


def _attributes(member: ArchiveEntry) -> int:
    if member.is_folder:
        return _FOLDER_ATTRIBUTE
    if stat.S_ISLNK(member.mode):
        return (member.mode | 0o777) << 16
    return member.mode << 16 if member.mode & 0o111 else 0


def _made_by(member: ArchiveEntry) -> int:
    return _UNIX if not member.is_folder and (stat.S_ISLNK(member.mode) or member.mode & 0o111) else 0


def _end_64(count: int, size: int, at: int, made_by: int) -> bytes:
    end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, made_by, _VERSION_64, 0, 0, count, count, size, at)
    return end + struct.pack("<IIQI", 0x07064B50, 0, at + size, 1)


def _deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


def _is_foreign(path: bytes) -> bool:
    """Whether a name has letters beyond ASCII, in UTF-8."""
    if path.isascii():
        return False
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def _dos_time(time: int) -> tuple[int, int]:
    when = datetime.fromtimestamp(max(_TIME_MIN, min(time, _TIME_MAX)), timezone.utc)  # noqa: UP017
    date = when.day + when.month * 32 + (when.year - 1980) * 512
    return when.second // 2 + when.minute * 32 + when.hour * 2048, date
