"""What a run can find."""

from __future__ import annotations


class Broken(AssertionError):
    """An invariant does not hold; `name` is the invariant's (docs/simulation.md lists them)."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
