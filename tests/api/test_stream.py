"""The stream of events: what it sends to whom, from where, and when it ends."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, final

import pytest

from api.live import feed
from api.metrics import exposition
from api.ports import ApiSettings
from api.routes.stream import FEED
from api.routes.system import TALLY
from tests.api.node import TOKEN, Node, node_on
from tests.gitant.writer.world import ME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.api.client import Client

STREAM = "/api/v1/events/stream"
PATIENCE_S = 30


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Node]:
    """A node of this test alone, whose streams give signs of life quickly."""
    with node_on(tmp_path / "node", settings=ApiSettings(heartbeat_s=0.02, stream_stall_s=0.05)) as node:
        yield node


@final
class Stream:
    """One client of the application, which reads when the test does."""

    def __init__(self, node: Node, query: str, headers: dict[str, str]) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self.began = asyncio.Event()
        self.ended = False
        self._text = ""
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": STREAM,
            "raw_path": STREAM.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 7777),
        }
        self.task = asyncio.create_task(node.app(scope, self._receive, self._send))  # type: ignore[arg-type]

    async def _receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.room.wait()
        if message["type"] == "http.response.start":
            self.began.set()
            return
        self.ended = not message["more_body"]
        self._pieces.put_nowait(message["body"])

    async def block(self) -> str:
        """The next block."""
        async with asyncio.timeout(PATIENCE_S):
            while "\n\n" not in self._text:
                self._text += (await self._pieces.get()).decode()
        block, _, self._text = self._text.partition("\n\n")
        return block

    async def event(self) -> dict[str, Any]:
        """The next event, past signs of life."""
        while "data: " not in (block := await self.block()):
            pass
        found: dict[str, Any] = json.loads(block.partition("data: ")[2])
        assert block.startswith(f"id: {found['position']}\n")
        return found


@asynccontextmanager
async def streaming(node: Node, query: str = "", *, operator: bool = False, **headers: str) -> AsyncIterator[Stream]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    stream = Stream(node, query, {"authorization": f"Bearer {TOKEN}", **named} if operator else named)
    try:
        await asyncio.wait_for(stream.began.wait(), PATIENCE_S)
        yield stream
    finally:
        stream.gone.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(stream.task, PATIENCE_S)


def made(node: Node, name: str, **fields: Any) -> Any:
    whole = {"name": name, "description": "", "private": False, "default_branch": "main", **fields}
    return json.loads(node.world.run("repository.create", **whole).doc)["id"]


def opened(node: Node, repo: str, title: str) -> None:
    node.world.run("issue.open", repo=bytes.fromhex(repo), title=title, body="", labels=[], assignees=[])


def test_all_there_is_in_order_of_arrival(api: Client, anyone: Client, repo: str) -> None:
    api.post(f"{repo}/issues", {"title": "Dust"})
    answer = anyone.get(STREAM, params={"repo": repo.rpartition("/")[2], "after": 0, "seconds": 0})
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data")]
    listed = anyone.every(f"{repo}/events", "events")
    assert [event["id"] for event in events] == [event["id"] for event in reversed(listed)]
    assert [{name: event[name] for name in listed[0]} for event in events] == listed[::-1]
    assert [event["summary"].split()[0] for event in events] == ["created", "opened"]
    only = anyone.get(STREAM, params={"entity": events[1]["id"], "kind": "issue.*,x.y", "after": 0, "seconds": 0})
    assert [json.loads(line[6:])["id"] for line in only.text.splitlines() if line.startswith("data")] == [
        events[1]["id"]
    ]
    resumed = anyone.get(STREAM, params={"seconds": 0}, headers={"last-event-id": str(events[1]["position"])})
    assert "data" not in resumed.text


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"after": 2**40}, "?after"),
        ({"kind": "issue.opened.v1,Drop Table"}, "?kind"),
        ({"kind": ",".join(f"k{number}" for number in range(33))}, "?kind"),
        ({"entity": "12"}, "?entity"),
        ({"author": "nobody-here"}, "?author"),
    ],
)
def test_what_cannot_be_followed_is_refused(anyone: Client, params: dict[str, Any], pointer: str) -> None:
    problem = anyone.get(STREAM, 422, params={"seconds": 0, **params}).json()
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_ids_and_repositories_that_are_none(anyone: Client, api: Client) -> None:
    anyone.get(STREAM, 422, headers={"last-event-id": "-1"})
    api.post("/api/v1/repos", {"name": "hidden", "private": True})
    anyone.get(STREAM, 404, params={"repo": "hidden"})
    assert anyone.ask("HEAD", STREAM, 200).content == b""


def test_what_is_made_private_is_sent_no_longer(own: Node) -> None:
    async def run() -> None:
        repo, other = made(own, "first"), made(own, "other")
        async with streaming(own) as stranger, streaming(own, operator=True) as operator:
            assert (await stranger.block()).splitlines()[0] == "retry: 1000"
            opened(own, repo, "Seen")
            assert (await stranger.event())["summary"] == "opened #1 Seen in first"
            own.world.run("repository.edit", repo=bytes.fromhex(repo), private=True)
            opened(own, repo, "Hidden")
            opened(own, other, "Seen, too")
            assert (await stranger.event())["summary"] == "opened #1 Seen, too in other"
            words = [(await operator.event())["summary"] for _ in range(4)]
            assert words[2] == "opened #2 Hidden in first"
        # Not even what it was shown at the time, once it is asked for again.
        async with streaming(own, "after=0") as stranger:
            assert {(await stranger.event())["repo_name"] for _ in range(3)} == {None, "other"}

    asyncio.run(run())


def test_slow_clients_are_fed_from_the_views_and_in_the_end_cut_off(own: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LINES_KEPT_MAX", 4)
    monkeypatch.setattr(feed, "CHUNK_LINES_MAX", 3)

    async def run() -> None:
        repo = made(own, "busy")
        async with streaming(own) as quick, streaming(own, "after=0") as slow:
            for number in range(20):
                opened(own, repo, f"Number {number}")
            assert [(await quick.event())["position"] for _ in range(20)] == list(range(3, 23))
            assert [(await slow.event())["position"] for _ in range(22)] == list(range(1, 23))
            slow.room.clear()
            opened(own, repo, "Too much")
            await asyncio.wait_for(slow.task, PATIENCE_S)
            assert not slow.ended  # the connection is cut, so that the client does not take it for the end
            assert len(own.app.state[FEED]) == 1

    asyncio.run(run())


def test_signs_of_life_move_the_id_on(own: Node) -> None:
    async def run() -> None:
        repo = made(own, "busy")
        async with streaming(own, "kind=refs.moved.v1") as stream:
            assert await stream.block() == "retry: 1000\nid: 2"
            assert await stream.block() == ": still here"
            opened(own, repo, "Not wanted")
            while (block := await stream.block()) == ": still here":
                pass
            assert block == ": still here\nid: 3"
            assert await stream.block() == ": still here"

    asyncio.run(run())


def test_no_more_streams_than_allowed_and_none_when_stopping(tmp_path: Path) -> None:
    async def run(node: Node) -> None:
        async with streaming(node) as first:
            assert "gitant_event_streams 1.0" in exposition(node.ports, node.app.state[TALLY], ME).decode()
            second = Stream(node, "", {})
            await second.task
            assert json.loads(await second._pieces.get())["type"] == "/problems/unavailable"
            node.app.state[FEED].end()
            await first.task
            assert first.ended
            assert "stopping" in [await first.block() for _ in range(2)][1]
        assert len(node.app.state[FEED]) == 0
        late = Stream(node, "", {})
        await late.task
        assert json.loads(await late._pieces.get())["status"] == 503

    with node_on(tmp_path / "node", settings=ApiSettings(streams_max=1)) as node:
        asyncio.run(run(node))
