"""Misbehaviour: what each fault costs, how scores decay, and who is not talked to for a while."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.ids import Did
    from replication.limits import Limits

COSTS: Final[dict[str, int]] = {
    "frame-too-large": 100,
    "frame-damaged": 100,
    "frame-gap": 0,
    "message-not-canonical": 50,
    "message-malformed": 50,
    "message-unknown": 10,
    "version-unknown": 0,
    "hello-late": 10,
    "out-of-state": 20,
    "stream-unknown": 1,
    "not-asked": 20,
    "over-window": 50,
    "event-rejected": 34,
    "stream-wrong": 50,
    "answer-late": 5,
    "too-many-wants": 20,
    "cannot-store": 0,
    "banned": 0,
}
"""Points by the code of a refusal. A code that costs nothing may be nobody's fault."""

FINAL: Final = frozenset(
    {
        "frame-too-large",
        "frame-damaged",
        "frame-gap",
        "message-not-canonical",
        "version-unknown",
        "hello-late",
        "banned",
    }
)
"""Refusals after which nothing that follows on the link could be read or trusted."""


@dataclass(slots=True)
class _Standing:
    points: float
    at_ms: int
    banned_until_ms: int = 0


class Scores:
    """The standing of peers by key; it outlives their links."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._standing: OrderedDict[Did, _Standing] = OrderedDict()

    def add(self, peer: Did, points: int, now: int) -> bool:
        """Charge a peer; True if that is too much, and it is banned from now on."""
        standing = self._standing.setdefault(peer, _Standing(0.0, now))
        self._standing.move_to_end(peer)
        standing.points, standing.at_ms = self._decayed(standing, now) + points, now
        if standing.points >= self._limits.score_max:
            standing.banned_until_ms = now + self._limits.banned_ms
            standing.points = 0.0
            return True
        while len(self._standing) > self._limits.peers_remembered:
            self._standing.popitem(last=False)
        return False

    def points(self, peer: Did, now: int) -> float:
        """What a peer has against it."""
        standing = self._standing.get(peer)
        return self._decayed(standing, now) if standing else 0.0

    def banned(self, peer: Did, now: int) -> bool:
        """Whether a peer is not talked to."""
        standing = self._standing.get(peer)
        return standing is not None and now < standing.banned_until_ms

    def _decayed(self, standing: _Standing, now: int) -> float:
        return float(standing.points * 0.5 ** ((now - standing.at_ms) / self._limits.score_half_life_ms))


class Buckets:
    """Token buckets by name: `burst` at once, `per_s` more each second; the least recently used is forgotten first."""

    def __init__(self, burst: int, per_s: int, names_max: int) -> None:
        self._burst, self._per_s, self._names_max = burst, per_s, names_max
        self._level: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str, amount: int, now: int) -> bool:
        """Whether there was so much left for `name`; if not, nothing is taken."""
        level, at = self._level.get(name, (float(self._burst), now))
        level = min(float(self._burst), level + (now - at) * self._per_s / 1000)
        enough = level >= amount
        self._level[name] = (level - amount if enough else level, now)
        self._level.move_to_end(name)
        if len(self._level) > self._names_max:
            self._level.popitem(last=False)
        return enough
