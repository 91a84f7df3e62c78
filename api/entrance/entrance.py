"""The first thing that happens to a request, of the API or of git: it gets an id and is let in, or not."""

from __future__ import annotations

import itertools
import math
import re
import secrets
from base64 import b64decode
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, final
from urllib.parse import quote

from api.entrance.dear import dear_rate, is_dear
from api.faults import RateLimited
from api.ports import ASKED_HEADERS, CREDENTIALS, Asked
from domain.actor import ANONYMOUS
from domain.errors import TooLarge, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from typing import Any

    from api.entrance.buckets import Buckets, Rate
    from api.entrance.clients import Clients
    from api.entrance.hosts import Hosts
    from api.ports import Doors, Refusals
    from api.remembered import Headers
    from domain.actor import Actor

REQUEST_ID: Final = "gitant.request_id"
"""Where the scope has the request's id."""
CLIENT: Final = "gitant.client"
"""Where it has the address of somebody without credentials, as `Clients` names it."""
ASKED: Final = "gitant.asked"
"""Where it has what the doors were asked, if there was anything to ask them."""
ADMITTED: Final = "gitant.admitted"
"""Where it may have who was let in, or the fault that tells why nobody was."""
NEEDED: Final = ASKED_HEADERS | {b"content-length", b"forwarded", b"x-forwarded-for", b"x-request-id"}
"""The headers that are looked at here."""
UNCOUNTED: Final = frozenset({"/health", "/live", "/ready"})
"""Whoever watches over the node is not to be turned away."""
LOOKED_UP_BYTES_MAX: Final = 1_024
"""What has a longer `Authorization` is no token and no password."""
_LOGGED: Final[ContextVar[str]] = ContextVar("structlog_request_id")
"""By this name, structlog's `merge_contextvars` finds it; its own `bind_contextvars` takes many times as long."""
_HINT: Final = "wait as long as Retry-After says; with a token there is more room"
_DEAR_HINT: Final = (
    "wait as long as Retry-After says, or sign in; a whole repository comes faster by git clone, and /robots.txt says "
    "which pages are costly"
)
_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


@final
class Entrance:
    """Lets requests in. Without `buckets` nobody is counted, without `hosts` any name will do."""

    def __init__(
        self,
        doors: Doors,
        *,
        clients: Clients | None = None,
        hosts: Hosts | None = None,
        buckets: Buckets | None = None,
        anonymous: Rate | None = None,
        principal: Rate | None = None,
        refusals: Refusals | None = None,
        body_bytes_max: int | None = None,
    ) -> None:
        self._doors = doors
        self._clients = clients
        self._hosts = hosts
        self._buckets = buckets
        self._anonymous = anonymous
        self._dear = dear_rate(anonymous) if anonymous is not None else None
        self._principal = principal
        self._refusals = refusals
        self._body_bytes_max = body_bytes_max
        self._policies = {
            rate: (name, b'"%b";q=%d;w=%d' % (name, rate.burst, rate.window_s))
            for name, rate in ((b"principal", principal), (b"anonymous", anonymous), (b"costly-pages", self._dear))
            if rate is not None
        }
        self._ids = (f"{secrets.token_hex(6)}-{number:x}".encode() for number in itertools.count(1))

    def name(self, scope: dict[str, Any], headers: Mapping[bytes, bytes]) -> bytes:
        """The request's id: the one it came with, if that is a decent one. From here on every log line has it."""
        given = headers.get(b"x-request-id", b"")
        name = given if given and _ID.fullmatch(given) else next(self._ids)
        text = name.decode("ascii")
        scope[REQUEST_ID] = text
        _LOGGED.set(text)
        return name

    async def admit(self, scope: dict[str, Any], headers: Mapping[bytes, bytes], answer: Headers) -> Actor:
        """Who asks; raises the fault to answer with. What is to be told of the rate is added to `answer`."""
        if self._hosts is not None:
            self._hosts.check(headers.get(b"host", b""))
        if CREDENTIALS.isdisjoint(headers):
            self._count_address(scope, headers, answer)
            return ANONYMOUS
        # The operator is never counted, and to look a token up costs less than to count. Before there is more to do
        # than that, to check signatures, the address is; passwords are counted where they are looked at.
        asked = scope[ASKED] = asked_of(scope, headers, self._address(scope, headers))
        if is_costly(headers):
            self._count_costly(asked.address, answer)
            self._check_size(headers)
        try:
            actor = await self._doors.actor(asked)
        except (Unauthenticated, RateLimited) as fault:
            self._note_refusal(asked)
            if isinstance(fault, Unauthenticated):
                self._count_address(scope, headers, answer)
            raise
        if actor.did is None:
            self._count_address(scope, headers, answer)
        elif not actor.operator and self._buckets is not None and self._principal is not None:
            self._count(self._buckets, f"did {actor.did}", self._principal, answer)
        return actor

    def _check_size(self, headers: Mapping[bytes, bytes]) -> None:
        """Refuse a body that no route takes before anything is worked out over it; routes have their own limits."""
        told = headers.get(b"content-length", b"0")
        if self._body_bytes_max is not None and (not told.isdigit() or int(told[:20]) > self._body_bytes_max):
            raise TooLarge(f"the body is over {self._body_bytes_max:,} bytes, the most that any route takes")

    def _count_address(self, scope: dict[str, Any], headers: Mapping[bytes, bytes], answer: Headers) -> None:
        if self._clients is None or scope["path"] in UNCOUNTED:
            return
        name = scope[CLIENT] = self._address(scope, headers)
        if self._buckets is None or self._anonymous is None:
            return
        self._count(self._buckets, f"address {name}", self._anonymous, answer)
        if self._dear is not None and is_dear(scope["path"]):
            self._count(self._buckets, f"pages {name}", self._dear, answer, _DEAR_HINT)

    def _count_costly(self, address: str, answer: Headers) -> None:
        """Let no address have more checked than a principal may ask for, and nothing once it was wrong too often."""
        if self._buckets is None or self._clients is None:
            return
        if self._anonymous is not None and not self._buckets.has(f"address {address}", self._anonymous):
            self._count(self._buckets, f"address {address}", self._anonymous, answer)
        if self._principal is not None:
            taken = self._buckets.take(f"costly {address}", self._principal)
            if not taken.ok:
                raise _too_many(self._principal, taken.again_after_s)

    def _note_refusal(self, asked: Asked) -> None:
        if self._refusals is None:
            return
        name = claimed_name(asked.header(b"authorization"))
        self._refusals.note("login.failed" if name else "credentials.refused", name, asked.address)

    def _address(self, scope: dict[str, Any], headers: Mapping[bytes, bytes]) -> str:
        if self._clients is None:
            return ""
        peer = scope.get("client")
        return self._clients.name(peer[0] if peer else "", headers)

    def _count(self, buckets: Buckets, who: str, rate: Rate, answer: Headers, hint: str = _HINT) -> None:
        taken = buckets.take(who, rate)
        name, policy = self._policies[rate]
        answer.append((b"ratelimit-policy", policy))
        answer.append((b"ratelimit", b'"%b";r=%d;t=%d' % (name, taken.left, math.ceil(taken.full_after_s))))
        if not taken.ok:
            raise _too_many(rate, taken.again_after_s, hint)


def _too_many(rate: Rate, again_after_s: float, hint: str = _HINT) -> RateLimited:
    return RateLimited(
        f"more than {rate.burst} requests at once and {rate.per_s:g} a second are too many",
        hint=hint,
        retry_after_s=math.ceil(again_after_s),
    )


def is_costly(headers: Mapping[bytes, bytes]) -> bool:
    """Whether to find out who asks takes more than to look something up: there is a signature, or a capability."""
    return b"signature" in headers or len(headers.get(b"authorization", b"")) > LOOKED_UP_BYTES_MAX


def claimed_name(authorization: str) -> str:
    """The user name in a `Basic` header, empty where there is none."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(rest.strip(), validate=True).partition(b":")[0].decode()
    except ValueError:
        return ""


def gathered(raw: Iterable[tuple[bytes, bytes]], wanted: Container[bytes]) -> dict[bytes, bytes]:
    """The wanted headers of an ASGI scope; of what came more than once, all, with commas between."""
    headers: dict[bytes, bytes] = {}
    for name, value in raw:
        if name in wanted:
            headers[name] = b"%b, %b" % (headers[name], value) if name in headers else value
    return headers


def asked_of(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], address: str = "") -> Asked:
    """What doors are asked of a request; `headers` as `gathered`."""
    raw: bytes | None = scope.get("raw_path")
    path = raw.partition(b"?")[0].decode("latin-1") if raw else quote(scope["path"], safe="/~!$&'()*+,;=:@")
    query = scope.get("query_string", b"").decode("latin-1")
    return Asked(headers, scope["method"], path, query, address, scope.get("scheme", "http"))
