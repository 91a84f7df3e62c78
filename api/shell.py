"""What happens to every request before it is routed and after it is answered, in one plain ASGI function.

Litestar's middleware would not see what matches no route. Here every answer gets its security headers and is
counted, and every asker is known before anything else is looked at.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol, cast, final
from urllib.parse import unquote_to_bytes

from api.asking import SCOPE_KEY, WANTED, Facts
from api.entrance.entrance import Entrance, gathered
from api.faults import Malformed
from api.noting import note_rest
from api.ports import CREDENTIALS, POSITION_POLL_S
from api.problems import PROBLEM_JSON, trouble
from api.remembered import Remembered
from api.reply import Reply
from api.sealed import SEALED_DOORS, sealed
from domain.errors import InvalidInput, Unavailable
from domain.words import body_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from api.deprecated import Marks
    from api.ports import ApiPorts
    from api.remembered import Headers
    from api.tally import Tally

SAFETY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"vary", b"Authorization, Cookie, Signature"),
)
"""On every answer. A file of a repository is somebody's bytes: the sandbox keeps them from running here."""


class Teller(Protocol):
    """Makes an answer of a fault."""

    def __call__(self, fault: Exception, scope: dict[str, Any]) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How one part of the site answers: the headers that every answer has, unless it has its own, and its refusals."""

    headers: tuple[tuple[bytes, bytes], ...]
    tell: Teller


_SHARED: Final = (b"cache-control", b"no-cache")
_PERSONAL: Final = (b"cache-control", b"private, no-cache")
"""Of whatever was asked with credentials, right or wrong: no cache that serves others keeps it."""
_POSITION_MAX: Final = 2**63 - 1


@final
class Shell:
    """Wraps the routed application."""

    def __init__(
        self,
        app: ASGIApp,
        ports: ApiPorts,
        tally: Tally,
        allow: Mapping[str, bytes],
        marks: Mapping[tuple[str, str], Marks],
        manners: Manners | None = None,
    ) -> None:
        """`allow` has the methods of each route template, which Litestar knows of one handler at a time only; `marks`
        has what is deprecated, by method and template. Without `manners` it answers as the API does.
        """
        self._manners = manners or Manners(SAFETY, _told)
        self._marks = marks
        self._app = app
        self._ports = ports
        self._remembered = Remembered(ports.views)
        self._tally = tally
        self._allow = allow
        self._entrance = ports.entrance or Entrance(ports.doors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = cast("dict[str, Any]", scope)
        if fields["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        facts: Facts | None = None
        told: Headers = []
        method: str = fields["method"]
        status = 500
        caching = _SHARED if CREDENTIALS.isdisjoint(name for name, _ in fields["headers"]) else _PERSONAL

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                marks = self._marks.get((fields["method"], fields.get("path_template", "")))
                more = marks.told(fields["query_string"]) if marks is not None else ()
                own = {name for name, _ in message["headers"]}
                if status == HTTPStatus.NOT_MODIFIED:
                    own.add(b"content-security-policy")  # the one that came with the bytes goes on
                usual = [pair for pair in (*self._manners.headers, caching) if pair[0] not in own or pair[0] == b"vary"]
                message["headers"] = [*message["headers"], *usual, *told, *more]
                if method == "OPTIONS" and (allow := self._allow.get(fields.get("path_template", ""))):
                    kept = [pair for pair in message["headers"] if pair[0] != b"allow"]
                    message["headers"] = [*kept, (b"allow", allow)]
            elif method == "HEAD" and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        try:
            try:
                fields[SCOPE_KEY] = facts = await self._admitted(fields, told, head=method == "HEAD")
            except Exception as fault:  # noqa: BLE001 - whatever it is becomes a problem document
                await self._manners.tell(fault, fields)(scope, receive, sending)
            else:
                if method == "HEAD":
                    fields["method"] = "GET"
                if facts.actor.door in SEALED_DOORS:
                    receive = sealed(receive, facts.headers.get(b"content-digest", b"").decode("latin-1"))
                await self._app(scope, receive, sending)
        finally:
            # A stream is answered when it begins, however long it then goes on.
            ended = facts.answered if facts is not None and facts.answered is not None else time.perf_counter()
            self._tally.record(method, fields.get("path_template", ""), status, ended - began)
            if facts is not None:
                await note_rest(facts, fields, method, status)

    async def _admitted(self, scope: dict[str, Any], told: Headers, *, head: bool) -> Facts:
        """What is to be known of a request before it is routed; `told` takes what every answer to it shall say."""
        headers = gathered(scope["headers"], WANTED)
        told.append((b"x-request-id", self._entrance.name(scope, headers)))
        actor = await self._entrance.admit(scope, headers, told)
        _check_words(scope["path"], scope["query_string"])
        if b"gitant-position" in headers:
            await self._reach(headers[b"gitant-position"])
        return Facts(self._ports, self._remembered, actor, headers, head=head)

    async def _reach(self, header: bytes) -> None:
        """Wait until the views hold what the asker has written or seen."""
        wanted = int(header) if header.isdigit() and len(header) < 20 else -1
        if not 0 <= wanted <= _POSITION_MAX:
            raise InvalidInput("Gitant-Position is a whole number, as an earlier answer gave it")
        deadline = time.monotonic() + self._ports.settings.position_wait_s
        while (position := self._ports.views.position()) < wanted:
            if time.monotonic() >= deadline:
                hint = "ask again later, or without the header"
                raise Unavailable(f"the views are at {position}, not yet at {wanted}", hint=hint)
            await asyncio.sleep(POSITION_POLL_S)


def _check_words(path: str, query: bytes) -> None:
    """Refuse what no address means: bytes that are no text, and characters that hide or reorder it.

    A file's name may hold almost anything, so of a path only what cannot be text is refused.
    """
    try:
        path.encode()
        text = unquote_to_bytes(query.replace(b"+", b" ")).decode() if query else ""
    except UnicodeError:
        raise Malformed("the address is not UTF-8 behind its percent signs") from None
    if "\0" in path:
        raise Malformed("the address holds a NUL")
    if not text.isprintable() and (problem := body_problem(text, "the query")):
        raise Malformed(problem)


def _told(fault: Exception, scope: dict[str, Any]) -> Reply:
    """The problem document of `fault`."""
    found = trouble(fault, scope)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in found.headers]
    return Reply(found.body, status=found.status, kind=PROBLEM_JSON.encode(), headers=headers)
