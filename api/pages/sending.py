"""How a page is sent: with a nonce of its own in its head, compressed, and remembered while the log stands still.

A nonce changes with every answer, and compressing takes longer than all the rest. So a page is kept in two parts: its
head, with the nonce, is compressed for every answer, its body once. Deflate streams (RFC 1951) that end on a byte
boundary can be put one after the other, so gzip's (RFC 1952) frame is put around the two here.
"""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final

from api.reply import Reply
from domain.etag import etag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.asking import Asking

HTML: Final = b"text/html; charset=utf-8"
NONCE: Final = secrets.token_hex(16)
"""What stands in a head where the nonce goes. Nobody outside gets to see it, so nobody can write it."""
_LEVEL: Final = 5
_SMALL_BYTES_MAX: Final = 512
"""Below this, compressing saves nothing."""
_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
_VARY: Final = (b"vary", b"Accept-Encoding")
_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


@dataclass(frozen=True, slots=True)
class Html:
    """A page in two parts, with the entity tag of both; `packed` is the second one deflated."""

    head: bytes
    body: bytes
    packed: bytes
    tag: str

    def __len__(self) -> int:
        """How many bytes of memory it takes."""
        return len(self.head) + len(self.body) + len(self.packed)


def html_of(text: str) -> Html:
    """A rendered page, ready to be sent as often as it is asked for."""
    head, mark, body = text.partition("</head>")
    assert mark, "a page has a head"
    first, second = (head + mark).encode("utf-8", "replace"), body.encode("utf-8", "replace")
    return Html(first, second, _deflated(second, last=True), etag(first.replace(NONCE.encode(), b"") + second))


def answer(
    asking: Asking, html: Html, *, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = (), kept: bool = True
) -> Reply:
    """The reply that carries a page; a 304 where the asker has it. What is not `kept` has no entity tag."""
    fields = [*headers, _VARY]
    if kept:
        fields.append((b"etag", html.tag.encode()))
        if asking.knows(html.tag):
            # Without a policy: the one that came with the bytes goes on, and so does its nonce.
            return Reply(b"", status=304, headers=fields)
    nonce = secrets.token_urlsafe(12)
    fields.append((b"content-security-policy", (_POLICY % nonce).encode()))
    head = html.head.replace(NONCE.encode(), nonce.encode())
    if takes_gzip(asking):
        fields.append((b"content-encoding", b"gzip"))
        return Reply(_gzipped(head, html), status=status, kind=HTML, headers=fields)
    return Reply(head + html.body, status=status, kind=HTML, headers=fields)


def takes_gzip(asking: Asking) -> bool:
    """Whether the asker said that it can inflate."""
    for each in asking.header(b"accept-encoding").lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def compressed(data: bytes) -> bytes:
    """Bytes in gzip's frame."""
    return _framed(_deflated(data, last=True), zlib.crc32(data), len(data))


def cookies_of(asking: Asking) -> dict[str, str]:
    """The request's cookies by name; nothing of a header that is none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(asking.header(b"cookie")).items()}
    except CookieError:
        return {}


def _gzipped(head: bytes, html: Html) -> bytes:
    crc = zlib.crc32(html.body, zlib.crc32(head))
    return _framed(_deflated(head, last=False) + html.packed, crc, len(head) + len(html.body))


def _framed(deflated: bytes, crc: int, size: int) -> bytes:
    return b"".join((_GZIP_HEAD, deflated, crc.to_bytes(4, "little"), (size & 0xFFFFFFFF).to_bytes(4, "little")))


def _deflated(data: bytes, *, last: bool) -> bytes:
    level = _LEVEL if len(data) > _SMALL_BYTES_MAX else 1
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
