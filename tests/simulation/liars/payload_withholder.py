"""He sends events without their payloads, as if they were redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from replication.messages import Events
from tests.simulation.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replication.messages import Message

SHARE = 0.5


class PayloadWithholder(Liar):
    """Each row with some chance."""

    name = "payload-withholder"

    def begin(self) -> None:
        self.sometimes((3_000, 12_000), self.vanish)

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        if not isinstance(message, Events):
            return (message,)
        rows = [self._hollow(row) for row in message.rows]
        return (msgspec.structs.replace(message, rows=rows),)

    def _hollow(self, row: tuple[bytes, bytes, bytes | None]) -> tuple[bytes, bytes, bytes | None]:
        if self.chance.random() >= SHARE:
            return row
        self.fired += 1
        return row[0], row[1], None
