"""Every page in light and dark, narrow and wide: nothing that axe finds, nothing wider than the window, no request
that leaves the node, and few bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

from tests.browser.axe import violations
from tests.browser.people import Colours, Person
from tests.interop.clients import StockGit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Response

    from tests.gitant.running import Node

LONG: Final = "a-name-that-goes-on-and-on-and-would-push-everything-to-the-right"
FIRST_BYTES_MAX: Final = 100_000
NEXT_BYTES_MAX: Final = 15_000
STRANGERS: Final = ("/", "/explore", "/login", "/register", "/nothing/here", "/kay/vault", "/kay/vault/issues")
OWN: Final = ("/", "/new", "/issues", f"/kay/{LONG}", "/kay/vault/issues/new", "/kay/vault/issues/1")


@pytest.fixture(scope="module", autouse=True)
def things(node: Node, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Something to look at: long names, text from right to left, code, a conversation."""
    with Person(node, browser, "kay") as kay:
        kay.register()
        kay.make_repo(LONG)
        path = kay.make_repo("vault")
        work = StockGit(tmp_path_factory.mktemp("git")).work_tree("work")
        work.commit(
            "README.md", f"# Vault\n\n{'x' * 300}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(): ...\n```\n"
        )
        work.commit(f"{LONG}.txt", "text\n")
        work("push", "--quiet", kay.git_url(path), "main")
        for title, body in (("It creaks " + "x" * 200, "- [ ] one\n- [x] two\n\n> said"), ("שלום עולם", "מימין לשמאל")):
            kay.go("/kay/vault/issues/new")
            kay.page.get_by_label("Title").fill(title)
            kay.page.get_by_label("What is it about?").fill(body)
            kay.page.get_by_role("button", name="Open the issue").click()
        kay.page.get_by_label("Comment, in Markdown").fill("Said.")
        kay.page.get_by_role("button", name="Comment", exact=True).click()


@pytest.fixture(params=["light", "dark"])
def colours(request: pytest.FixtureRequest) -> Colours:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=[320, 1280])
def looking(request: pytest.FixtureRequest, node: Node, browser: Browser, colours: Colours) -> Iterator[Person]:
    with Person(node, browser, "kay", width=request.param, colours=colours) as found:
        yield found


def test_nothing_is_in_anybody_s_way(looking: Person) -> None:
    wrong: list[str] = []

    def look(path: str) -> None:
        page = looking.go(path)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong.extend(f"{path}: {each}" for each in violations(page))
        if wide > 0:
            wrong.append(f"{path}: {wide} px wider than the window")

    for path in STRANGERS:
        look(path)
    looking.sign_in()
    for path in OWN:
        look(path)
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_little_is_loaded_and_all_of_it_from_here(node: Node, browser: Browser) -> None:
    def visit(path: str) -> int:
        sizes: list[int] = []

        def answered(response: Response) -> None:
            assert urlsplit(response.url).netloc == urlsplit(node.url).netloc
            sizes.append(sum(response.request.sizes()[part] for part in ("responseBodySize", "responseHeadersSize")))

        kay.page.on("response", answered)
        kay.go(path)
        kay.page.wait_for_load_state("load")
        kay.page.remove_listener("response", answered)
        return sum(sizes)

    with Person(node, browser, "kay") as kay:
        assert 2_000 < visit("/kay/vault") < FIRST_BYTES_MAX
        for path in ("/kay/vault/issues", "/kay/vault/issues/1", "/kay/vault"):
            assert visit(path) < NEXT_BYTES_MAX
