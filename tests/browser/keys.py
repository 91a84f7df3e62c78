"""A person who has a keyboard only, and looks where the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Locator, Page

STOPS_MAX: Final = 250
_FOCUS: Final = """wanted => {
  const now = document.activeElement, style = getComputedStyle(now), box = now.getBoundingClientRect();
  const told = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  return {
    there: now === wanted,
    anywhere: now !== document.body,
    seen: now === document.body || (told && box.width > 1 && box.height > 1),
    html: now.outerHTML.slice(0, 200),
  };
}"""
_BEHIND: Final = "wanted => document.activeElement === document.body && document.querySelector('main').contains(wanted)"
_STOPS: Final = """() => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']"
  )].filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.type !== "hidden"
    && !(each.type === "radio" && !each.checked))
  .length"""


@final
class Keyboard:
    """Goes from stop to stop. Raises where the focus cannot be seen, or never comes to what is wanted."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def to(self, wanted: Locator, key: str = "Tab") -> None:
        """Press Tab until it has the focus; from the top of a page past what all pages have, if it is behind that."""
        expect(wanted).to_be_visible()
        there = wanted.element_handle()
        if key == "Tab" and there.evaluate(_BEHIND):
            self.press("Tab", "Enter")  # the link to the content
        for _ in range(STOPS_MAX):
            if self._focus(there)["there"]:
                return
            self.press(key)
        raise AssertionError(f"{key} does not lead to {wanted}")

    def choose(self, wanted: Locator) -> None:
        """Go to a link or a button, and press Enter; to a box, and press the space bar."""
        self.to(wanted)
        wanted.press("Space" if wanted.get_attribute("type") == "checkbox" else "Enter")

    def fill(self, wanted: Locator, text: str) -> None:
        """Go to a field, and type over what is in it."""
        self.to(wanted)
        self.press("Control+a")
        self.type(text)

    def round_trip(self) -> None:
        """Tab leads to everything that can be used, out of the page, and back in; so does Shift+Tab."""
        for key in ("Tab", "Shift+Tab"):
            self.page.evaluate("document.activeElement.blur()")
            wanted: int = self.page.evaluate(_STOPS)
            found = 0
            for _ in range(STOPS_MAX):
                self.press(key)
                if not self._focus()["anywhere"]:
                    break
                found += 1
            else:
                raise AssertionError(f"{key} does not lead out of {self.page.url}")
            assert found >= wanted, f"{key} leads to {found} of {wanted} things of {self.page.url}"

    def _focus(self, wanted: ElementHandle | None = None) -> dict[str, Any]:
        focus: dict[str, Any] = self.page.evaluate(_FOCUS, wanted)
        assert focus["seen"], f"nobody sees that the focus is at {focus['html']}"
        return focus
