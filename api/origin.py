"""Cookies, and whether a page of this node had a browser send one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from domain.errors import Forbidden

if TYPE_CHECKING:
    from api.ports import Asked

COOKIE: Final = "gitant_session"
SECURE_COOKIE: Final = "__Host-gitant_session"
"""Over TLS: browsers then take it from this very host only."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_of(asked: Asked, wanted: str) -> str:
    """The value of a cookie, empty if it did not come."""
    for pair in asked.header(b"cookie").replace(",", ";").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted:
            return value.strip()
    return ""


def check_origin(asked: Asked, public_url: str | None) -> None:
    """Raise `Forbidden` for what a page of somebody else's has a browser send.

    Browsers of today say so in `Sec-Fetch-Site`; older ones name the page's origin. What has neither is no browser.
    """
    site = asked.header(b"sec-fetch-site")
    origin = asked.header(b"origin")
    if (
        site in {"same-origin", "none"}
        or (not site and not origin)
        or (not site and _is_own(origin, asked, public_url))
    ):
        return
    raise Forbidden(
        "a page of another site sent this, so its cookie does not count",
        hint="send it from a page of this node, or with Authorization: Bearer",
    )


def came_from_own_page(asked: Asked, public_url: str | None) -> bool:
    """Whether a cookie counts for something that changes anything: only with word that the page was ours."""
    site = asked.header(b"sec-fetch-site")
    if site:
        return site in {"same-origin", "none"}
    return _is_own(asked.header(b"origin"), asked, public_url)


def _is_own(origin: str, asked: Asked, public_url: str | None) -> bool:
    if not origin or origin == "null":
        return False
    if public_url:
        parts = urlsplit(public_url)
        if origin.lower() == f"{parts.scheme}://{parts.netloc}".lower():
            return True
    return urlsplit(origin).netloc.lower() == asked.header(b"host").lower() != ""
