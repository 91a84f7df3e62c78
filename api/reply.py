"""What is sent back: bytes that are ready, with few headers and nothing rendered twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar.response.base import ASGIResponse

from api import large
from api.fields import chosen
from api.remembered import Headers, Rendered
from domain.etag import etag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import Message, Receive, Scope, Send

    from api.asking import Asking

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; charset=utf-8"
BYTES: Final = b"application/octet-stream"
encode_json: Final = msgspec.json.Encoder().encode


class Reply(ASGIResponse):
    """One answer whose body is in memory. Litestar hands it to the server as it is."""

    def __init__(
        self, body: bytes, *, status: int = 200, kind: bytes = JSON, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        # The base class is here for its type: it tells Litestar that nothing is left to render.
        self.status_code = status
        self.body = body
        self.fields: Headers = [*headers]
        if status not in {204, 304}:
            self.fields.append((b"content-type", kind))
            self.fields.append((b"content-length", b"%d" % len(body)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's three
        start: Message = {"type": "http.response.start", "status": self.status_code, "headers": self.fields}
        if len(self.body) > large.SMALL_BYTES_MAX:
            with large.held.counting(len(self.body)):
                await send(start)
                await large.send_pieces(send, self.body)
            return
        await send(start)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def read(
    asking: Asking, body: bytes, *, tag: str = "", kind: bytes = JSON, headers: Iterable[tuple[bytes, bytes]] = ()
) -> Reply:
    """A 200 with its entity tag, or a 304 when the asker has these bytes already."""
    return send(asking, rendered(body, tag=tag, headers=headers), kind=kind)


def rendered(body: bytes, *, tag: str = "", headers: Iterable[tuple[bytes, bytes]] = ()) -> Rendered:
    """A body with its entity tag in the header."""
    tag = tag or etag(body)
    return Rendered(body, tag, [*headers, (b"etag", tag.encode())])


def send(asking: Asking, what: Rendered, *, kind: bytes = JSON) -> Reply:
    """What is rendered, or a 304 when the asker has it already."""
    # The tag stays that of the whole: it changes when that does, and a change can be bound to it.
    body = chosen(asking, what.body) if kind is JSON and b"fields=" in asking.scope["query_string"] else what.body
    if asking.knows(what.tag):
        return Reply(b"", status=304, headers=what.headers)
    return Reply(body, kind=kind, headers=what.headers)


def read_value(asking: Asking, value: Any) -> Reply:
    """Like `read`, of something that is not rendered yet."""
    return read(asking, encode_json(value))


def joined(key: bytes, docs: Iterable[bytes]) -> bytes:
    """The JSON object whose one field is the list of these documents."""
    return b'{"%b":[%b]}' % (key, b",".join(docs))


def extended(doc: bytes, fields: bytes) -> bytes:
    """The JSON object `doc` with more fields (`"a":1,"b":2`) at its end; `doc` has some of its own."""
    return doc[:-1] + b"," + fields + b"}"
