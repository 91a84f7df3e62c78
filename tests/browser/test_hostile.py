"""Hostile Markdown in a real browser, with a policy and without: it does nothing, and stays in its box."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

from domain.words import body_problem
from tests.exploits.pages.test_hostile_markdown import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog

    from tests.gitant.running import Node

SHAPES: Final = ("{}", "words {}", "> - {}")
SAYABLE: Final = [text for text in HOSTILE if not body_problem(text, "the text")]
"""Characters that hide or reorder words are refused in comments; files may have them."""
_QUIET: Final = re.compile(r"(<script[^>]*>|\bon[a-z]+=[\"']?|javascript:)1\b")
"""Examples that say nothing when they run; here they have to."""
_PATHS: Final = re.compile(r"/operator/hostile/issues/\d|/-/static/[\w.-]+|/api/v1/events/stream|/favicon.ico|/x")
_TELLING: Final = "window.told = []; window.alert = window.print = (what) => window.told.push(String(what));"
_POKE: Final = """() => {
  const wrong = [], SCHEMES = ["http:", "https:", "mailto:", "gitant:", ":"];
  const mains = document.querySelectorAll("main, #main, #thread, #say, #find, .top, .foot");
  if (mains.length !== 6 || document.getElementById("main").tagName !== "MAIN") wrong.push("the page is another");
  for (const box of document.querySelectorAll("#thread .prose")) {
    const room = box.getBoundingClientRect();
    if (!box.closest("article.said")) wrong.push("outside of its article");
    for (const each of box.querySelectorAll("*")) {
      const style = getComputedStyle(each);
      const task = each.matches("input[data-task]");  // which the page's own script lets be ticked
      for (const { name } of each.attributes)
        if (/^(on|hx-|data-|style|form)/.test(name) && !(task && name === "data-task")) wrong.push(name);
      if (style.position !== "static" && style.position !== "relative") wrong.push(`${each.tagName} ${style.position}`);
      if (each.protocol && !SCHEMES.includes(each.protocol)) wrong.push(each.href);
      const rolling = each.parentElement.closest("pre, table");
      const at = each.getBoundingClientRect();
      const beside = at.left < room.left - 1 || at.right > room.right + 1;
      const out = beside || at.top < room.top - 1 || at.bottom > room.bottom + 1;
      const rolls = rolling && box.contains(rolling);
      if (at.width && at.height && out && !rolls) wrong.push(`${each.outerHTML} is outside`);
      for (const name of ["mouseover", "focus", "toggle", "load", "error"]) each.dispatchEvent(new Event(name));
      if (!task && !each.closest("a, label")) each.click();
    }
  }
  return wrong;
}"""


@pytest.fixture(scope="module")
def issues(node: Node) -> list[str]:
    """An issue for each shape, with a comment for each text."""
    assert len(SAYABLE) <= 100, "all of them are on the first page"
    _post(node, "/api/v1/repos", name="hostile")
    found: list[str] = []
    for shape in SHAPES:
        number = _post(node, "/api/v1/repos/hostile/issues", title="Hostile", body=shape.format(SAYABLE[0]))["number"]
        for text in SAYABLE:
            loud = _QUIET.sub(r"\1alert(1)", text)
            _post(node, f"/api/v1/repos/hostile/issues/{number}/comment", body=shape.format(loud))
        found.append(f"/operator/hostile/issues/{number}")
    return found


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
def test_hostile_words_stay_words(node: Node, browser: Browser, issues: list[str], policy: bool) -> None:
    said: list[str] = []
    context = browser.new_context(base_url=node.url, bypass_csp=not policy)
    context.add_init_script(_TELLING)
    page = context.new_page()

    def asked_for(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", asked_for)
    page.on("popup", lambda other: said.append(f"opened {other.url}"))
    page.goto("/login")
    page.get_by_label("User name or email").fill("operator")
    page.get_by_label("Password").fill((node.folder / "operator.token").read_text().strip())
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in issues:
        page.goto(path)
        assert page.locator("article.said").count() == len(SAYABLE) + 1
        assert not page.evaluate(_POKE), f"with{'' if policy else 'out'} a policy"
        page.mouse.click(640, 400)
        assert page.evaluate("window.told") == []
        assert urlsplit(page.url).path == path, "it led somewhere else"
    context.close()
    assert not said
    for url in asked:
        parts = urlsplit(url)
        assert parts.scheme == "data" or url.startswith(node.url), url
        assert parts.scheme == "data" or _PATHS.fullmatch(parts.path), url


def test_the_browser_tells_of_what_runs(browser: Browser) -> None:
    page = browser.new_page(bypass_csp=True)
    page.add_init_script(_TELLING)
    page.goto("data:text/html,<img src=x onerror=alert(1)>")
    page.wait_for_function("window.told.length === 1")
    page.close()


def _post(node: Node, path: str, **fields: str) -> Any:
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {(node.folder / 'operator.token').read_text().strip()}",
    }
    request = urllib.request.Request(node.url + path, json.dumps(fields).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())
