"""A client that says what it expects, so that every call of every test is checked."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, final

from litestar.testing import TestClient

from tests.api.calls import LAST, Recording, template_of
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
ISSUE = "/api/v1/repos/{id}/issues/{issueId}"
UNREPEATED = frozenset(
    {
        ("DELETE", "/api/v1/import/{job}"),  # no event: to call off what was called off is a 409
        *(("POST", f"/api/v1/agents/{which}") for which in ("generate-did", "verify", "{did}/delegate")),
        ("POST", "/api/v1/ucan/revoke"),  # to revoke twice is to revoke once
        ("POST", "/api/v1/import"),  # its keys are the book's of the imports, and tried in its own tests
        ("POST", "/api/v1/repos/{id}/deploy-keys"),  # its answer has a secret, which is kept nowhere
        ("DELETE", "/api/v1/repos/{id}/deploy-keys/{keyId}"),
    }
)
"""Routes that do not yet give the first answer again; sending them twice does nothing twice."""
OF_ACCOUNTS = ("/api/v1/auth/", "/api/v1/users")
"""No events, and answers with secrets, which are kept nowhere: neither is repeated or bound to what was read."""
OF_PEERS = ("/api/v1/peers", "/api/v1/follows", "/api/v1/network/")
"""No events, and said twice is said once: the book has a row for it, or it has none."""
UNCONDITIONED = frozenset(
    {
        ("PATCH", "/api/v1/repos/{id}/issues"),  # many at once
        ("DELETE", "/api/v1/repos/{id}/collaborators/{user}"),  # shown in lists only, as all that follow but the last
        *((method, "/api/v1/repos/{id}/subscription") for method in ("PUT", "DELETE")),  # one's own
        *((method, f"{ISSUE}/reactions/{{content}}") for method in ("PUT", "DELETE")),
        *((method, f"{ISSUE}/comments/{{commentId}}/reactions/{{content}}") for method in ("PUT", "DELETE")),
        ("PUT", "/api/v1/repos/{id}/strangers"),  # this node's own
        ("DELETE", "/api/v1/repos/{id}/held"),
        ("DELETE", "/api/v1/repos/{id}/held/{author}"),
        ("DELETE", "/api/v1/repos/{id}/attachments/{hash}"),  # bytes by their hash do not change
        ("DELETE", "/api/v1/import/{job}"),  # changes by itself all the time
        ("DELETE", "/api/v1/repos/{id}/deploy-keys/{keyId}"),  # shown in a list only
    }
)
"""Routes that change no document that could be read before: they refuse a condition rather than pass over it."""
CHANGING = frozenset({"PATCH", "PUT", "DELETE"})
STALE = '"000"'
TRIED: set[tuple[str, str]] = set()
BOUND: set[tuple[str, str]] = set()
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
        if method in CHANGING and expect < 300 and self._headers and "if-match" not in headers:
            self._is_bound(method, path, how)
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
        elif method != "GET" and "idempotency-key" in how["headers"] and not _is_unrepeated(route):
            again = self.http.request(method, path, **how)
            assert again.headers.get("idempotent-replayed") == "true", f"{route}: done twice"
            assert (again.status_code, again.content) == (response.status_code, response.content), route

    def _is_bound(self, method: str, path: str, how: dict[str, Any]) -> None:
        """A change that is bound to something else than what is there is not carried out."""
        route = (method, template_of(method, path))
        if route in BOUND:
            return
        BOUND.add(route)
        headers = {name: value for name, value in how["headers"].items() if name != "idempotency-key"}
        stale = self.http.request(method, path, **{**how, "headers": {**headers, "if-match": STALE}})
        unconditioned = route in UNCONDITIONED or route[1].startswith((*OF_ACCOUNTS, *OF_PEERS))
        assert stale.status_code == (422 if unconditioned else 412), f"{route}: {stale.text[:200]}"

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


def _is_unrepeated(route: tuple[str, str]) -> bool:
    return route in UNREPEATED or route[1].startswith((*OF_ACCOUNTS, *OF_PEERS))


def _with(json: Any, options: dict[str, Any]) -> dict[str, Any]:
    return options if json is None else {**options, "json": json}


def http_to(app: Litestar) -> TestClient[Any]:
    """An HTTP client of the application, recording what it calls."""
    return TestClient(app=Recording(app))
