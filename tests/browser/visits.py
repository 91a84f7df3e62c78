"""What a visit to a page costs, and what is in anybody's way there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final
from urllib.parse import urlsplit

from tests.browser.axe import violations

if TYPE_CHECKING:
    from tests.browser.people import Colours, Person

LOOKS: Final[tuple[tuple[int, Colours], ...]] = ((1280, "light"), (1280, "dark"), (320, "light"), (320, "dark"))
"""Each width with each choice of colours, of a page that is loaded once; the last with all unfolded."""
WHOLE: Final = (LOOKS[0], LOOKS[-1])
"""Where every rule is asked. Light and dark differ in colours alone, so the others are asked for colours alone."""
_HEIGHT_PX: Final = 800
_UNFOLD: Final = """() => {
  const folded = document.querySelectorAll("main details:not([open])");
  folded.forEach(each => { each.open = true; });
  return folded.length > 0;
}"""
_TOO_WIDE_PX: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

Shoot = Callable[[str], object]
"""Takes a picture of the page, which is called so."""


@dataclass(slots=True)
class Visit:
    """What came of one page."""

    path: str
    loaded_bytes: int = 0
    elsewhere: list[str] = field(default_factory=list[str])
    """Requests that left the node."""
    wrong: list[str] = field(default_factory=list[str])


@final
class Visitor:
    """Opens pages, and has the browser's own network log tell what goes over the wire."""

    def __init__(self, person: Person, looks: Sequence[tuple[int, Colours]] = WHOLE) -> None:
        self._looks = looks
        self._person = person
        self._page = person.page
        self._session = person.context.new_cdp_session(person.page)
        self._bytes = 0
        self._asked: list[str] = []
        self._session.on("Network.requestWillBeSent", self._sent)
        self._session.on("Network.loadingFinished", self._finished)
        self._session.send("Network.enable")

    def visit(self, path: str, shoot: Shoot = str) -> Visit:
        """Open a page, and look at it."""
        visit = self.load(path)
        for width, colours in self._looks:
            self._look(visit, width, colours, shoot)
        return visit

    def load(self, path: str) -> Visit:
        """Open a page, and look no further."""
        self._bytes = 0
        self._asked.clear()
        self._page.goto(path)
        return Visit(path, self._bytes, [url for url in self._asked if self._is_elsewhere(url)])

    def forget(self) -> None:
        """As if the next visit were the first one of all."""
        self._session.send("Network.clearBrowserCache")

    def _look(self, visit: Visit, width: int, colours: Colours, shoot: Shoot) -> None:
        self._page.set_viewport_size({"width": width, "height": _HEIGHT_PX})
        self._page.emulate_media(color_scheme=colours)
        look = f"{width}.{colours}"
        shoot(look)
        if (width, colours) == LOOKS[-1] and self._page.evaluate(_UNFOLD):
            look += ".unfolded"
            shoot(look)
        found = violations(self._page, colours_alone=(width, colours) not in WHOLE)
        visit.wrong += [f"{visit.path} {look}: {each}" for each in found]
        if (wide := int(self._page.evaluate(_TOO_WIDE_PX))) > 0:
            visit.wrong.append(f"{visit.path} {look}: {wide} px wider than the window")

    def _is_elsewhere(self, url: str) -> bool:
        return urlsplit(url).scheme != "data" and not url.startswith(f"{self._person.url}/")

    def _sent(self, event: dict[str, Any]) -> None:
        self._asked.append(str(event["request"]["url"]))

    def _finished(self, event: dict[str, Any]) -> None:
        self._bytes += int(event["encodedDataLength"])
