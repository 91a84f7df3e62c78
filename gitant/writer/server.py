"""The writer's thread: takes what all HTTP workers have asked, carries it out as one batch, answers.

One thread does all of it, the sockets included. While it carries out a batch, requests gather in the sockets'
buffers and make the next one; when those are full, workers wait. So there is no queue to bound, no hand-over
between threads to pay for with each request, and a commit is shared by whoever asked meanwhile.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Final, final

from domain.errors import LocalFault, Unavailable
from domain.ports_views import Answer
from gitant.log import get_logger
from gitant.writer.load import WriterLoad
from gitant.writer.request import FOLLOW, PEERS
from gitant.writer.tally import WriterTally
from gitant.writer.wire import Frames, WireFault, decode_request, encode_outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitant.writer.request import Core, Outcome, Request

BATCH_MAX: Final = 256
IDLE_S: Final = 600.0
UNSENT_BYTES_MAX: Final = 16 << 20
"""Answers a worker has not taken; beyond that it is not read from, so it can ask nothing more."""
_RECEIVE_BYTES: Final = 256 << 10
_LAST_ANSWERS_S: Final = 2.0

_log = get_logger("gitant.writer")


@final
class _Link:
    """One worker's connection."""

    __slots__ = ("connection", "follows", "frames", "unsent")

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.frames = Frames()
        self.unsent = bytearray()
        self.follows: tuple[int, int] | None = None
        """The number of a request to be told of a log that has grown, and the position it knows."""

    def flush(self) -> None:
        """Send what can be sent without waiting; raises `OSError` when the worker is gone."""
        while self.unsent:
            try:
                sent = self.connection.send(self.unsent)
            except BlockingIOError:
                return
            del self.unsent[:sent]


@final
class WriterServer:
    """`run` is the thread; `attach` and `stop` may be called from any other."""

    def __init__(
        self,
        open_core: Callable[[], Core],
        tally: WriterTally | None = None,
        *,
        idle_s: float = IDLE_S,
        want_peers: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_core = open_core
        self._tally = tally or WriterTally()
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._new: deque[socket.socket] = deque()
        self._links: set[_Link] = set()
        self._waiting: deque[tuple[_Link, int, Request]] = deque()
        self._core: Core | None = None
        self._idle_s = idle_s
        self._want_peers = want_peers
        self.load = WriterLoad()
        self._stopping = False

    def attach(self, connection: socket.socket) -> None:
        """Serve one more worker, from now or from when the core is open."""
        self._new.append(connection)
        self._rouse()

    def stop(self) -> None:
        """Carry out what has arrived, answer it, and end."""
        self._stopping = True
        self._rouse()

    def run(self, opened: Callable[[], None]) -> None:
        """Open the core, call `opened`, serve until `stop`. What cannot be opened raises."""
        try:
            self._core = self._open_core()
            self._selector.register(self._woken, selectors.EVENT_READ)
            self._note()
            opened()
            while not self._stopping:
                if not self._listen(self._idle_s):
                    self._execute([])  # an empty batch: what is due for tidying is due although nobody writes
                self._work_off()
                self._tell_followers()
            self._finish()
        finally:
            self._close()

    def _finish(self) -> None:
        """Serve until nothing more has arrived and everything is answered, but not for ever."""
        deadline = time.monotonic() + _LAST_ANSWERS_S
        while (self._listen(0) or any(link.unsent for link in self._links)) and time.monotonic() < deadline:
            self._work_off()

    def _close(self) -> None:
        for link in list(self._links):
            self._drop(link)
        self._selector.close()
        self._wake.close()
        self._woken.close()
        self._tally.close()
        self._close_core()

    def _rouse(self) -> None:
        try:
            self._wake.send(b"\0")
        except (BlockingIOError, OSError):
            return  # it is awake, or has ended

    def _listen(self, timeout: float | None) -> bool:
        """Wait for something to happen; take what has arrived and send what can be sent. Whether anything did."""
        events = self._selector.select(timeout)
        for key, mask in events:
            if key.fileobj is self._woken:
                self._woken.recv(4096)
                while self._new:
                    self._take(self._new.popleft())
                continue
            link: _Link = key.data
            try:
                if mask & selectors.EVENT_WRITE:
                    link.flush()
                if mask & selectors.EVENT_READ:
                    self._receive(link)
            except (OSError, WireFault) as fault:
                _log.warning("a worker's connection failed", fault=str(fault))
                self._drop(link)
                continue
            self._mind(link)
        return bool(events)

    def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        link = _Link(connection)
        self._links.add(link)
        self._selector.register(connection, selectors.EVENT_READ, link)

    def _receive(self, link: _Link) -> None:
        data = link.connection.recv(_RECEIVE_BYTES)
        if not data:
            self._drop(link)
            return
        for body in link.frames.feed(data):
            number, request = decode_request(body)
            if request.command == FOLLOW:
                link.follows = (number, int(request.args["after"]))
            elif request.command == PEERS:
                self._want_peers()
                link.unsent += encode_outcome(number, Answer(0))
            else:
                self._waiting.append((link, number, request))

    def _mind(self, link: _Link) -> None:
        """Say what to wait for on a link."""
        if link not in self._links:
            return
        reads = selectors.EVENT_READ if len(link.unsent) < UNSENT_BYTES_MAX else 0
        writes = selectors.EVENT_WRITE if link.unsent else 0
        self._selector.modify(link.connection, reads | writes, link)

    def _drop(self, link: _Link) -> None:
        """Forget a worker. What it has asked is carried out all the same: it may have been told of nothing yet."""
        self._links.discard(link)
        self._selector.unregister(link.connection)
        link.connection.close()

    def _work_off(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            self._note()
            began = time.perf_counter()
            self.load.begins()
            outcomes = self._execute([request for _, _, request in batch])
            self.load.worked(time.perf_counter() - began)
            for (link, number, _), outcome in zip(batch, outcomes, strict=True):
                link.unsent += encode_outcome(number, outcome)
            self._answer({link for link, _, _ in batch})
            refused = sum(isinstance(outcome, LocalFault) for outcome in outcomes)
            self._tally.batch(len(batch), refused, time.perf_counter() - began)
        self._note()

    def _note(self) -> None:
        """Keep the numbers that go up and down current."""
        if self._core is not None:
            self._tally.now(waiting=len(self._waiting), position=self._core.position)

    def _tell_followers(self) -> None:
        """Answer the workers that have asked to be told when the log has grown, each once."""
        if self._core is None:
            return
        position = self._core.position
        told: set[_Link] = set()
        for link in self._links:
            if link.follows is not None and link.follows[1] < position:
                link.unsent += encode_outcome(link.follows[0], Answer(position))
                link.follows = None
                told.add(link)
        self._answer(told)

    def _answer(self, links: set[_Link]) -> None:
        for link in links & self._links:
            try:
                link.flush()
            except OSError as fault:
                _log.warning("a worker went away before its answer", fault=str(fault))
                self._drop(link)
                continue
            self._mind(link)

    def _execute(self, batch: list[Request]) -> Sequence[Outcome]:
        if self._core is None and (fault := self._reopen()):
            return [fault] * len(batch)
        assert self._core is not None
        try:
            outcomes = self._core.execute(batch)
            assert len(outcomes) == len(batch)
            return outcomes
        except Exception:  # noqa: BLE001 - the one place that answers for our own bugs
            _log.exception("the writer failed", commands=sorted({request.command for request in batch}))
        # Whoever asked is told, nothing half-done stays in memory, and the node goes on.
        self._close_core()
        self._reopen()
        return [_failed()] * len(batch)

    def _reopen(self) -> LocalFault | None:
        """Open the core again; why that failed, if it did, and then it is tried again for the next batch."""
        try:
            self._core = self._open_core()
        except LocalFault as fault:
            _log.error("the writer could not open the log again", fault=fault.message, hint=fault.hint)
            return fault
        return None

    def _close_core(self) -> None:
        core, self._core = self._core, None
        try:
            if core is not None:
                core.close()
        except Exception:  # noqa: BLE001 - what it could not write down is in the log, or was never answered
            _log.exception("the writer's files did not close well")


def _failed() -> Unavailable:
    return Unavailable(
        "an internal error stopped the writer",
        hint="whether it was done is not known: look, or send it again; the node's log has the details",
    )
