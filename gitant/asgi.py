"""The outermost ASGI application of an HTTP worker: git's paths to git, all others to the API.

An application mounted at `/` inside a router would shadow its routes and rewrite paths, so the two are told apart
here. Until the writer has opened the log there is nothing to serve from, and every answer says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from api.problems import PROBLEM_JSON, trouble
from domain.errors import Unavailable
from gitant.cells import Cells
from transport.carrier.web_door import try_later
from transport.git.app import is_git_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

LIVE_PATH: Final = "/live"
GIT, API, STREAM = "git", "api", "stream"
WORKER_CELLS: Final = (GIT, API, STREAM)
"""What a request that is under way may be; `stream` is one that has no end of its own."""
_STREAM_PATH_END: Final = "/events/stream"
_STARTING: Final = "the node is starting: its views are being brought up to date"


@final
class Front:
    """`open` lets the applications in; before that it answers for them. Counts what is under way in `cells`.

    `how_far` tells (events done, in all) of a start that takes long; (0, 0) where that is not known.
    """

    def __init__(self, cells: Cells | None = None, how_far: Callable[[], tuple[int, int]] = lambda: (0, 0)) -> None:
        self._cells = cells or Cells(WORKER_CELLS)
        self._how_far = how_far
        self._api: ASGIApp | None = None
        self._git: ASGIApp | None = None
        self._peers: ASGIApp | None = None
        self._leaving = False

    def open(self, api: ASGIApp, git: ASGIApp, peers: ASGIApp | None = None) -> None:
        """From now on these answer; `peers` takes the WebSockets of other nodes."""
        self._git = git
        self._peers = peers
        self._api = api

    def leave(self) -> None:
        """From now on ask clients to send no more over the connection they have."""
        self._leaving = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await (self._peers or _no_peers_yet)(scope, receive, send)
        if scope["type"] != "http":
            return
        if self._leaving:
            send = _parting(send)
        if self._api is None or self._git is None:
            await _answer_for_now(scope, send, *self._how_far())
            return
        app, kind = (self._git, GIT) if is_git_path(scope["path"]) else (self._api, _kind_of(scope["path"]))
        self._cells.add(kind)
        try:
            await app(scope, receive, send)
        finally:
            self._cells.add(kind, -1)


async def _no_peers_yet(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    await try_later(scope, send)


def _kind_of(path: str) -> str:
    return STREAM if path.endswith(_STREAM_PATH_END) else API


def _parting(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return sending


async def _answer_for_now(scope: Scope, send: Send, done: int, total: int) -> None:
    if scope["path"] == LIVE_PATH:
        status, body, headers = 200, b'{"status":"ok"}', {"content-type": "application/json"}
    else:
        words = f"{_STARTING}: {done:,} of {total:,} events" if total else _STARTING
        found = trouble(Unavailable(words, hint="try again in a moment"), scope)
        status, body, headers = found.status, found.body, {**dict(found.headers), "content-type": PROBLEM_JSON}
    headers |= {"content-length": str(len(body)), "cache-control": "no-store"}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
