"""Answers of one JSON document a line (`application/x-ndjson`), sent as they are found, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from litestar.response.base import ASGIResponse

from api.reply import encode_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.types import Receive, Scope, Send

    from api.asking import Asking

NDJSON: Final = b"application/x-ndjson"


def wants_lines(asking: Asking) -> bool:
    """Whether the asker would rather have lines than a page."""
    return NDJSON.decode() in asking.header(b"accept")


@final
class Lines(ASGIResponse):
    """A list as lines. Of its pieces there is one at least; each is looked for when the one before has gone out."""

    def __init__(self, pieces: Iterator[list[dict[str, object]]]) -> None:
        # The first one now: what is wrong with the question is answered as such.
        self._first: list[dict[str, object]] = next(pieces)
        self._pieces = pieces
        self.status_code = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's three
        headers = [(b"content-type", NDJSON)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _lines(self._first), "more_body": True})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": _lines(piece), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _lines(docs: list[dict[str, object]]) -> bytes:
    return b"".join(encode_json(doc) + b"\n" for doc in docs)
