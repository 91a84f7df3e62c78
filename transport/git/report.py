"""Tell the client, while it waits and in the end, what became of its push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from transport.git.limits import REASON_CHARS_MAX
from transport.git.pktline import DATA, FLUSH, PROGRESS, band, pkt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transport.git.asgi import Reply
    from transport.git.commands import PushRequest

CONTENT_TYPE: Final = "application/x-git-receive-pack-result"


@final
class Report:
    """The answer to one push. A client that hung up meanwhile does not stop what it asked for."""

    def __init__(self, reply: Reply, request: PushRequest) -> None:
        self._reply = reply
        self._request = request

    async def say(self, text: str) -> None:
        """A line for a person, which git shows behind `remote:`."""
        if self._request.banded:
            await self._write(band(PROGRESS, f"{one_line(text)}\n".encode()))

    async def keep_alive(self, progress: str) -> None:
        """Show that the node is at work, without words where nobody looks on."""
        words = f"{one_line(progress)}\n" if progress and not self._request.quiet else ""
        if self._request.banded:
            await self._write(band(PROGRESS, words.encode()))

    async def close(self, problem: str, reasons: Mapping[str, str]) -> None:
        """The last word: what is wrong with the pack, and why a ref was not moved."""
        lines = [f"unpack {one_line(problem) or 'ok'}\n"]
        for command in self._request.commands:
            reason = reasons.get(command.ref)
            # A name with a line break would write lines of its own.
            ref = command.ref if reason is None else "".join(c if c >= " " else "?" for c in command.ref)
            lines.append(f"ok {ref}\n" if reason is None else f"ng {ref} {one_line(reason)}\n")
        report = b"".join(pkt(line.encode("utf-8", "surrogateescape")) for line in lines) + FLUSH
        if not self._request.wants_report:
            report = b""
        if self._request.banded:
            report = (band(DATA, report) if report else b"") + FLUSH
        await self._reply.end(report)

    async def _write(self, data: bytes) -> None:
        if not self._reply.started:
            await self._reply.start(CONTENT_TYPE)
        await self._reply.write(data)


def one_line(text: str) -> str:
    """`text` as a terminal may show it: one line, no control characters, not endless."""
    return "".join(c if c.isprintable() else " " for c in text)[:REASON_CHARS_MAX].strip()
