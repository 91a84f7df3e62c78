"""What a benchmark module offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Benchmark(Protocol):
    """A module of this package: its name on the command line, what it must reach, and how it is run."""

    NAME: str
    GOAL: str

    def main(self, argv: Sequence[str]) -> None:
        """Measure and print; `argv` are the words after `--`."""
        ...
