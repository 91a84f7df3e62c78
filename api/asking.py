"""One request as handlers see it: who asks, of which node, with which conditions."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, unquote

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from api.entrance.entrance import ASKED, CLIENT, NEEDED
from api.faults import Malformed, UnsupportedMedia
from domain.errors import TooLarge, Unauthenticated

if TYPE_CHECKING:
    from api.ports import ApiPorts, Asked
    from api.remembered import Remembered
    from domain.actor import Actor

SCOPE_KEY: Final = "gitant"
WANTED: Final = NEEDED | {
    b"accept",
    b"accept-encoding",
    b"content-encoding",
    b"content-type",
    b"gitant-position",
    b"hx-request",
    b"idempotency-key",
    b"if-match",
    b"if-none-match",
    b"if-range",
    b"last-event-id",
    b"range",
}
"""The headers that mean something here."""

REPOS: Final = "/api/v1/repos/"
_TAG: Final = re.compile(r'(W/)?("[^"]*")')
_decode_json: Final = msgspec.json.Decoder[Any]().decode
_PLAIN: Final = re.compile(r"[A-Za-z0-9/._~%=+,:@!*-]*")
"""What may stand in a URL inside a header as it is; percent signs are there because something was escaped."""


class Facts:
    """What the shell found out about a request before it was routed."""

    __slots__ = ("actor", "answered", "head", "headers", "looked", "noted", "ports", "remembered", "seen")

    def __init__(
        self, ports: ApiPorts, remembered: Remembered, actor: Actor, headers: dict[bytes, bytes], *, head: bool
    ) -> None:
        self.ports = ports
        self.remembered = remembered
        self.looked = False
        self.actor = actor
        self.seen = time.monotonic()
        """When the asker's credentials were looked at last, by `time.monotonic`."""
        self.headers = headers
        self.head = head
        """Whether only the header of the answer is wanted."""
        self.answered: float | None = None
        """When an answer that goes on and on began, by `time.perf_counter`."""
        self.noted = False
        """Whether what this request did is in the local audit log, or need not be."""


class Asking(Request[Any, Any, Any]):
    """A request, with the ports it is answered from."""

    @property
    def address(self) -> str:
        """Where somebody without credentials asks from; empty for others, and where nobody looks."""
        return str(cast("dict[str, Any]", self.scope).get(CLIENT, ""))

    @property
    def facts(self) -> Facts:
        return cast("dict[str, Facts]", self.scope)[SCOPE_KEY]

    @property
    def ports(self) -> ApiPorts:
        return self.facts.ports

    @property
    def actor(self) -> Actor:
        return self.facts.actor

    async def known_now(self) -> Actor:
        """Who the credentials of this request stand for by now; raises `Unauthenticated` when for nobody any more."""
        asked: Asked | None = cast("dict[str, Any]", self.scope).get(ASKED)
        return self.actor if asked is None else await self.ports.doors.actor(replace(asked, again=True))

    async def check_known(self) -> None:
        """Raise `Unauthenticated` if the credentials have ended since they were looked at, which costs a look.

        For what has taken its time: whoever stole a key could begin a body with it, and send the rest of it days later.
        """
        if time.monotonic() - self.facts.seen < self.ports.settings.credentials_s:
            return
        if await self.known_now() != self.actor:
            raise Unauthenticated("these credentials have ended meanwhile", hint="sign in again, and send this again")
        self.facts.seen = time.monotonic()

    @property
    def remembered(self) -> Remembered:
        """What is known of the views as they are now. Not to be used after an `await`."""
        facts = self.facts
        if not facts.looked:
            facts.remembered.look()
            facts.looked = True
        return facts.remembered

    def header(self, name: bytes) -> str:
        """The value of one of the `WANTED` headers, empty if it is not there."""
        return self.facts.headers.get(name, b"").decode("latin-1")

    @property
    def base_url(self) -> str:  # type: ignore[override]  # theirs guesses from the server's own address
        """How the asker reaches this node, without a slash at the end."""
        url = self.ports.node.public_url
        if url:
            return url.rstrip("/")
        return f"{self.scope['scheme']}://{self.header(b'host') or 'localhost'}"

    def page_url(self) -> str:
        """This request's own URL without its cursor, ending in what the next query parameter can follow."""
        pairs = [pair for pair in self.scope["query_string"].decode("latin-1").split("&") if pair]
        query = "".join(f"{_quoted(pair)}&" for pair in pairs if not pair.startswith("after="))
        return f"{self.base_url}{_quoted(self.scope['path'])}?{query}"

    def url_with(self, selector: str, other: str) -> str:
        """This request's URL, relative to itself, with another repository for the one its path names; or nothing.

        Relative, so that it leads on behind proxies, too, whatever they put in front.
        """
        raw = cast("dict[str, bytes]", self.scope).get("raw_path") or quote(self.scope["path"], safe="/~").encode()
        head, _, tail = raw.partition(b"?")[0].decode("latin-1").partition(REPOS)
        named, slash, rest = tail.partition("/")
        if head or unquote(named) != selector:
            return ""
        query = "&".join(_quoted(pair) for pair in self.scope["query_string"].decode("latin-1").split("&"))
        up = "../" * (rest.count("/") + len(slash))
        return f"{up}{other}{slash}{_quoted(rest)}" + (f"?{query}" if query else "")

    def knows(self, tag: str) -> bool:
        """Whether `If-None-Match` names this entity tag (weakly, RFC 9110 §13.1.2)."""
        header = self.header(b"if-none-match")
        if not header:
            return False
        return header.strip() == "*" or any(match[2] == tag for match in _TAG.finditer(header))

    @property
    def retried(self) -> bool:
        """Whether this may be a repeat of a request that was carried out: it has an `Idempotency-Key`."""
        return b"idempotency-key" in self.facts.headers

    def prefers_text(self, other: str = "text/plain") -> bool:
        """Whether `Accept` names `other` and does not name JSON before it."""
        accept = self.header(b"accept").lower()
        wanted, json = accept.find(other), accept.find("json")
        return wanted >= 0 and (json < 0 or wanted < json)

    async def body(self) -> bytes:
        settings = self.ports.settings
        is_push = self.route_handler.resolve_request_max_body_size() == settings.push_body_bytes_max
        try:
            # Held in memory until it is whole, and anybody may begin to send one.
            async with asyncio.timeout(settings.push_body_wait_s if is_push else settings.body_wait_s):
                body = await super().body()
        except TimeoutError:
            raise Malformed("the request's body did not arrive in time") from None
        except InternalServerException:
            raise Malformed("the request's body did not arrive whole") from None
        except RequestEntityTooLarge:
            most = self.route_handler.resolve_request_max_body_size()
            raise TooLarge(f"the body is over {most:,} bytes, the most this route takes") from None
        await self.check_known()
        return body

    async def json(self) -> Any:
        """The body, which must say that it is JSON or say nothing."""
        kind = self.header(b"content-type").partition(";")[0].strip().lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedMedia(f"the body is {kind[:80]}", hint="send JSON, with Content-Type: application/json")
        if self.header(b"content-encoding").lower() not in {"", "identity"}:
            raise UnsupportedMedia("the body is compressed", hint="send it plain")
        try:
            return _decode_json(await self.body())
        except UnicodeDecodeError:
            raise Malformed("the body is not UTF-8") from None
        except (msgspec.DecodeError, RecursionError) as fault:
            raise Malformed(f"the body is not JSON: {fault}") from None


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="/._~%=+,:@!*-")
