"""How much somebody without a role may add to a stream: budgets by principal, in memory, that fill as time goes by.

A budget is one number, the time at which it will be full again, like the buckets of requests
(`api/entrance/buckets.py`). Nothing here is part of replay: two nodes may count differently, and what is over budget
is refused, not judged.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, final

if TYPE_CHECKING:
    from domain.ids import Did, StreamId

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
PRINCIPALS_MAX: Final = 16_384
"""Whose budgets are remembered; beyond that, those are forgotten (and so full) who have been quiet for longest."""


class Spend(NamedTuple):
    """What one event costs. `refolds` are events that are folded again because this one comes late."""

    bytes: int
    events: int = 1
    refolds: int = 0
    void_acts: int = 0


class Shortage(NamedTuple):
    """What there is not enough of, in words that follow "more than", and when there is."""

    what: str
    again_after_s: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """How much of each thing a principal without a role may spend in one stream; 0 counts none."""

    events_per_hour: int = 60
    events_per_day: int = 500
    bytes_per_day: int = 4 << 20
    refolds_per_day: int = 20_000
    void_acts_per_day: int = 20


class _Row(NamedTuple):
    most: int
    window_ms: int
    unit: str

    def cost_ms(self, amount: int) -> float:
        """How long the budget takes to win back an amount; one that exceeds it takes all there is."""
        return min(amount / self.most, 1.0) * self.window_ms


@final
class Budgets:
    """Charges principals for their events, in all budgets or in none. Times are milliseconds of any one clock."""

    def __init__(self, allowances: Allowances, *, principals_max: int = PRINCIPALS_MAX) -> None:
        self._rows = (
            _Row(allowances.events_per_hour, HOUR_MS, "events an hour"),
            _Row(allowances.events_per_day, DAY_MS, "events a day"),
            _Row(allowances.bytes_per_day, DAY_MS, "bytes a day"),
            _Row(allowances.refolds_per_day, DAY_MS, "events folded again a day"),
            _Row(allowances.void_acts_per_day, DAY_MS, "acts without effect a day"),
        )
        self._full_at: OrderedDict[tuple[StreamId, Did], tuple[float, ...]] = OrderedDict()
        self._principals_max = principals_max
        self._before: list[tuple[tuple[StreamId, Did], tuple[float, ...]]] = []

    def charge(self, stream: StreamId, principal: Did, spend: Spend, now_ms: int) -> Shortage | None:
        """Take what an event costs, or say what is lacking and take nothing."""
        key = (stream, principal)
        nothing_spent = (0.0,) * len(self._rows)
        held = self._full_at.get(key, nothing_spent)
        amounts = (spend.events, spend.events, spend.bytes, spend.refolds, spend.void_acts)
        after: list[float] = []
        lacking: Shortage | None = None
        for row, amount, full_at in zip(self._rows, amounts, held, strict=True):
            # What is further away than an empty budget was written by a clock that has been set back since.
            ahead = min(max(full_at - now_ms, 0.0), row.window_ms)
            if row.most and amount:
                cost = row.cost_ms(amount)
                if ahead + cost > row.window_ms + 1:
                    wait_s = math.ceil((ahead + cost - row.window_ms) / 1000)
                    if lacking is None or wait_s > lacking.again_after_s:
                        lacking = Shortage(f"{row.most:,} {row.unit}", wait_s)
                ahead += cost
            after.append(now_ms + ahead)
        if lacking is not None:
            return lacking
        self._before.append((key, held))
        self._full_at[key] = tuple(after)
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._principals_max:
            self._full_at.popitem(last=False)
        return None

    def settle(self) -> None:
        """What was charged is spent."""
        self._before.clear()

    def abandon(self) -> None:
        """Give back what was charged since the last `settle`: those events did not become durable."""
        while self._before:
            key, held = self._before.pop()
            self._full_at[key] = held
