"""Feeds to fill a log with: chains of rows whose ids and links are real, whose headers are only bytes."""

from __future__ import annotations

import random

from domain.envelope import event_id
from domain.ports_log import NewRow

KIND = "issue.commented.v1"


class Chain:
    """What one device writes in one stream; the same seed makes the same rows."""

    def __init__(self, seed: int, *, stream: bytes | None = None) -> None:
        self._chance = random.Random(seed)
        self.stream = stream or self._chance.randbytes(32)
        self.device = self._chance.randbytes(32)

    def first(self) -> NewRow:
        """A new event with nothing before it."""
        return self._row(1, None)

    def after(self, row: NewRow) -> NewRow:
        """A new event that follows `row`."""
        return self._row(row.seq + 1, row.event_id)

    def run(self, length: int, after: NewRow | None = None) -> list[NewRow]:
        """`length` new events, each after the one before."""
        rows: list[NewRow] = []
        for _ in range(length):
            after = self.first() if after is None else self.after(after)
            rows.append(after)
        return rows

    def _row(self, seq: int, prev: bytes | None) -> NewRow:
        chance = self._chance
        header, signature = chance.randbytes(330), chance.randbytes(64)
        payload = chance.randbytes(chance.randrange(600))
        return NewRow(event_id(header), self.stream, self.device, seq, prev, KIND, header, signature, payload)
