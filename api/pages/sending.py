"""How a page is sent: with a nonce of its own in its head, compressed, and remembered while the log stands still.

A nonce changes with every answer, and compressing takes longer than all the rest. So a page is kept in pieces: its
head, with the nonce, is compressed for every answer, its body once, and what is large in it only when it changes
(`blocks.py`).
"""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final

from api.pages.blocks import pieces
from api.pages.packing import deflated, framed, further, joined
from api.reply import Reply
from domain.etag import etag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from api.asking import Asking
    from api.pages.blocks import Block

HTML: Final = b"text/html; charset=utf-8"
NONCE: Final = secrets.token_hex(16)
"""What stands in a head where the nonce goes. Nobody outside gets to see it, so nobody can write it."""
_VARY: Final = (b"vary", b"Accept-Encoding")
_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-%s'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


@dataclass(frozen=True, slots=True)
class Html:
    """A page: its head, and its body in pieces; with what its checksum needs and the entity tag of all."""

    head: bytes
    body: tuple[Block, ...]
    tag: str
    crc: int
    """Of the body."""
    size: int
    power: int
    """`further` of the body's size."""

    def __len__(self) -> int:
        """How many bytes of memory it takes, if nothing else has its pieces."""
        return len(self.head) + sum(map(len, self.body))


def html_of(text: str, blocks: Sequence[Block] = ()) -> Html:
    """A rendered page with the blocks that are marked in it, ready to be sent as often as it is asked for."""
    head, mark, body = text.partition("</head>")
    assert mark, "a page has a head"
    first, found = (head + mark).encode("utf-8", "replace"), tuple(pieces(body, blocks))
    crc = size = 0
    for piece in found:
        crc = zlib.crc32(piece.data, crc)
        size += len(piece.data)
    tag = etag(first.replace(NONCE.encode(), b"") + b"".join(piece.digest for piece in found))
    return Html(first, found, tag, crc, size, further(size))


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
    head, policy = _with_nonce(html)
    fields.append(policy)
    if takes_gzip(asking):
        fields.append((b"content-encoding", b"gzip"))
        return Reply(_gzipped(head, html), status=status, kind=HTML, headers=fields)
    return Reply(head + b"".join(piece.data for piece in html.body), status=status, kind=HTML, headers=fields)


def unasked(html: Html, *, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> Reply:
    """The reply that carries a page to somebody whose request was not looked at: as it is, which costs least."""
    head, policy = _with_nonce(html)
    body = head + b"".join(piece.data for piece in html.body)
    return Reply(body, status=status, kind=HTML, headers=[*headers, policy])


def takes_gzip(asking: Asking) -> bool:
    """Whether the asker said that it can inflate."""
    for each in asking.header(b"accept-encoding").lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def cookies_of(asking: Asking) -> dict[str, str]:
    """The request's cookies by name; nothing of a header that is none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(asking.header(b"cookie")).items()}
    except CookieError:
        return {}


def _with_nonce(html: Html) -> tuple[bytes, tuple[bytes, bytes]]:
    """A page's head with a nonce of this answer, and the policy that names it."""
    nonce = secrets.token_urlsafe(12)
    policy = (b"content-security-policy", (_POLICY % nonce).encode())
    return html.head.replace(NONCE.encode(), nonce.encode()), policy


def _gzipped(head: bytes, html: Html) -> bytes:
    crc = joined(zlib.crc32(head), html.crc, html.power)
    return framed((deflated(head), *(piece.packed for piece in html.body)), crc, len(head) + html.size)
