"""He leaves events out of what he sends, now these and now those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from replication.messages import Events
from tests.simulation.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replication.messages import Message

SHARE = 0.5


class EventWithholder(Liar):
    """Each row with some chance; what follows it in its feed goes out all the same."""

    name = "event-withholder"

    def begin(self) -> None:
        self.sometimes((3_000, 12_000), self.vanish)

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        if not isinstance(message, Events):
            return (message,)
        rows = [row for row in message.rows if self.chance.random() >= SHARE]
        self.fired += len(message.rows) - len(rows)
        return (msgspec.structs.replace(message, rows=rows),)
