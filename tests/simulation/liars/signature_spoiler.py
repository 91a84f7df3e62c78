"""In a run, only the last signature has to be looked at: he spoils the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.envelope import RawEvent, open_event
from domain.errors import Rejected
from replication.messages import Events
from tests.simulation.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from replication.messages import Message


class SignatureSpoiler(Liar):
    """All but the last of each device's in a message get another event's signature, which is well-formed and wrong."""

    name = "signature-spoiler"

    def begin(self) -> None:
        self.sometimes((3_000, 12_000), self.vanish)

    def speak(self, link: int, message: Message) -> Sequence[Message]:
        if not isinstance(message, Events) or len(message.rows) < 2:
            return (message,)
        rows, later, last = list(message.rows), set[bytes](), message.rows[-1][1]
        for number in reversed(range(len(rows))):
            header, signature, payload = rows[number]
            device = _device(RawEvent(header, signature, payload))
            if device in later and signature != last:
                rows[number] = (header, last, payload)
                self.fired += 1
            later.add(device)
        return (msgspec.structs.replace(message, rows=rows),)


def _device(raw: RawEvent) -> bytes:
    try:
        return open_event(raw).device
    except Rejected:
        return b""
