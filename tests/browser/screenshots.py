"""`python -m tests.browser.screenshots [FOLDER]`: every page in both colours and two widths, as pictures to look at.

It also says what axe finds on them, and which are wider than their window; it fails for any. Among them are pages of a
node where there is very much of everything.
"""

from __future__ import annotations

import re
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, chromium
from tests.browser.conftest import OPEN
from tests.browser.pages import OPERATORS, OWN, STRANGERS
from tests.browser.people import PASSWORD, Person
from tests.browser.plenty import PAGES as PLENTY
from tests.browser.plenty import push_plenty, write_plenty
from tests.browser.things import make_things
from tests.browser.visits import LOOKS, Visitor
from tests.gitant.running import running
from tests.interop.clients import token_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser, Page

    from tests.gitant.running import Node


def main(argv: Sequence[str]) -> int:
    folder = Path(argv[0] if argv else "build/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        wrong = [*_of_few(browser, Path(scratch) / "few", folder), *_of_plenty(browser, Path(scratch), folder)]
        browser.close()
    print(*wrong, f"{len(wrong)} things are wrong; the pictures are in {folder}", sep="\n")
    return 1 if wrong else 0


def _of_few(browser: Browser, scratch: Path, folder: Path) -> Iterator[str]:
    """Every page, as strangers, a person and the operator see it."""
    scratch.mkdir()
    with running(scratch / "node", *OPEN) as node:
        things = make_things(node, browser, scratch)
        for name, paths in (("", STRANGERS), ("kay", OWN), ("operator", OPERATORS)):
            yield from _seen(node, browser, name, {path: path.format(**things) for path in paths}, folder)


def _of_plenty(browser: Browser, scratch: Path, folder: Path) -> Iterator[str]:
    """The pages that have very much to show."""
    write_plenty(scratch / "plenty")
    with running(scratch / "plenty", *OPEN) as node:
        push_plenty(node, scratch / "plenty.git")
        yield from _seen(node, browser, "operator", dict(zip(PLENTY, PLENTY, strict=True)), folder)


def _seen(node: Node, browser: Browser, name: str, paths: Mapping[str, str], folder: Path) -> Iterator[str]:
    """What is wrong with pages, by what their pictures are called."""
    with Person(node, browser, name) as looking:
        if name:
            looking.sign_in(token_of(node) if name == "operator" else PASSWORD)
        visitor = Visitor(looking, LOOKS)
        for called, path in paths.items():
            shoot = partial(_shoot, looking.page, f"{folder / _named(called)}.{name or 'stranger'}")
            yield from visitor.visit(path, shoot).wrong
    print(f"{name or 'stranger'}: {len(paths)} pages", flush=True)


def _named(path: str) -> str:
    return re.sub(r"[^\w.-]+", "-", path.strip("/"))[:80] or "front"


def _shoot(page: Page, file: str, look: str) -> None:
    page.screenshot(path=f"{file}.{look}.png", full_page=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
