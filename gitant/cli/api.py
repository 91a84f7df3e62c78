"""The node's HTTP API as commands use it: JSON in, JSON out, problems as faults with their hints."""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self, cast, final
from urllib.parse import quote, urlsplit

import httpx

from domain.errors import InvalidInput, LocalFault, Unauthenticated, Unavailable
from gitant.absent import absent
from gitant.cli.node import find_node
from gitant.tls import trust_only

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from gitant.cli.node import Target

TIMEOUT_S = 60.0
DOWNLOAD_TIMEOUT_S = 600.0
"""Until the next bytes of a download."""
PER_PAGE_MAX = 100
_WORDLESS: Final = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
"""It is done, or will be, and there is nothing to say of it."""


class ApiProblem(LocalFault):
    """What the node answered instead: its detail and hint, and the HTTP status."""

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


def segment(text: str) -> str:
    """`text` as one segment of a path, whatever it holds."""
    if text in {"", ".", ".."}:
        raise InvalidInput(f"{text!r} names nothing")
    return quote(text, safe="~")


@final
class _Elsewhere(httpx.BaseTransport):
    """Where a node that is asked without TLS may send who asks. Whom the world trusts is read only then.

    That takes a tenth of a command's time; a context of nobody's certificates takes none.
    """

    def __init__(self) -> None:
        self._inner: httpx.HTTPTransport | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._inner = self._inner or httpx.HTTPTransport(trust_env=False)
        return self._inner.handle_request(request)

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()


@final
class Api:
    """A connection to one node."""

    def __init__(self, target: Target) -> None:
        self.url = url = target.url
        self.addresses = target.addresses
        """Where the node is found."""
        headers = {"accept": "application/json"}
        if target.token:
            headers["authorization"] = f"Bearer {target.token}"
        self.known = bool(target.token)
        self.user = target.user
        """Whose login the token is of; empty where it is of none."""
        # A proxy for the world outside has no business between a command and the node beside it.
        local = _is_local(url)
        plain = local and not target.cert and url.startswith("http://")
        trusted = trust_only(target.cert) if target.cert else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True
        # Redirects lead to where a renamed repository is now; to another host httpx takes no token along.
        with absent("trio"):  # a client that waits has no use for it, and it takes as long as all the rest
            self._http = httpx.Client(
                base_url=url,
                headers=headers,
                timeout=TIMEOUT_S,
                trust_env=not local,
                verify=trusted,
                follow_redirects=True,
                mounts={"https://": _Elsewhere()} if plain else None,
            )

    @classmethod
    def open(cls, data_dir: str | None, url: str | None) -> Self:
        """To the node that flags, environment and data folder name."""
        return cls(find_node(data_dir, url))

    @classmethod
    def nobody(cls, data_dir: str | None, url: str | None) -> Self:
        """To the same node, as nobody in particular."""
        made = cls(replace(find_node(data_dir, url), token="", user=""))
        made.known = True  # to be asked to log in is no help to whoever is about to
        return made

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What is at `path`."""
        return self._answer(self._send("GET", path, params=params))

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Change something; what the node answers, None for nothing."""
        return self._answer(self._send(method, path, json=body))

    def ask(self, method: str, path: str, body: Any = None, auth: httpx.Auth | None = None) -> Any:
        """Any request; with `auth`, that says who asks instead of the token."""
        if auth is not None:
            self._http.headers.pop("authorization", None)
            self._http.auth = auth
        return self._answer(self._send(method, path, json=body))

    def upload(self, path: str, data: bytes, params: Mapping[str, str]) -> Any:
        """Send a file's bytes; what the node answers."""
        return self._answer(self._send("POST", path, content=data, params=params))

    def listed(self, path: str, key: str, limit: int, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The first `limit` entries of a list, over as many pages as that takes."""
        found: list[dict[str, Any]] = []
        following: dict[str, Any] = {**(params or {}), "per_page": min(limit, PER_PAGE_MAX)}
        address: str | None = path
        while address is not None and len(found) < limit:
            response = self._send("GET", address, params=following)
            found.extend(self._answer(response)[key])
            after = response.links.get("next", {}).get("url")
            address, following = (_path_of(after), {}) if after else (None, {})
        return found[:limit]

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> Generator[Iterator[str]]:
        """The lines of an answer that goes on and on; ends when the node ends it. A drop is an `Unavailable`."""
        try:
            with self._http.stream("GET", path, params={**params}, headers={**headers}) as response:
                if not response.is_success:
                    response.read()
                    self._answer(response)
                yield response.iter_lines()
        except httpx.HTTPError as fault:
            raise Unavailable(f"the connection to {self.url} is gone: {fault}") from fault

    @contextmanager
    def download(self, path: str, params: Mapping[str, Any] | None = None) -> Generator[httpx.Response]:
        """An answer that is no JSON; its headers, and its bytes as they come (`iter_bytes`)."""
        asked = {name: value for name, value in (params or {}).items() if value}
        try:
            # What takes long to make comes when it is made.
            with self._http.stream(
                "GET", path, params=asked, headers={"accept": "*/*"}, timeout=DOWNLOAD_TIMEOUT_S
            ) as response:
                if not response.is_success:
                    response.read()
                    self._answer(response)
                yield response
        except httpx.HTTPError as fault:
            hint = "look whether the node is alive (gitant status), and try again"
            raise Unavailable(f"the answer of {self.url} broke off: {fault}", hint=hint) from fault

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, method: str, path: str, **how: Any) -> httpx.Response:
        how = {name: value for name, value in how.items() if value}
        try:
            return self._http.request(method, path, **how)
        except httpx.ConnectError as fault:
            raise Unavailable(
                f"no node answers at {self.url}: {fault}", hint="start one with: gitant serve (or look at --url)"
            ) from fault
        except httpx.TimeoutException as fault:
            raise Unavailable(
                f"the node at {self.url} took too long", hint="look whether it is alive: gitant status"
            ) from fault
        except httpx.HTTPError as fault:
            raise Unavailable(
                f"talking to {self.url} failed: {fault}", hint="try again; look at the node's log"
            ) from fault

    def _answer(self, response: httpx.Response) -> Any:
        if response.status_code in _WORDLESS and not response.content:
            return None
        try:
            answer: Any = response.json()
        except ValueError:
            answer = None
        if response.is_success and answer is not None:
            return answer
        raise self._problem(response, answer)

    def _problem(self, response: httpx.Response, answer: Any) -> LocalFault:
        told = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
        detail = str(told.get("detail") or told.get("title") or f"the node answered {response.status_code}")
        hint = str(told.get("hint") or "")
        if response.status_code == HTTPStatus.UNAUTHORIZED and not self.known:
            return Unauthenticated(
                detail,
                hint="log in with `gitant login`, name the node's data folder with --data-dir, or set GITANT_TOKEN",
            )
        if response.status_code == HTTPStatus.UNAUTHORIZED and self.user:
            hint = f"the session may have ended: gitant login {self.user} --url {self.url}"
        return ApiProblem(detail, hint=hint, status=response.status_code)


def _path_of(url: str) -> str:
    """A page's path and query, to be asked of the node we talk to, not of whatever host the link names."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
