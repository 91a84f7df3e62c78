"""A person at a browser."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Literal, Protocol, Self, final

from tests.browser.keys import Keyboard
from tests.gitant.running import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response

PASSWORD = "correct horse 9"
Colours = Literal["light", "dark"]
Way = Literal["script", "no script", "keys"]
"""How somebody uses pages: with a mouse, in a browser that runs scripts or none; or with a keyboard alone."""


class Served(Protocol):
    """A node, as far as a browser knows it."""

    @property
    def url(self) -> str: ...


@final
class Person:
    """Somebody with a browser window. What the browser complains of is a fault, and every answer of 500 or more."""

    def __init__(
        self,
        node: Served,
        browser: Browser,
        name: str,
        *,
        way: Way = "script",
        width: int = 1280,
        colours: Colours = "light",
    ) -> None:
        self.name = name
        self.recovery = ""
        self.scripted = way != "no script"
        self.url = node.url
        self.context = browser.new_context(
            base_url=node.url,
            java_script_enabled=self.scripted,
            viewport={"width": width, "height": 800},
            color_scheme=colours,
        )
        self.context.set_default_timeout(PATIENCE_S * 1_000)
        self.page: Page = self.context.new_page()
        self._keys = Keyboard(self.page) if way == "keys" else None
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        self.page.on("response", self._answered)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.context.close()
        if kind is None:
            assert not self.complaints, "; ".join(self.complaints)

    def go(self, path: str) -> Page:
        """Open a page of the node."""
        self.page.goto(path)
        return self.page

    def reach(self, path: str) -> Page:
        """Open a page that another node still has to tell this one of."""
        deadline = time.monotonic() + PATIENCE_S
        while (answer := self.page.goto(path)) is None or not answer.ok:
            assert time.monotonic() < deadline, f"{path} has not come"
        return self.page

    def see(self, wanted: Locator, *, gone: bool = False) -> None:
        """Until the page shows it, or `gone`, shows it no more: by itself with a script, else by loading it again."""
        state: Literal["visible", "hidden"] = "hidden" if gone else "visible"
        if self.scripted:
            wanted.wait_for(state=state)
            return
        deadline = time.monotonic() + PATIENCE_S
        while wanted.is_visible() is gone:
            assert time.monotonic() < deadline, f"{self.page.url} does not show it: {wanted}"
            self.page.reload()

    def choose(self, wanted: Locator) -> None:
        """Follow a link, press a button, tick a box."""
        if self._keys is not None:
            self._keys.choose(wanted)
        else:
            wanted.click()

    def fill(self, wanted: Locator, text: str) -> None:
        """Type over what is in a field."""
        if self._keys is not None:
            self._keys.fill(wanted, text)
        else:
            wanted.fill(text)

    def pick(self, wanted: Locator, option: str) -> None:
        """Choose one of what a field offers."""
        if self._keys is not None:
            self._keys.to(wanted)
            self._keys.type(option)
        else:
            wanted.select_option(option)

    def unfold(self, words: str) -> None:
        """Open what is folded under these words."""
        self.choose(self.page.locator("summary", has_text=words))

    def register(self) -> None:
        """Make an account, and keep its recovery line."""
        self.go("/register")
        self.fill(self.page.get_by_label("User name"), self.name)
        self.fill(self.page.get_by_label("Password"), PASSWORD)
        self.choose(self.page.get_by_role("button", name="Make the account"))
        shown = self.page.locator("#recovery").or_(self.page.get_by_role("alert"))
        assert shown.get_attribute("id") == "recovery", f"{self.name} is not let in: {shown.inner_text()}"
        self.recovery = shown.inner_text()
        self.choose(self.page.get_by_role("link", name="I have kept it"))

    def sign_in(self, password: str = PASSWORD) -> None:
        """Begin a session with the account that is there."""
        self.go("/login")
        self.fill(self.page.get_by_label("User name or email"), self.name)
        self.fill(self.page.get_by_label("Password"), password)
        self.choose(self.page.get_by_role("main").get_by_role("button", name="Sign in"))

    def make_repo(self, name: str, *, private: bool = False) -> str:
        """Make a repository; its path."""
        self.go("/new")
        self.fill(self.page.get_by_label("Name", exact=True), name)
        if private:
            self.choose(self.page.get_by_label("Private"))
        self.choose(self.page.get_by_role("button", name="Make it"))
        self.page.get_by_role("heading", name="Push the first commit").wait_for()
        return f"/{self.name}/{name}"

    def open_issue(self, path: str, title: str, body: str = "") -> None:
        """Open an issue of a repository; its page is open then."""
        self.go(f"{path}/issues/new")
        self.fill(self.page.get_by_label("Title"), title)
        self.fill(self.page.get_by_label("What is it about?"), body)
        self.choose(self.page.get_by_role("button", name="Open the issue"))
        self.page.wait_for_url(re.compile(r"/issues/\d+$"))

    def give_role(self, path: str, who: str, role: str) -> None:
        """Let somebody work on a repository."""
        self.go(f"{path}/settings")
        self.fill(self.page.get_by_label("User name or did"), who)
        self.pick(self.page.get_by_label("Role", exact=True), role)
        self.choose(self.page.get_by_role("button", name="Give the role"))
        self.page.get_by_text("They have the role now.").wait_for()

    def git_url(self, path: str) -> str:
        """What git pushes to, with name and password in it."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{self.name}:{PASSWORD.replace(' ', '%20')}@{rest}{path}.git"

    def _heard(self, message: ConsoleMessage) -> None:
        # What was refused on purpose is in the console as well, as a resource that failed to load.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")
