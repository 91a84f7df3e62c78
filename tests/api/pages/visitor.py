"""Somebody with a browser, as far as a browser's headers go."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any, final
from urllib.parse import urlencode

from tests.api.accounts import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from httpx import Response
    from litestar.testing import TestClient

_HTML = {"accept": "text/html,application/xhtml+xml", "sec-fetch-site": "same-origin", "accept-encoding": "gzip"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@final
class Visitor:
    """Asks for pages and sends forms; with a session once they have signed in. Follows nothing by itself."""

    def __init__(self, http: TestClient[Any], name: str = "") -> None:
        self._http = http
        self._cookies: dict[str, str] = {}
        self.name = name
        self.recovery = ""
        """The root key of their identity, as it was shown when they registered."""

    def open(self, path: str, expect: int = 200, **headers: str) -> str:
        """The HTML of a page."""
        return self.ask("GET", path, expect, **headers).text

    def ask(self, method: str, path: str, expect: int | None, content: str = "", **headers: str) -> Response:
        """The answer, whose status is to be `expect`; None for whatever it is."""
        fields = {**_HTML, **headers}
        if self._cookies:
            fields["cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._http.cookies.clear()
        response = self._http.request(method, path, content=content, headers=fields, follow_redirects=False)
        assert expect in {None, response.status_code}, (
            f"{method} {path}: {response.status_code}\n{words(response.text)[:600]}"
        )
        for name, value in response.cookies.items():
            self._cookies[name] = value
        for gone in re.findall(r"(\w+)=; Path=/; Max-Age=0", response.headers.get("set-cookie", "")):
            self._cookies.pop(gone, None)
        return response

    def send(self, path: str, fields: Sequence[tuple[str, str]] = (), *, expect: int = 303, **more: str) -> str:
        """Send a form: where it leads, or, where it is shown again, its HTML."""
        response = self.ask("POST", path, expect, urlencode([*fields, *more.items()]), **_FORM)
        return response.headers["location"] if expect == 303 else response.text

    def register(self) -> None:
        page = self.send("/register", username=self.name, password=PASSWORD, expect=200)
        assert "Keep this line" in page
        (self.recovery,) = re.findall(r'<code id="recovery"[^>]*>([^<]+)</code>', page)

    def sign_in(self) -> None:
        self.send("/login", username=self.name, password=PASSWORD)

    def sign_out(self) -> None:
        self.send("/logout")

    def make_repo(self, name: str, *, private: bool = False) -> str:
        """Make a repository; the path of its page."""
        path = self.send("/new", [("name", name), *([("private", "1")] if private else [])])
        assert path == f"/{self.name}/{name}"
        return path


def words(html: str) -> str:
    """What of a page is to be read, with single blanks between."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html.partition("<body>")[2] or html))).strip()
