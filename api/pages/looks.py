"""How pages look to somebody: light or dark, and whether single keys do things. Cookies, so it works for anybody."""

from __future__ import annotations

from litestar import post

from api.asking import Asking
from api.pages.forms import form_of, local_path
from api.pages.page import KEYS_COOKIE, THEME_COOKIE, THEMES, see
from api.people import refuse_foreign_page
from api.reply import Reply
from domain.errors import InvalidInput

_YEAR_S = 31_536_000


@post("/-/look", status_code=303)
async def choose_look(request: Asking) -> Reply:
    """Choose colours, or whether single keys do things; then go on where one was."""
    refuse_foreign_page(request)
    form = await form_of(request)
    theme, keys = form.text("theme"), form.text("keys")
    chosen: list[tuple[str, str]] = []
    if theme:
        if theme not in THEMES:
            raise InvalidInput(f"the colours are one of {', '.join(THEMES)}", field="theme")
        chosen.append((THEME_COOKIE, theme))
    if keys:
        chosen.append((KEYS_COOKIE, "off" if keys == "off" else "on"))
    headers = [
        (b"set-cookie", f"{name}={value}; Path=/; Max-Age={_YEAR_S}; HttpOnly; SameSite=Lax".encode())
        for name, value in chosen
    ]
    return see(local_path(form.text("next")), headers=headers)
