"""How a pack goes out: in packets that hold it whole, in pieces by how fast they are taken, and quietly cut off."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ports_git import PackCaps
from storage.git.engine.keeping import KeptTables
from storage.git.engine.serving import EngineServing
from storage.git.engine.shelf import Shelf
from tests.transport.git.conftest import GIT_TIMEOUT_S
from transport.git.app import git_app
from transport.git.limits import BAND_BYTES_MAX, GitLimits
from transport.git.moving import Moving
from transport.git.outflow import Outflow
from transport.git.pktline import DATA, DELIM, FLUSH, PROGRESS, pkt, split_pkt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from storage.git.engine.view import RefTables
    from tests.transport.git.conftest import Node
    from transport.git.asgi import ASGIApp, Message, Scope

LIMITS = GitLimits()


class Chunks:
    """`OutgoingPack` of what it is given."""

    objects = 0
    size: int | None = None

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._given = chunks

    def chunks(self) -> Iterator[bytes | memoryview]:
        yield from self._given


sizes = st.one_of(st.integers(0, 40), st.sampled_from([BAND_BYTES_MAX - 1, BAND_BYTES_MAX, 3 * BAND_BYTES_MAX + 7]))


@settings(max_examples=60)
@given(
    st.lists(sizes, max_size=6),
    st.sampled_from([9_000, BAND_BYTES_MAX, 5 * BAND_BYTES_MAX]),
    st.integers(1, 3),
    st.booleans(),
)
def test_pieces_hold_the_pack_however_it_is_cut(lengths: list[int], ahead: int, packets: int, banded: bool) -> None:
    chunks = [bytes([number]) * length for number, length in enumerate(lengths)]
    flow = Outflow(Chunks(chunks), banded=banded)
    out = list[bytes]()
    while not flow.ended:
        pieces = flow.pull(ahead, packets * BAND_BYTES_MAX)
        assert pieces
        assert all(len(piece) <= packets * (BAND_BYTES_MAX + 5) for piece in pieces)
        out += pieces
    data = b"".join(out)
    assert (unbanded(data) if banded else data) == b"".join(chunks)


def unbanded(data: bytes) -> bytes:
    parts, at = list[bytes](), 0
    while at < len(data):
        found = split_pkt(data, at)
        assert found is not None
        line, at = found
        assert line is not None
        assert line[0] == DATA
        parts.append(line[1:])
    return b"".join(parts)


def test_many_that_begin_at_once_are_sent_little_until_they_take_it() -> None:
    moving = Moving(GitLimits(trusted_max=1))
    with moving.share() as first, moving.share() as second:
        assert (first.bytes, second.bytes) == (LIMITS.ahead_bytes_max, 2 * BAND_BYTES_MAX)
        assert (first.piece_bytes, second.piece_bytes) == (LIMITS.piece_bytes_max, BAND_BYTES_MAX)
        second.taken(4 << 20, 0.0)
        second.taken(4 << 20, 0.0)
        assert second.bytes == 2 * BAND_BYTES_MAX, "that may all lie in buffers"
        second.taken(1, 0.0)
        assert second.bytes == LIMITS.ahead_bytes_max
        second.taken(1, 1.0)
        first.taken(1, 1.0)
        assert (first.bytes, second.bytes) == (BAND_BYTES_MAX, BAND_BYTES_MAX), "both are slow now"
    with moving.share() as third:
        assert third.bytes == LIMITS.ahead_bytes_max, "the place is free again"


def test_an_answer_that_is_cut_off_when_the_node_ends_is_no_failure(node: Node) -> None:
    """What the server does with each answer that is under way then, in the midst of a pack or before it."""
    work = node.work()
    (work / "noise").write_bytes(random.Random(1).randbytes(4 * LIMITS.ahead_bytes_max))
    tip = node.commit(work, "more", "more\n")
    node.git("push", "--quiet", "origin", "main", cwd=work)
    engine = EngineServing(node.store, KeptTables(), Shelf(node.home / "made"))
    app = git_app(node.gate, node.store, engine, PackCaps(), LIMITS)
    body = pkt(f"want {tip} side-band-64k".encode()) + FLUSH + pkt(b"done")
    for taken in range(1, 9):
        asyncio.run(cut_off(app, body, taken))
    engine.close()


class Held:
    """`TableStore` that keeps its tables to itself until it is told to give them out."""

    def __init__(self, inner: KeptTables) -> None:
        self._inner = inner
        self.given = threading.Event()

    def tables(self, repo: Path) -> RefTables:
        assert self.given.wait(GIT_TIMEOUT_S)
        return self._inner.tables(repo)

    def ready(self, repo: Path) -> bool:
        return self._inner.ready(repo)

    def make(self, pack: Path, repo: Path) -> None:
        self._inner.make(pack, repo)


def test_a_client_that_waits_hears_nothing_that_it_takes_for_an_answer(node: Node) -> None:
    """Stock git asks for bands around everything. It is told that somebody is at work, and that is no line of data."""
    work = node.work()
    old = node.git("rev-parse", "HEAD", cwd=work)
    tip = node.commit(work, "more", "more\n")
    node.git("push", "--quiet", "origin", "main", cwd=work)
    tables = Held(KeptTables())
    engine = EngineServing(node.store, tables, Shelf(node.home / "made"))
    app = git_app(node.gate, node.store, engine, PackCaps(), GitLimits(keepalive_s=0.1))
    lines = [b"sideband-all", f"want {tip}".encode(), f"have {old}".encode()]
    body = pkt(b"command=fetch") + DELIM + b"".join(map(pkt, lines)) + FLUSH
    said = asyncio.run(answer_of(app, body, tables.given))
    engine.close()
    assert said[0] == pkt(bytes([PROGRESS]))
    assert b"".join(each for each in said if each != said[0]).startswith(pkt(bytes([DATA]) + b"acknowledgments\n"))


async def answer_of(app: ASGIApp, body: bytes, go_on: threading.Event) -> list[bytes]:
    """Ask, and let the work go on when something is said."""
    said: list[bytes] = []
    asked = [False]

    async def receive() -> Message:
        if asked[0]:
            await asyncio.Event().wait()
        asked[0] = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            said.append(message["body"])
            go_on.set()

    await app({**scope(), "headers": [*scope()["headers"], (b"git-protocol", b"version=2")]}, receive, send)
    return said


async def cut_off(app: ASGIApp, body: bytes, taken_max: int) -> None:
    """Ask, take so many messages, and have the asking cancelled before the next is taken."""
    asked, stuck = [False], asyncio.Event()

    async def receive() -> Message:
        if asked[0]:
            await asyncio.Event().wait()
        asked[0] = True
        return {"type": "http.request", "body": body, "more_body": False}

    taken: list[Message] = []

    async def send(message: Message) -> None:
        if len(taken) == taken_max:
            stuck.set()
            await asyncio.Event().wait()
        taken.append(message)

    answering = asyncio.ensure_future(app(scope(), receive, send))
    await stuck.wait()
    answering.cancel()
    await answering
    assert taken[0]["status"] == 200
    assert not asyncio.all_tasks() - {asyncio.current_task()}


def scope() -> Scope:
    headers = [(b"content-type", b"application/x-git-upload-pack-request")]
    path = "/operator/demo.git/git-upload-pack"
    return {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
