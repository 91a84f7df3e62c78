"""People with accounts, as tests of the API meet them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from httpx import Response

    from tests.api.client import Client

PASSWORD = "a horse and a battery"


@dataclass
class Person:
    """Somebody who is logged in; `ask` sends the session's secret as a bearer, unless other headers are given."""

    client: Client
    name: str
    did: str
    token: str
    recovery: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, expect: int, **options: Any) -> Response:
        return self.client.ask(method, path, expect, **{"headers": self.headers, **options})

    def get(self, path: str, expect: int = 200, **options: Any) -> Response:
        return self.ask("GET", path, expect, **options)

    def post(self, path: str, json: Any = None, expect: int = 201, **options: Any) -> Response:
        return self.ask("POST", path, expect, json=json, **options)


def register(client: Client, name: str, expect: int = 201, **more: Any) -> dict[str, Any]:
    """Make an account, as whoever the client is."""
    body = {"username": name, "email": f"{name.lower()}@example.org", "password": PASSWORD, **more}
    answer: dict[str, Any] = client.post("/api/v1/auth/register", body, expect).json()
    return answer


def login(client: Client, name: str, password: str = PASSWORD, expect: int = 200) -> dict[str, Any]:
    """Log in."""
    body = {"username": name, "password": password}
    answer: dict[str, Any] = client.post("/api/v1/auth/login", body, expect).json()
    return answer


def person(anyone: Client, name: str, **more: Any) -> Person:
    """Somebody new, who has registered and logged in."""
    made = register(anyone, name, **more)
    begun = login(anyone, name)
    anyone.http.cookies.clear()
    return Person(anyone, name, made["user"]["did"], begun["token"], made["recovery"])
