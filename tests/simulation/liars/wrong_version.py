"""He speaks a version, and messages, that nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.canonical import encode
from replication.messages import Hello
from tests.simulation.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replication.messages import Message


class WrongVersion(Liar):
    """Mostly he names only later versions; otherwise he comes out with a message of one."""

    name = "wrong-version"

    def begin(self) -> None:
        self.sometimes((2_000, 10_000), self._novelty)

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        if not isinstance(message, Hello) or self.chance.random() < 0.4:
            return (message,)
        self.fired += 1
        return (msgspec.structs.replace(message, versions=[7, 8]),)

    def _novelty(self) -> None:
        for link in sorted(self.node.links):
            self.fired += 1
            self.simulation.network.send(link, self.framed(link, encode({"t": "telepathy", "thought": b"?"})))
