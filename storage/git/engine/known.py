"""What the tables of some packs tell those who make the tables of others: `Elsewhere`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from storage.git.engine.building import KnownCommit
from storage.git.engine.lookup import Lookup
from storage.git.engine.reading import Reader
from storage.git.engine.segment import digests_of
from storage.git.engine.tables import COMMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from storage.git.engine.segment import Columns, Segment


class _Paths(NamedTuple):
    """Which paths each commit of a pack changes."""

    at: NDArray[np.int64]
    path: NDArray[np.int64]


@final
class Neighbours:
    """Packs that have tables; for one thread."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._lookups = [Lookup(segment.columns.key, segment.pack.names) for segment in segments]
        self._reader = Reader([(segment.pack, segment.columns) for segment in segments])
        self._paths: dict[int, _Paths] = {}

    def content(self, oid: bytes) -> bytes | None:
        found = self._find(oid)
        return None if found is None else self._reader.content(*found)

    def commit(self, oid: bytes) -> KnownCommit | None:
        found = self._find(oid)
        if found is None:
            return None
        index, ordinal = found
        columns, names = self._segments[index].columns, self._segments[index].pack.names
        if columns.kind[ordinal] != COMMIT:
            return None
        place = int(np.searchsorted(columns.commit, ordinal))
        tree = _ids(columns, names, columns.tree[place : place + 1])
        brought = None
        if not columns.walk[place]:
            begin, end = columns.intro_at[place : place + 2].tolist()
            brought = _ids(columns, names, columns.intro[begin:end]), columns.depth[begin:end].tobytes()
        return KnownCommit(int(columns.generation[place]), tree, brought)

    def changed(self, oid: bytes) -> bytes | None:
        found = self._find(oid)
        if found is None:
            return None
        index, ordinal = found
        columns = self._segments[index].columns
        place = int(np.searchsorted(columns.commit, ordinal))
        if columns.kind[ordinal] != COMMIT or columns.path_walk[place]:
            return None
        if index not in self._paths:
            self._paths[index] = _paths_of(columns)
        paths = self._paths[index]
        return digests_of(columns, paths.path[paths.at[place] : paths.at[place + 1]])

    def _find(self, oid: bytes) -> tuple[int, int] | None:
        for index, lookup in enumerate(self._lookups):
            ordinal = lookup.row(oid)
            if ordinal >= 0:
                return index, ordinal
        return None


def _paths_of(columns: Columns) -> _Paths:
    order = np.argsort(columns.path_by, kind="stable")
    at = np.searchsorted(columns.path_by[order], np.arange(len(columns.commit) + 1))
    return _Paths(at, np.searchsorted(columns.path_at, order, "right") - 1)


def _ids(columns: Columns, names: NDArray[np.uint8], links: NDArray[np.int32]) -> bytes:
    """The ids that links stand for, one behind the other."""
    if not len(names):
        return columns.foreign[~links].tobytes()
    here = names[np.maximum(links, 0)]
    outside = links < 0
    here[outside] = columns.foreign[~links[outside]]
    return here.tobytes()
