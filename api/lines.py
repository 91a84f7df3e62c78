"""Answers of one JSON document a line (`application/x-ndjson`), sent as they are found, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from litestar.response.base import ASGIResponse

from api.reply import encode_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar.types import Receive, Scope, Send

    from api.asking import Asking

NDJSON: Final = b"application/x-ndjson"


def wants_lines(asking: Asking) -> bool:
    """Whether the asker would rather have lines than a page."""
    return NDJSON.decode() in asking.header(b"accept")


@final
class Lines(ASGIResponse):
    """A list as lines. The `first` piece is here already, so that what is wrong with the question is told as such;
    each later one is looked for when the one before has gone out.
    """

    def __init__(self, first: list[dict[str, Any]], later: AsyncIterator[list[dict[str, Any]]]) -> None:
        self._first = first
        self._later = later
        self.status_code = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's three
        headers = [(b"content-type", NDJSON)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _lines(self._first), "more_body": True})
        async for piece in self._later:
            await send({"type": "http.response.body", "body": _lines(piece), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _lines(docs: list[dict[str, Any]]) -> bytes:
    return b"".join(encode_json(doc) + b"\n" for doc in docs)
