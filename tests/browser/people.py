"""A person at a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, final

from tests.gitant.running import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

    from tests.gitant.running import Node

PASSWORD = "correct horse 9"
Colours = Literal["light", "dark"]


@final
class Person:
    """Somebody with a browser window. What the browser complains of is a fault, and every answer of 500 or more."""

    def __init__(
        self,
        node: Node,
        browser: Browser,
        name: str,
        *,
        scripted: bool = True,
        width: int = 1280,
        colours: Colours = "light",
    ) -> None:
        self.name = name
        self.scripted = scripted
        self._url = node.url
        self.context = browser.new_context(
            base_url=node.url,
            java_script_enabled=scripted,
            viewport={"width": width, "height": 800},
            color_scheme=colours,
        )
        self.context.set_default_timeout(PATIENCE_S * 1_000)
        self.page: Page = self.context.new_page()
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

    def register(self) -> None:
        """Make an account, and keep its recovery line."""
        self.go("/register")
        self.page.get_by_label("User name").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Make the account").click()
        self.page.get_by_role("link", name="I have kept it").click()

    def sign_in(self) -> None:
        """Begin a session with the account that is there."""
        self.go("/login")
        self.page.get_by_label("User name or email").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()

    def make_repo(self, name: str) -> str:
        """Make a repository; its path."""
        self.go("/new")
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_role("button", name="Make it").click()
        self.page.get_by_role("heading", name="Push the first commit").wait_for()
        return f"/{self.name}/{name}"

    def git_url(self, path: str) -> str:
        """What git pushes to, with name and password in it."""
        scheme, _, rest = self._url.partition("://")
        return f"{scheme}://{self.name}:{PASSWORD.replace(' ', '%20')}@{rest}{path}.git"

    def _heard(self, message: ConsoleMessage) -> None:
        # What was refused on purpose is in the console as well, as a resource that failed to load.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")
