"""What clients were told, so that it can be held against what a node has after a crash."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fact:
    """One acknowledged change. `at` is when the answer was in the client's hands (seconds since the epoch)."""

    at: float
    sort: str
    """issue, comment, title or ref"""
    name: str
    """the content id, or `folder branch` of a ref"""
    value: str = ""


@dataclass
class Ledger:
    """Everything acknowledged, and every title and ref that was tried (a crash may lose the answer alone)."""

    facts: list[Fact] = field(default_factory=list[Fact])
    tried: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _lock: Any = field(default_factory=threading.Lock)

    def note(self, sort: str, name: str, value: str = "") -> None:
        """An answer has arrived."""
        with self._lock:
            self.facts.append(Fact(time.time(), sort, name, value))

    def attempt(self, name: str, value: str) -> None:
        """A change is about to be asked for."""
        with self._lock:
            self.tried.setdefault(name, []).append(value)

    def before(self, moment: float) -> list[Fact]:
        """What was acknowledged before a moment."""
        with self._lock:
            return [fact for fact in self.facts if fact.at < moment]

    def allowed(self, name: str, acknowledged: str) -> set[str]:
        """The values that may stand: the last one acknowledged, or any that was tried after it."""
        tried = self.tried[name]
        return set(tried[tried.index(acknowledged) :])

    def last(self, facts: list[Fact], sort: str) -> dict[str, str]:
        """The last acknowledged value of each thing of one sort."""
        return {fact.name: fact.value for fact in facts if fact.sort == sort}
