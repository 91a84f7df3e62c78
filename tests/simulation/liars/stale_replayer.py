"""He says again what he said long ago, to whoever is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replication.messages import Message

KEPT_MAX = 50


class StaleReplayer(Liar):
    """Old words of his own, on any link, as news."""

    name = "stale-replayer"

    def begin(self) -> None:
        self._kept: list[Message] = []
        self.sometimes((200, 2_000), self._replay)

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        if len(self._kept) < KEPT_MAX:
            self._kept.append(message)
        elif self.chance.random() < 0.1:
            self._kept[self.chance.randrange(KEPT_MAX)] = message
        return (message,)

    def _replay(self) -> None:
        links = sorted(self.node.links)
        if links and self._kept:
            self.fired += 1
            self.tell(self.chance.choice(links), self.chance.choice(self._kept))
