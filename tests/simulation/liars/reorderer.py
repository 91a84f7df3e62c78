"""He sends events before the events they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from replication.messages import Events
from tests.simulation.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replication.messages import Message


class Reorderer(Liar):
    """Every message's rows in another order."""

    name = "reorderer"

    def begin(self) -> None:
        self.sometimes((3_000, 12_000), self.vanish)

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        if not isinstance(message, Events) or len(message.rows) < 2:
            return (message,)
        self.fired += 1
        rows = self.chance.sample(message.rows, len(message.rows))
        return (msgspec.structs.replace(message, rows=rows),)
