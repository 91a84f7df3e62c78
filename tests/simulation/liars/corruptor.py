"""He changes bytes: of frames, and of messages in frames whose checks fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.liar import HEAD_BYTES, Liar

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARE = 0.1


class Corruptor(Liar):
    """One byte of a frame in ten."""

    name = "corruptor"

    def say(self, link: int, data: bytes) -> Sequence[bytes]:
        if self.chance.random() >= SHARE:
            return super().say(link, data)
        self.fired += 1
        if self.chance.random() < 0.3:
            return [self._changed(data)]
        return [self.framed(link, self._changed(data[HEAD_BYTES:-HEAD_BYTES]))]

    def _changed(self, data: bytes) -> bytes:
        at = self.chance.randrange(len(data))
        return data[:at] + bytes([data[at] ^ self.chance.randint(1, 255)]) + data[at + 1 :]
