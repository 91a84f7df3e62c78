"""How an HTTP worker learns that the log has grown: the writer tells it, and it looks for itself now and then."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, final

from domain.actor import ANONYMOUS
from domain.errors import Unavailable
from gitant.limits import FOLLOW_POLL_S
from gitant.writer.request import FOLLOW

if TYPE_CHECKING:
    from gitant.writer.client import WriterClient


@final
class WriterChanges:
    """`Changes` over the worker's line to the writer. For one follower at a time."""

    def __init__(self, writer: WriterClient) -> None:
        self._writer = writer

    async def wait(self, after: int) -> None:
        try:
            async with asyncio.timeout(FOLLOW_POLL_S):
                await self._writer.send(FOLLOW, ANONYMOUS, {"after": after})
        except TimeoutError:
            return
        except Unavailable:
            # The writer is going, or has more to do than it can answer: who follows must not add to that.
            await asyncio.sleep(FOLLOW_POLL_S)
