"""The network as an HTTP worker sees it: the book in `local.sqlite`, and the process that does what it says."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any, final

from domain.errors import Unavailable
from gitant.digests import digests_of
from gitant.network.asking import Network
from gitant.network.lives import read_lives
from gitant.network.reached import bracketed, reached_at
from projections.database import open_readonly
from storage.peers import SqlitePeerBook
from transport.carrier.address import PeerAddress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from domain.ids import Did, StreamId
    from storage.datadir import DataDir


@final
class NodePeering:
    """`Peering` of one worker. `start` has the supervisor start the network, if it has not yet."""

    def __init__(
        self, folder: DataDir, did: Did, host: str, peer_port: int, start: Callable[[], Awaitable[object]]
    ) -> None:
        self._folder = folder
        self._start = start
        self._network = Network(folder)
        self._book: SqlitePeerBook | None = None
        self._address = f"{did}@{bracketed(reached_at(host))}:{peer_port}"
        self._takes = bool(peer_port)

    @property
    def address(self) -> str | None:
        return self._address if self._takes else None

    @property
    def book(self) -> SqlitePeerBook:
        if self._book is None:  # a worker is put together before the writer has made the file
            self._book = SqlitePeerBook(self._folder.local)
        return self._book

    def parse(self, address: str) -> tuple[str, str]:
        parsed = PeerAddress.parse(address)
        return str(parsed), parsed.did

    def faring(self) -> tuple[int, str]:
        lives = read_lives(self._folder)
        return lives.deaths, lives.fault

    async def changed(self) -> None:
        try:
            await self._network.ask("nudge")
        except Unavailable:
            await self._start()

    async def ask(self, what: str, **more: Any) -> Mapping[str, Any]:
        try:
            return await self._network.ask(what, **more)
        except Unavailable:
            return {}

    async def digests(self, stream: StreamId) -> Mapping[str, str]:
        return await asyncio.to_thread(self._digests, stream)

    def _digests(self, stream: StreamId) -> Mapping[str, str]:
        with closing(open_readonly(self._folder.views)) as views:
            views.execute("BEGIN")
            found = digests_of(views, stream)
        return {"log_digest": found.log, "view_digest": found.view, "refs_digest": found.refs}

    def close(self) -> None:
        """Let go of the book."""
        if self._book is not None:
            self._book.close()
