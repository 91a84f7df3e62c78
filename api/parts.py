"""Answers that may be asked for in parts: bytes in memory, and files on disk, which never are."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, BinaryIO, Final

from api import large, ranges
from api.ranges import Span
from api.reply import Reply
from api.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from litestar.types import Message, Receive, Scope, Send

    from api.asking import Asking

_ACCEPTS: Final = (b"accept-ranges", b"bytes")


def bytes_or_part(
    asking: Asking, data: bytes, *, tag: str, kind: bytes, headers: Iterable[tuple[bytes, bytes]] = ()
) -> Reply:
    """`data`, a part or some parts of it, or a 304 when the asker has it."""
    told = [*headers, (b"etag", tag.encode()), _ACCEPTS]
    if asking.knows(tag):
        return Reply(b"", status=304, headers=told)
    parts = _wanted(asking, len(data), tag)
    if not parts:
        return Reply(data, kind=kind, headers=told)
    if len(parts) == 1:
        told.append((b"content-range", ranges.content_range(parts[0], len(data))))
        return Reply(data[parts[0].start : parts[0].end], status=206, kind=kind, headers=told)
    frame = ranges.multipart(parts, len(data), kind, tag)
    pieces = [head + data[part.start : part.end] for head, part in zip(frame.heads, parts, strict=True)]
    return Reply(b"".join([*pieces, frame.end]), status=206, kind=frame.kind, headers=told)


def file_or_part(
    asking: Asking, file: BinaryIO, size: int, *, tag: str, kind: bytes, headers: Iterable[tuple[bytes, bytes]] = ()
) -> FileReply:
    """The same of an open file, which the reply closes."""
    told = [*headers, (b"etag", tag.encode()), _ACCEPTS]
    try:
        parts = _wanted(asking, size, tag)
    except BaseException:
        file.close()
        raise
    if not parts:
        return FileReply(file, [Span(0, size)], size, kind=kind, headers=told)
    if len(parts) == 1:
        told.append((b"content-range", ranges.content_range(parts[0], size)))
        return FileReply(file, parts, parts[0].end - parts[0].start, status=206, kind=kind, headers=told)
    frame = ranges.multipart(parts, size, kind, tag)
    return FileReply(file, parts, frame.size(parts), status=206, kind=frame.kind, headers=told, frame=frame)


def _wanted(asking: Asking, size: int, tag: str) -> list[Span]:
    """The parts asked for; HEAD knows none."""
    if asking.facts.head:
        return []
    return ranges.spans_of(asking.header(b"range"), asking.header(b"if-range"), tag, size)


class FileReply(Reply):
    """Parts of a file, read a piece at a time while they are sent."""

    def __init__(
        self,
        file: BinaryIO,
        parts: Sequence[Span],
        size: int,
        *,
        status: int = 200,
        kind: bytes,
        headers: Iterable[tuple[bytes, bytes]],
        frame: ranges.Multipart | None = None,
    ) -> None:
        super().__init__(b"", status=status, kind=kind, headers=headers)
        self.fields = [pair for pair in self.fields if pair[0] != b"content-length"]
        self.fields.append((b"content-length", b"%d" % size))
        self._file = file
        self._parts = parts
        self._frame = frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's three
        start: Message = {"type": "http.response.start", "status": self.status_code, "headers": self.fields}
        try:
            await send(start)
            for piece in self._planned():
                data = piece if isinstance(piece, bytes) else await in_thread(self._read, piece)
                async with asyncio.timeout(large.STALL_S):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
        except TimeoutError:
            return  # which cuts the connection off
        finally:
            self._file.close()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _planned(self) -> Iterator[bytes | Span]:
        for number, part in enumerate(self._parts):
            if self._frame is not None:
                yield self._frame.heads[number]
            for at in range(part.start, part.end, large.SMALL_BYTES_MAX):
                yield Span(at, min(at + large.SMALL_BYTES_MAX, part.end))
        if self._frame is not None:
            yield self._frame.end

    def _read(self, part: Span) -> bytes:
        self._file.seek(part.start, io.SEEK_SET)
        return self._file.read(part.end - part.start)
