"""The outermost application: git's paths to git, the rest to the API, and what it says before either is there."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from gitant.asgi import Front
from gitant.cells import Cells
from gitant.plan import OPENING_CELLS, how_far

if TYPE_CHECKING:
    from pathlib import Path


def _ask(front: Front, path: str) -> list[dict[str, Any]]:
    return _sent(front, {"type": "http", "method": "GET", "path": path, "headers": []})


def _sent(front: Front, scope: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(front(scope, receive, send))
    return sent


class Named:
    """An application that answers with its own name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"name": self.name, "path": scope["path"]})


def test_before_there_is_a_writer_it_says_so() -> None:
    start, body = _ask(Front(), "/api/v1/repos")
    headers = dict(start["headers"])
    assert start["status"] == 503
    assert headers[b"content-type"] == b"application/problem+json"
    assert int(headers[b"content-length"]) == len(body["body"])
    assert int(headers[b"retry-after"]) > 0
    assert "starting" in json.loads(body["body"])["detail"]


def test_before_there_is_a_writer_it_says_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "opening.cells"
    cells = Cells(OPENING_CELLS, path)
    front = Front(how_far=partial(how_far, path))
    for done, total in ((1_234, 56_789), (56_789, 56_789)):
        cells.put("total", total)
        cells.put("done", done)
        start, body = _ask(front, "/ready")
        assert start["status"] == 503
        assert f"brought up to date: {done:,} of {total:,} events" in json.loads(body["body"])["detail"]
    cells.close()
    assert how_far(tmp_path / "none") == (0, 0)


def test_before_there_is_a_writer_it_is_alive() -> None:
    start, body = _ask(Front(), "/live")
    assert (start["status"], json.loads(body["body"])) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/operator/attic.git/info/refs", "git"),
        ("/0123.git/git-upload-pack", "git"),
        ("/api/v1/repos", "api"),
        ("/ready", "api"),
        ("/", "api"),
    ],
)
def test_paths_go_where_they_belong_and_arrive_whole(path: str, name: str) -> None:
    front = Front()
    front.open(Named("api"), Named("git"))
    assert _ask(front, path) == [{"name": name, "path": path}]


def test_a_websocket_that_comes_too_early_is_to_come_again() -> None:
    front = Front()
    scope = {"type": "websocket", "path": "/peer", "headers": [], "extensions": {"websocket.http.response": {}}}
    start, body = _sent(front, scope)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 503)
    assert int(dict(start["headers"])[b"retry-after"]) > 0
    assert body["body"]
    assert _sent(front, {**scope, "extensions": {}}) == [{"type": "websocket.close", "code": 1013}]
