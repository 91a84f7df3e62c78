"""A client that says what it expects, so that every call of every test is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from litestar.testing import TestClient

from tests.api.calls import Recording
from tests.api.node import TOKEN

if TYPE_CHECKING:
    from httpx import Response
    from litestar import Litestar

PROBLEM = "application/problem+json"


@final
class Client:
    """Asks as the operator or as nobody. Each method returns the response after checking its status."""

    def __init__(self, http: TestClient[Any], *, operator: bool) -> None:
        self.http = http
        self._headers = {"authorization": f"Bearer {TOKEN}"} if operator else {}

    def ask(self, method: str, path: str, expect: int, **options: Any) -> Response:
        headers = {**self._headers, **options.pop("headers", {})}
        response = self.http.request(method, path, headers=headers, **options)
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
        return response

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
