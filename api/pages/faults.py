"""Refusals as pages, for whoever asked for HTML; everybody else gets the API's problem document."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from api.asking import SCOPE_KEY
from api.faults import RateLimited
from api.pages.page import THEME_COOKIE, THEMES, Shown, fresh, known_to_nobody
from api.pages.sending import unasked
from api.problems import PROBLEM_JSON, TABLE, Problem, trouble
from api.reply import Reply
from domain.errors import Moved, Unauthenticated

if TYPE_CHECKING:
    from api.asking import Asking, Facts
    from api.pages.sending import Html

_SAFE: Final = frozenset({"GET", "HEAD"})
_LATE: Final = frozenset({"www-authenticate", "accept-signature", "content-type"})
"""Headers for programs: a browser would ask for a password in a box of its own."""
_KEPT_MAX: Final = 64 * len(THEMES)
"""One for each rate, each number of seconds to wait, and each choice of colours."""
_CHOSEN: Final = {f"{THEME_COOKIE}={theme}".encode(): theme for theme in THEMES}


def told(fault: Exception, scope: dict[str, Any], request: Asking | None = None) -> Reply:
    """The answer to a request that ended in `fault`. Without a `request` it was refused before it was known."""
    found = trouble(fault, scope)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in found.headers]
    if not _wants_html(scope):
        return Reply(found.body, status=found.status, kind=PROBLEM_JSON.encode(), headers=headers)
    if isinstance(fault, Unauthenticated) and request is not None and scope["method"] in _SAFE:
        asked = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        return Reply(b"", status=303, headers=[(b"location", f"/login?next={quote(asked, safe='/')}".encode())])
    if isinstance(fault, Moved):
        return Reply(b"", status=found.status, headers=headers)
    kept = [pair for pair in headers if pair[0].decode() not in _LATE]
    problem = msgspec.json.decode(found.body, type=Problem)
    wait_s = fault.retry_after_s if isinstance(fault, RateLimited) else 0
    if request is None and wait_s:
        page = _too_often(problem.title, problem.detail, wait_s, _theme_of(scope))
        return unasked(page, status=found.status, headers=kept)
    if request is None:
        return Reply(_bare(problem), status=found.status, kind=b"text/html; charset=utf-8", headers=kept)
    shown = Shown("problem.html", problem.title, {"problem": problem, "wait_s": wait_s}, status=found.status)
    return fresh(request, shown, headers=kept)


def of(fault: Exception, request: Asking) -> Reply:
    """As `told`, of a request that was let in."""
    return told(fault, dict(request.scope), request)


def _wants_html(scope: dict[str, Any]) -> bool:
    return b"text/html" in _header(scope, b"accept")


def _theme_of(scope: dict[str, Any]) -> str:
    """The colours that somebody chose, found without reading the cookies: they are not let in, and there are many."""
    cookies = _header(scope, b"cookie")
    return next((theme for cookie, theme in _CHOSEN.items() if cookie in cookies), THEMES[0])


def _header(scope: dict[str, Any], name: bytes) -> bytes:
    """A header's value, all of its lines; of a request that may not have been looked at yet."""
    facts: Facts | None = scope.get(SCOPE_KEY)
    if facts is not None:
        return facts.headers.get(name, b"")
    return b",".join(value for each, value in scope["headers"] if each == name)


@lru_cache(_KEPT_MAX)
def _too_often(title: str, detail: str, wait_s: int, theme: str) -> Html:
    """What whoever asks too often gets, however often: made once, of nothing but the templates."""
    problem = Problem(type="", title=title, status=TABLE[RateLimited.code].status, detail=detail, instance="")
    return known_to_nobody(Shown("problem.html", title, {"problem": problem, "wait_s": wait_s}), theme)


def _bare(problem: Problem) -> bytes:
    """A page that needs nothing of the node: the node may be what is wrong."""
    said = [f"{text[:1].upper()}{text[1:]}." for text in (problem.detail, problem.hint) if text]
    rows = "".join(f"<p>{_escaped(text)}</p>" for text in said)
    name = _escaped(problem.title)
    view = '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
    head = f'<!doctype html><html lang="en"><meta charset="utf-8">{view}<title>{name}</title>'
    return f"{head}<main><h1>{name}</h1>{rows}</main></html>".encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
