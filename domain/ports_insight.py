"""Questions over everything a node has, as the pages ask them: charts of a repository, and an operator's own SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.actor import Actor
    from domain.ids import StreamId


class Table(msgspec.Struct, frozen=True):
    """The answer to one question: rows of texts, numbers and nothing, under their columns."""

    sql: str
    """What was asked, with its values filled in: it can be asked again as it is."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]
    more: bool = False
    """Whether there would have been more rows than are kept."""


class Insight(Protocol):
    """Answers questions, a few at a time, each within bounds of time, memory and rows."""

    async def of(self, reader: Actor, repo: StreamId | None, position: int) -> Mapping[str, Table]:
        """What the charts of a repository are drawn from, by name; of the whole node without one.

        Whoever asks has been found to be allowed to read the repository; of a node, all but its operator are told of
        public ones only. It may be some minutes old, unless the log still ends at `position`. Raises `Unavailable`
        where it takes longer than a reader waits.
        """
        ...

    async def query(self, sql: str, *, rows_max: int, bytes_max: int) -> Table:
        """One statement that reads, over everything: the operator's alone.

        Raises `InvalidInput` for what cannot be asked, `TooLarge` for what takes too much, `Unavailable` for now.
        """
        ...
