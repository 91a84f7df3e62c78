"""Going back in history past commits that leave a file as it is, by tables alone.

A commit introduces what is in its tree and at that path in none of its parents' trees. So a commit with one parent
that does not introduce a blob has it where its parent has it: a chain of such commits is walked in columns, with no
tree read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import numpy as np

from storage.git.engine.naming import runs
from storage.git.engine.segment import ints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage.git.engine.linked import LinkedTables

_BLOBS_MAX = 4_096


@final
class TableStrides:
    """Over the tables of one moment; for one thread."""

    def __init__(self, tables: LinkedTables) -> None:
        self._tables = tables
        columns = tables.graph.columns
        self._at = ints(columns.parent_at)
        self._parent = ints(columns.parent)
        walked = [segment.columns.walk for segment in tables.segments]
        self._walked = np.concatenate(walked).tobytes() if walked else b""
        self._stops: dict[bytes, frozenset[int]] = {}

    def back(self, commit: bytes, blob: bytes) -> tuple[bytes, int]:
        """From a commit that has the blob somewhere, the nearest in its single line back that may have introduced it.

        That is one that introduces it, one of which this is not known, one without exactly one parent, or the commit
        itself where it is in no pack; and how many steps away it is. Ids are hex.
        """
        tables = self._tables
        number = tables.number(bytes.fromhex(commit.decode()))
        if number < 0:
            return commit, 0
        first = place = tables.graph.place(number)
        stops, at, parent, walked = self._introducing(blob), self._at, self._parent, self._walked
        steps = 0
        while place not in stops and not walked[place]:
            begin = at[place]
            if at[place + 1] != begin + 1:
                break
            place = parent[begin]
            steps += 1
        if place == first:
            return commit, 0
        return tables.name(int(tables.graph.columns.number[place])).hex().encode(), steps

    def history_size(self, commit: bytes) -> int | None:
        """How many commits there are from this one back, itself included; None where it is in no pack."""
        number = self._tables.number(bytes.fromhex(commit.decode()))
        if number < 0:
            return None
        graph = self._tables.graph
        return int(np.count_nonzero(graph.past([graph.place(number)])))

    def _introducing(self, blob: bytes) -> frozenset[int]:
        """The places of the commits that introduce a blob."""
        found = self._stops.get(blob)
        if found is None:
            if len(self._stops) >= _BLOBS_MAX:
                self._stops.clear()
            number = self._tables.number(bytes.fromhex(blob.decode()))
            found = self._stops[blob] = frozenset(self._looked_up(number) if number >= 0 else ())
        return found

    def _looked_up(self, number: int) -> list[int]:
        tables = self._tables
        found = _by(tables.again.number, tables.again.by, number, 0)
        _, copies = tables.naming.copies_of(np.array([number], np.int64))
        for own in (number, *copies.tolist()):
            index, ordinal = tables.locate(own)
            columns, first_place = tables.segments[index].columns, int(tables.first_place[index])
            if columns.first[ordinal] >= 0:
                found.append(int(columns.first[ordinal]) + first_place)
            found += _by(columns.again, columns.again_by, ordinal, first_place)
        return found


def _by(again: NDArray[Any], by: NDArray[Any], number: int, first_place: int) -> list[int]:
    """The places of the commits that stand beside an object."""
    _, rows = runs(again, np.array([number], np.int64))
    return [place + first_place for place in by[rows].tolist()]
