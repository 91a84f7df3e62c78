"""A client that says what it expects, so that every call of every test is checked."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, final

from litestar.testing import TestClient

from tests.api.calls import LAST, Recording
from tests.api.node import TOKEN

if TYPE_CHECKING:
    from httpx import Response
    from litestar import Litestar

PROBLEM = "application/problem+json"
UNTAGGED = frozenset(
    {
        *("/health", "/live", "/ready", "/metrics", "/api/v1/status"),  # as of now, and of now alone
        "/api/v1/events/stream",
    }
)
"""What is read anew each time."""
UNREPEATED = frozenset(
    {
        ("DELETE", "/api/v1/import/{job}"),  # no event: to call off what was called off is a 409
        ("POST", "/api/v1/import"),  # its keys are the book's of the imports, and tried in its own tests
    }
)
"""Routes that do not yet give the first answer again; sending them twice does nothing twice."""
TRIED: set[tuple[str, str]] = set()
_KEYS = count(1)


@final
class Client:
    """Asks as the operator or as nobody. Each method returns the response after checking its status."""

    def __init__(self, http: TestClient[Any], *, operator: bool) -> None:
        self.http = http
        self._headers = {"authorization": f"Bearer {TOKEN}"} if operator else {}

    def ask(self, method: str, path: str, expect: int, **options: Any) -> Response:
        headers = {**self._headers, **options.pop("headers", {})}
        if (
            method != "GET"
            and expect < 300
            and "idempotency-key" not in headers
            and self._headers
            and "/import" not in path
        ):
            headers["idempotency-key"] = f"try {next(_KEYS)}"
        how = {**options, "headers": headers}
        response = self.http.request(method, path, **how)
        assert response.status_code == expect, f"{method} {path}: {response.status_code} {response.text[:500]}"
        if expect >= 400:
            assert response.headers["content-type"] == PROBLEM
            problem = response.json()
            assert problem["status"] == expect
            assert problem["type"].startswith("/problems/")
            assert problem["title"]
            assert problem["detail"]
            assert problem["instance"].startswith("/")
            assert "Traceback" not in response.text
        elif response.status_code < 300 and "range" not in headers:
            self._keeps_its_promises(method, path, response, how)
        return response

    def _keeps_its_promises(self, method: str, path: str, response: Response, how: dict[str, Any]) -> None:
        """What docs/api.md says of all routes, tried with the first good answer of each."""
        (route,) = LAST
        if route in TRIED:
            return
        TRIED.add(route)
        if method == "GET" and response.status_code == 200 and route[1] not in UNTAGGED:
            tag = response.headers.get("etag")
            assert tag, f"{route}: no ETag"
            again = self.http.request(method, path, **{**how, "headers": {**how["headers"], "if-none-match": tag}})
            assert (again.status_code, again.content, again.headers.get("etag")) == (304, b"", tag), route
        elif method != "GET" and "idempotency-key" in how["headers"] and route not in UNREPEATED:
            again = self.http.request(method, path, **how)
            assert again.headers.get("idempotent-replayed") == "true", f"{route}: done twice"
            assert (again.status_code, again.content) == (response.status_code, response.content), route

    def get(self, path: str, expect: int = 200, **options: Any) -> Response:
        return self.ask("GET", path, expect, **options)

    def post(self, path: str, json: Any = None, expect: int = 201, **options: Any) -> Response:
        return self.ask("POST", path, expect, **_with(json, options))

    def patch(self, path: str, json: Any, expect: int = 200, **options: Any) -> Response:
        return self.ask("PATCH", path, expect, **_with(json, options))

    def put(self, path: str, json: Any, expect: int = 200, **options: Any) -> Response:
        return self.ask("PUT", path, expect, **_with(json, options))

    def delete(self, path: str, expect: int = 204, **options: Any) -> Response:
        return self.ask("DELETE", path, expect, **options)

    def every(self, path: str, key: str, /, **params: Any) -> list[dict[str, Any]]:
        """A whole list, by following its links."""
        found: list[dict[str, Any]] = []
        response = self.get(path, params=params)
        total = int(response.headers["x-total-count"])
        while True:
            found += response.json()[key]
            if "next" not in response.links:
                assert len(found) == total
                return found
            response = self.get(response.links["next"]["url"])


def _with(json: Any, options: dict[str, Any]) -> dict[str, Any]:
    return options if json is None else {**options, "json": json}


def http_to(app: Litestar) -> TestClient[Any]:
    """An HTTP client of the application, recording what it calls."""
    return TestClient(app=Recording(app))
