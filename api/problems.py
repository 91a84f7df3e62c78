"""The one table from faults to HTTP (RFC 9457). `docs/problems.md` describes each row to people.

Every error leaves the node as `application/problem+json`, whoever found it: our own faults, Litestar's, or a bug.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec
import structlog
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException

from api.entrance.entrance import REQUEST_ID
from api.faults import (
    EventRejected,
    EventVoid,
    Malformed,
    NotBelieved,
    NotReady,
    PackNotTaken,
    RateLimited,
    RefsNotMoved,
    UnknownHost,
    UnsupportedMedia,
)
from api.ranges import RangeNotSatisfiable
from api.wording import plain
from domain.errors import (
    Conflict,
    Damaged,
    DiskFull,
    Forbidden,
    InvalidInput,
    LocalFault,
    Moved,
    NotFound,
    OverBudget,
    PreconditionFailed,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from domain.signature.request import accept_signature
from domain.verdict import VOIDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from litestar.handlers import BaseRouteHandler

PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
_log = structlog.get_logger("gitant.api")


class Row(NamedTuple):
    """What HTTP makes of one sort of fault."""

    status: int
    title: str
    headers: tuple[tuple[str, str], ...] = ()


_RETRY: Final = (("retry-after", str(RETRY_AFTER_S)),)
TABLE: Final[dict[str, Row]] = {
    Malformed.code: Row(400, "The request is malformed"),
    Moved.code: Row(308, "It has another address now"),
    Unauthenticated.code: Row(401, "Say who is asking", (("www-authenticate", 'Bearer realm="gitant"'),)),
    Forbidden.code: Row(403, "You may not do this"),
    EventVoid.code: Row(403, "The event would have no effect"),
    NotFound.code: Row(404, "There is no such thing"),
    "no-such-route": Row(404, "There is no such route"),
    "method-not-allowed": Row(405, "This route has no such method"),
    Conflict.code: Row(409, "It is in another state than the request supposes"),
    RefsNotMoved.code: Row(409, "Not every ref could move, so none did"),
    PreconditionFailed.code: Row(412, "It has changed since you read it"),
    RangeNotSatisfiable.code: Row(416, "There are no such bytes"),
    TooLarge.code: Row(413, "It is too large"),
    UnsupportedMedia.code: Row(415, "This media type is not spoken here"),
    UnknownHost.code: Row(421, "This node has another name"),
    InvalidInput.code: Row(422, "Something in the request is not acceptable"),
    EventRejected.code: Row(422, "The event can never be accepted"),
    PackNotTaken.code: Row(422, "The pack was not taken"),
    RateLimited.code: Row(429, "You are asking too often"),
    OverBudget.code: Row(429, "You may not add so much in so short a time"),
    Damaged.code: Row(500, "Something that this node keeps is damaged"),
    "internal": Row(500, "The node made a mistake"),
    Unavailable.code: Row(503, "The node cannot do this now", _RETRY),
    DiskFull.code: Row(503, "The node's disk is full", _RETRY),
    NotReady.code: Row(503, "The node is not ready", _RETRY),
}
"""By code, which is the last part of a problem's `type`."""

_BY_STATUS: Final = {400: Malformed.code, 413: TooLarge.code, 415: UnsupportedMedia.code}


class FieldProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong: `pointer` is `/title` in the body (RFC 6901) or `?per_page` in the query."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An error as clients get it. `hint` says what to do instead."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    hint: str = ""
    errors: list[FieldProblem] = []
    reason: str = ""
    """Of an event, handed in or to be written: the stable code of the verdict that it has, or would have. Of a
    signature or capability that is not taken: the code that says why.
    """
    checks: dict[str, Any] = {}
    """Of a node that is not ready: what was looked at."""
    request_id: str = ""
    """The same as in the header `X-Request-Id` and in the node's log."""


class Trouble(NamedTuple):
    """A problem with the headers that go with it, ready to be sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def trouble(exc: Exception, scope: Mapping[str, Any]) -> Trouble:
    """What to answer when handling a request ended in `exc`."""
    found = _found(exc, scope)
    name = scope.get(REQUEST_ID)
    # Ids are of characters that mean nothing in JSON.
    return found if name is None else found._replace(body=b'%b,"request_id":"%b"}' % (found.body[:-1], name.encode()))


def _found(exc: Exception, scope: Mapping[str, Any]) -> Trouble:
    path: str = scope["path"]
    if isinstance(exc, Damaged):
        _log.error("something that this node keeps is damaged", path=path, reason=exc.message, hint=exc.hint)
    if isinstance(exc, LocalFault):
        # Without a body, a field that is off can only have come with the address.
        found = _of_fault(exc, path, "?" if scope["method"] == "GET" else "/")
        if isinstance(exc, Unauthenticated):
            ask = accept_signature(body=scope["method"] not in {"GET", "HEAD", "DELETE"})
            found = found._replace(headers=(*found.headers, ("accept-signature", ask)))
        return found
    if isinstance(exc, ValidationException):
        return _of_validation(exc, path, scope.get("route_handler"))
    if isinstance(exc, MethodNotAllowedException):
        allow = with_head((exc.headers or {}).get("allow", "").split(", "))
        headers = (("allow", allow),)
        return _trouble("method-not-allowed", f"{path} answers to {allow}", path, headers=headers)
    if isinstance(exc, NotFoundException):
        hint = "GET /api/v1/openapi.json lists every route"
        return _trouble("no-such-route", f"nothing is mounted at {path}", path, hint=hint)
    if isinstance(exc, HTTPException) and exc.status_code < 500:
        status = HTTPStatus(exc.status_code)
        return _trouble(_BY_STATUS.get(status, Malformed.code), exc.detail or status.phrase, path)
    _log.error("a request ended in a bug", path=path, exc_info=exc)
    return _trouble("internal", "the error is in the node's log; the request may be tried again", path)


def with_head(methods: Iterable[str]) -> str:
    """An `Allow` header: the shell answers HEAD wherever there is a GET."""
    known = {*methods}
    return ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))


def _of_fault(fault: LocalFault, path: str, where: str) -> Trouble:
    code = fault.code if fault.code in TABLE else "internal"
    errors: list[FieldProblem] = []
    if isinstance(fault, RefsNotMoved):
        errors = [FieldProblem(f"/ref_updates/{index}", reason) for index, reason in fault.reasons]
    elif fault.field and not _is_verdict(fault):
        errors = [FieldProblem(_pointer(where, fault.field), fault.message)]
    problem = _problem(code, fault.message, path, hint=fault.hint, errors=errors)
    if isinstance(fault, EventRejected | EventVoid | NotBelieved):
        problem = msgspec.structs.replace(problem, reason=fault.reason)
    elif _is_verdict(fault):
        problem = msgspec.structs.replace(problem, reason=fault.field)
    elif isinstance(fault, NotReady):
        problem = msgspec.structs.replace(problem, checks=fault.checks)
    headers = (("location", fault.to),) if isinstance(fault, Moved) else ()
    if isinstance(fault, RangeNotSatisfiable):
        headers = (("content-range", f"bytes */{fault.size}"),)
    if fault.retry_after_s:
        headers = (("retry-after", str(fault.retry_after_s)),)
    return _rendered(code, problem, headers)


def _is_verdict(fault: LocalFault) -> bool:
    """Whether a command was refused for what its event would be, which stands where other faults name a field."""
    return isinstance(fault, Forbidden) and fault.field in VOIDS


def _of_validation(exc: ValidationException, path: str, handler: BaseRouteHandler | None) -> Trouble:
    """Litestar found a parameter or a field of the body wrong, and lists all of them."""
    found = cast("list[dict[str, str]]", exc.extra) if isinstance(exc.extra, list) else []
    errors = [FieldProblem(_place(each), _said(each, handler)) for each in found]
    # Without a list it is a parameter that is missing, and the detail ends in a URL that clients know themselves.
    detail = "; ".join(f"{error.pointer}: {error.detail}" for error in errors) or exc.detail.split(" for path ")[0]
    return _trouble(InvalidInput.code, detail, path, hint="docs/api.md describes every field", errors=errors)


def _said(found: dict[str, str], handler: BaseRouteHandler | None) -> str:
    """What is wrong with one of them, in plain words; the handler's own types say what would be right."""
    key, message = found.get("key", ""), found.get("message", "")
    name, field = ("data", key) if found.get("source") == "body" else (key, "")
    asked = None if handler is None else handler.parsed_fn_signature.parameters.get(name)
    return plain(message, None if asked is None else asked.annotation, field)


def _place(found: dict[str, str]) -> str:
    key = found.get("key", "")
    if found.get("source", "query") != "body":
        # A parameter whose name Python or Litestar keeps for itself has an underscore behind it.
        return f"?{key.rstrip('_')}"
    return "" if key == "data" else _pointer("/", key)


def _pointer(where: str, field: str) -> str:
    return where + re.sub(r"\[(\d+)\]", r"/\1", field).replace(".", "/")


def _trouble(
    code: str,
    detail: str,
    path: str,
    *,
    hint: str = "",
    errors: list[FieldProblem] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Trouble:
    return _rendered(code, _problem(code, detail, path, hint=hint, errors=errors or []), headers)


def _problem(code: str, detail: str, path: str, *, hint: str, errors: list[FieldProblem]) -> Problem:
    return Problem(
        type=f"/problems/{code}",
        title=TABLE[code].title,
        status=TABLE[code].status,
        detail=_writable(detail),
        instance=_writable(path),
        hint=hint,
        errors=errors,
    )


def _rendered(code: str, problem: Problem, headers: tuple[tuple[str, str], ...] = ()) -> Trouble:
    row = TABLE[code]
    return Trouble(row.status, (*row.headers, *headers), msgspec.json.encode(problem))


def _writable(text: str) -> str:
    """`text` without lone surrogates, which JSON in UTF-8 cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode()
