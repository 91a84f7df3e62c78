"""What axe-core finds wrong with a page for people with assistive technology."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import axe_playwright_python

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SOURCE: Final = Path(axe_playwright_python.__file__).parent / "axe.min.js"
_ABOUT_COLOURS: Final = ("color-contrast", "link-in-text-block")


def violations(page: Page, *, colours_alone: bool = False) -> list[str]:
    """Each rule that is broken, and where. The page's own policy stands: axe runs where no policy reaches."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    # `preload` would load the styles once more, for rules about sound and films.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if colours_alone:
        options["runOnly"] = {"type": "rule", "values": _ABOUT_COLOURS}
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


@cache
def _source() -> str:
    return _SOURCE.read_text(encoding="utf-8")
