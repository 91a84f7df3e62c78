"""The writer's thread and its clients, over real sockets, with a core that only counts."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, final

import pytest
import uvloop

from domain.actor import ANONYMOUS, Actor
from domain.errors import Conflict, Unavailable
from domain.ids import Did
from domain.ports_views import Answer
from gitant.writer.client import WAITING_MAX, WriterClient
from gitant.writer.server import BATCH_MAX, WriterServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence

    from gitant.writer.request import Outcome, Request

ACTOR = Actor(Did("did:key:z6MkSomeone"), operator=True)


@final
class Counting:
    """A core whose log is a list, kept by whoever opens it. `gate` holds a batch up for as long as it is closed."""

    def __init__(self, log: list[Request], batches: list[int]) -> None:
        self.log = log
        self.batches = batches
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.closed = False

    @property
    def position(self) -> int:
        return len(self.log)

    def execute(self, batch: Sequence[Request]) -> list[Outcome]:
        assert not self.closed
        self.batches.append(len(batch))
        self.entered.set()
        assert self.gate.wait(10)
        return [self._one(request) for request in batch]

    def _one(self, request: Request) -> Outcome:
        if request.command == "break":
            raise RuntimeError("a bug")
        if request.command == "refuse":
            return Conflict("no", hint="yes", field="f")
        self.log.append(request)
        return Answer(len(self.log), extra={"echo": request.args.get("echo")})

    def close(self) -> None:
        self.closed = True


@final
class Node:
    """A writer's thread and what it has opened."""

    def __init__(self, idle_s: float = 600.0) -> None:
        self.log: list[Request] = []
        self.batches: list[int] = []
        self.cores: list[Counting] = []
        self.fault: BaseException | None = None
        self.refuses: Unavailable | None = None
        self.server = WriterServer(self._open, idle_s=idle_s)
        self.opened = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _open(self) -> Counting:
        if self.refuses is not None:
            raise self.refuses
        self.cores.append(Counting(self.log, self.batches))
        return self.cores[-1]

    def _run(self) -> None:
        try:
            self.server.run(self.opened.set)
        except BaseException as fault:
            self.fault = fault
            raise

    def start(self) -> None:
        self._thread.start()
        assert self.opened.wait(10)

    async def client(self) -> WriterClient:
        ours, theirs = socket.socketpair()
        self.server.attach(theirs)
        return await WriterClient.over(ours)

    async def end(self) -> None:
        self.server.stop()
        await asyncio.to_thread(self._thread.join, 10)
        assert not self._thread.is_alive()


def test_a_core_that_nobody_writes_to_gets_an_empty_batch_to_tidy_up_in() -> None:
    node = Node(idle_s=0.001)
    node.start()
    assert node.cores[0].entered.wait(10)
    asyncio.run(node.end())
    assert set(node.batches) == {0}


@asynccontextmanager
async def running() -> AsyncGenerator[Node]:
    node = Node()
    node.start()
    try:
        yield node
    finally:
        for core in node.cores:
            core.gate.set()
        await node.end()


def run(test: Callable[[Node], Coroutine[Any, Any, None]]) -> Node:
    async def whole() -> Node:
        async with running() as node:
            await test(node)
        return node

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as in an HTTP worker
        return runner.run(whole())


def test_an_answer_comes_back() -> None:
    async def test(node: Node) -> None:
        client = await node.client()
        answer = await client.send("add", ACTOR, {"echo": "x"}, idempotency=(b"k", b"f"))
        assert answer == Answer(1, extra={"echo": "x"})
        client.close()

    node = run(test)
    assert (node.log[0].actor, node.log[0].idempotency) == (ACTOR, (b"k", b"f"))
    assert node.cores[0].closed


def test_a_fault_is_raised_where_it_was_asked() -> None:
    async def test(node: Node) -> None:
        client = await node.client()
        with pytest.raises(Conflict, match="no") as caught:
            await client.send("refuse", ANONYMOUS, {})
        assert (caught.value.hint, caught.value.field) == ("yes", "f")
        client.close()

    run(test)


def test_what_waits_becomes_one_batch() -> None:
    async def test(node: Node) -> None:
        clients = [await node.client() for _ in range(3)]
        node.cores[0].gate.clear()
        first = asyncio.ensure_future(clients[0].send("add", ACTOR, {}))
        assert await asyncio.to_thread(node.cores[0].entered.wait, 10)
        rest = [asyncio.ensure_future(clients[n % 3].send("add", ACTOR, {"echo": n})) for n in range(BATCH_MAX)]
        for client in clients:
            await _all_written(client)
        node.cores[0].gate.set()
        answers = await asyncio.gather(first, *rest)
        assert [answer.extra["echo"] for answer in answers[1:]] == list(range(BATCH_MAX))
        assert sorted(answer.position for answer in answers) == list(range(1, BATCH_MAX + 2))
        for client in clients:
            client.close()

    node = run(test)
    assert node.batches == [1, BATCH_MAX]


async def _all_written(client: WriterClient) -> None:
    """A task that was just made has not run yet; when it has, its frame is in the socket."""
    await asyncio.sleep(0)
    assert client._transport is not None
    assert client._transport.get_write_buffer_size() == 0


def test_a_bug_answers_its_batch_and_the_node_goes_on() -> None:
    async def test(node: Node) -> None:
        client = await node.client()
        with pytest.raises(Unavailable, match="internal error"):
            await client.send("break", ACTOR, {})
        assert (await client.send("add", ACTOR, {})).position == 1
        client.close()

    node = run(test)
    assert [core.closed for core in node.cores] == [True, True]


def test_a_writer_that_cannot_open_again_says_so_until_it_can() -> None:
    async def test(node: Node) -> None:
        client = await node.client()
        node.refuses = Unavailable("the disk is full")
        with pytest.raises(Unavailable, match="internal error"):
            await client.send("break", ACTOR, {})
        with pytest.raises(Unavailable, match="the disk is full"):
            await client.send("add", ACTOR, {})
        node.refuses = None
        assert (await client.send("add", ACTOR, {})).position == 1
        client.close()

    run(test)


def test_more_than_may_wait_is_turned_away() -> None:
    async def test(node: Node) -> None:
        client = await node.client()
        node.cores[0].gate.clear()
        tasks = [asyncio.ensure_future(client.send("add", ACTOR, {})) for _ in range(WAITING_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="waiting already"):
            await client.send("add", ACTOR, {})
        node.cores[0].gate.set()
        await asyncio.gather(*tasks)
        client.close()

    assert len(run(test).log) == WAITING_MAX


def test_a_request_that_is_given_up_is_carried_out_and_disturbs_nobody() -> None:
    async def test(node: Node) -> None:
        client = await node.client()
        node.cores[0].gate.clear()
        task = asyncio.ensure_future(client.send("add", ACTOR, {}))
        assert await asyncio.to_thread(node.cores[0].entered.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        node.cores[0].gate.set()
        assert (await client.send("add", ACTOR, {})).position == 2
        client.close()

    run(test)


def test_stopping_carries_out_what_has_arrived() -> None:
    async def test(node: Node) -> None:
        client = await node.client()
        node.cores[0].gate.clear()
        tasks = [asyncio.ensure_future(client.send("add", ACTOR, {})) for _ in range(20)]
        assert await asyncio.to_thread(node.cores[0].entered.wait, 10)
        await _all_written(client)
        node.server.stop()
        node.cores[0].gate.set()
        assert sorted(answer.position for answer in await asyncio.gather(*tasks)) == list(range(1, 21))
        await client.closed.wait()
        with pytest.raises(Unavailable, match="gone"):
            await client.send("add", ACTOR, {})

    run(test)


def test_a_writer_that_ends_leaves_nobody_waiting() -> None:
    async def test() -> None:
        ours, theirs = socket.socketpair()
        client = await WriterClient.over(ours)
        task = asyncio.ensure_future(client.send("add", ACTOR, {}))
        await asyncio.sleep(0)
        theirs.close()
        with pytest.raises(Unavailable, match="went away before it answered"):
            await task
        with pytest.raises(Unavailable, match="the writer is gone"):
            await client.send("add", ACTOR, {})

    asyncio.run(test())


def test_a_worker_that_speaks_nonsense_is_cut_off_and_the_others_are_served() -> None:
    async def test(node: Node) -> None:
        ours, theirs = socket.socketpair()
        node.server.attach(theirs)
        ours.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert await asyncio.to_thread(ours.recv, 1) == b""
        ours.close()
        client = await node.client()
        assert (await client.send("add", ACTOR, {})).position == 1
        client.close()

    run(test)


def test_a_core_that_does_not_open_ends_the_thread() -> None:
    def refuse() -> Counting:
        raise Unavailable("the disk is full")

    with pytest.raises(Unavailable, match="disk is full"):
        WriterServer(refuse).run(lambda: None)
