"""A page on its way from what a handler found to what is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from api.pages.blocks import laid
from api.pages.sending import Html, answer, cookies_of, html_of
from api.pages.templating import NAMED, environment
from api.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from api.asking import Asking
    from domain.ports_views import RepoRow

THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "gitant_theme"
KEYS_COOKIE: Final = "gitant_keys"
FLASH_COOKIE: Final = "gitant_flash"
FLASHES: Final[Mapping[str, str]] = {
    "done": "Done.",
    "saved": "Saved.",
    "signed-in": "You are signed in.",
    "signed-out": "You are signed out.",
    "created": "It is made.",
    "deleted": "It is deleted.",
    "invited": "They have the role now.",
    "removed": "They have no role any more.",
    "blocked": "They are blocked here.",
    "unblocked": "They are not blocked any more.",
    "followed": "It is fetched from whichever peer has it.",
    "revoked": "It counts no more.",
    "settled": "It is settled.",
    "waiting": "Your account waits for the operator to let it in.",
}
"""What a page can say once, after a form was carried out. The cookie has the word, never the sentence."""
_NOBODY: Final[Mapping[str, str]] = {"base_url": ""}
"""In place of a request that was not looked at."""
_GONE: Final = (b"set-cookie", f"{FLASH_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax".encode())


@dataclass(frozen=True, slots=True)
class Shown:
    """What a handler found: the template that shows it, the page's title, and the values in it."""

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    status: int = 200
    keep: bool = True
    """Whether it stays as it is while the log does."""


class Viewer(NamedTuple):
    """Who looks, as every page shows it."""

    name: str
    did: str
    operator: bool

    @property
    def known(self) -> bool:
        """Whether anybody is signed in."""
        return bool(self.did)


async def steady(request: Asking, make: Callable[[], Awaitable[Shown]], code: RepoRow | None = None) -> Reply:
    """A page that depends on nothing but the log and who asks: made once for each state of the log.

    `code` is the repository whose git refs it reads besides: they move a moment after the log, or when objects come.
    """
    cookies = cookies_of(request)
    if FLASH_COOKIE in cookies:
        return fresh(request, await make())
    key = (
        "page",
        request.scope["path"],
        request.scope["query_string"],
        request.base_url,  # addresses to clone from have it
        request.actor,
        _look_of(cookies),
        _part(request),
        None if code is None else request.ports.git.mark(code.id),  # looked at before they are read
    )
    position = request.remembered.position
    kept = request.remembered.page(key)
    if isinstance(kept, Html):
        return answer(request, kept)
    shown = await make()
    html = _rendered(request, shown, cookies)
    if shown.keep and shown.status == HTTPStatus.OK:
        request.remembered.keep_page(key, html, position)
    return answer(request, html, status=shown.status, kept=shown.keep and shown.status == HTTPStatus.OK)


def fresh(request: Asking, shown: Shown, *, headers: Iterable[tuple[bytes, bytes]] = ()) -> Reply:
    """A page that is made anew each time."""
    cookies = cookies_of(request)
    fields = [*headers, *([_GONE] if FLASH_COOKIE in cookies else [])]
    return answer(request, _rendered(request, shown, cookies), status=shown.status, headers=fields, kept=False)


def see(to: str, flash: str = "", *, headers: Iterable[tuple[bytes, bytes]] = ()) -> Reply:
    """Go on at another page of this node, after a form was carried out; `flash` is a word of `FLASHES`."""
    assert to.startswith("/"), "pages of this node only"
    assert not to.startswith("//"), "pages of this node only"
    assert not flash or flash in FLASHES
    fields = [*headers, (b"location", quote(to, safe="/?=&%~#:+@!*,-._").encode())]
    if flash:
        fields.append((b"set-cookie", f"{FLASH_COOKIE}={flash}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax".encode()))
    return Reply(b"", status=303, headers=fields)


def viewer_of(request: Asking) -> Viewer:
    """Who asks, by name."""
    actor = request.actor
    if actor.did is None:
        return Viewer("", "", operator=False)
    name = request.ports.views.name_of(actor.did) or ("operator" if actor.operator else actor.did)
    return Viewer(name, actor.did, actor.operator)


def naming(request: Asking) -> None:
    """Let templates call people as they are called here; the same few stand in every line of a page."""
    NAMED.set(cache(request.ports.views.name_of))


def known_to_nobody(shown: Shown, theme: str) -> Html:
    """A page for whom nothing is known of but their colours, made of templates alone: nothing is asked of the node."""
    values = {"request": _NOBODY, "me": Viewer("", "", operator=False), "theme": theme, "keys": True, "flash": ""}
    values |= {"path": "/", "version": "", "open_to_register": False, "part": False}
    return _made(shown, values)


def _rendered(request: Asking, shown: Shown, cookies: Mapping[str, str]) -> Html:
    theme, keys = _look_of(cookies)
    ports = request.ports
    values = {
        "request": request,
        "me": viewer_of(request),
        "theme": theme,
        "keys": keys,
        "flash": FLASHES.get(cookies.get(FLASH_COOKIE, ""), ""),
        "path": request.scope["path"],
        "version": ports.node.version,
        "open_to_register": ports.accounts is not None and ports.accounts.registration != "closed",
        "part": _part(request),
    }
    naming(request)
    return _made(shown, values)


def _made(shown: Shown, shell: Mapping[str, Any]) -> Html:
    """A page in the shell that all of them have."""
    values = {"title": shown.title, **shell}
    assert values.keys().isdisjoint(shown.values), "a page hides what all of them show"
    with laid() as blocks:
        text = environment().get_template(shown.template).render({**values, **shown.values})
    return html_of(text, blocks)


def _look_of(cookies: Mapping[str, str]) -> tuple[str, bool]:
    theme = cookies.get(THEME_COOKIE, "auto")
    return theme if theme in THEMES else "auto", cookies.get(KEYS_COOKIE) != "off"


def _part(request: Asking) -> bool:
    """Whether a script asks for what it puts into a page that is there."""
    return request.header(b"hx-request") == "true"
