"""`python -m tests.browser.screenshots [FOLDER]`: every page in both colours and two widths, as pictures to look at.

It also says what axe finds on them, and which are wider than their window; it fails for any.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

from tests.browser.axe import violations
from tests.browser.chromium import FLAGS, chromium
from tests.browser.people import Colours, Person
from tests.browser.things import OWN, STRANGERS, make_things, too_wide_px
from tests.gitant.running import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

COLOURS: Final[tuple[Colours, ...]] = ("light", "dark")
WIDTHS: Final = (320, 1280)


def main(argv: Sequence[str]) -> int:
    folder = Path(argv[0] if argv else "build/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    flags = ("--registration", "open", "--rate-anonymous", "0", "--rate-principal", "0")
    with (
        tempfile.TemporaryDirectory() as scratch,
        running(Path(scratch) / "node", *flags) as node,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        make_things(node, browser, Path(scratch))
        for colours in COLOURS:
            for width in WIDTHS:
                with Person(node, browser, "kay", width=width, colours=colours) as kay:
                    for path in STRANGERS:
                        wrong += _shot(kay.go(path), folder / _named(path, "stranger", width, colours))
                    kay.sign_in()
                    for path in OWN:
                        wrong += _shot(kay.go(path), folder / _named(path, "kay", width, colours))
                print(f"{colours}, {width} px: {len(STRANGERS) + len(OWN)} pages", flush=True)
        browser.close()
    print(*wrong, f"{len(wrong)} things are wrong; the pictures are in {folder}", sep="\n")
    return 1 if wrong else 0


def _named(path: str, who: str, width: int, colours: Colours) -> str:
    return f"{path.strip('/').replace('/', '-')[:60] or 'front'}.{who}.{width}.{colours}.png"


def _shot(page: Page, file: Path) -> list[str]:
    page.screenshot(path=file, full_page=True)
    wide = too_wide_px(page)
    return [
        *(f"{file.name}: {each}" for each in violations(page)),
        *([f"{file.name}: {wide} px too wide"] if wide > 0 else []),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
