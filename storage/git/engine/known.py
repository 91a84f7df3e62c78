"""What the tables of some packs tell those who make the tables of others: `Elsewhere`."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np

from storage.git.engine.building import KnownCommit
from storage.git.engine.lookup import Lookup
from storage.git.engine.reading import Reader
from storage.git.engine.tables import COMMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from storage.git.engine.segment import Columns, Segment


@final
class Neighbours:
    """Packs that have tables; for one thread."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._lookups = [Lookup(segment.columns.key, segment.pack.names) for segment in segments]
        self._reader = Reader([(segment.pack, segment.columns) for segment in segments])

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

    def _find(self, oid: bytes) -> tuple[int, int] | None:
        for index, lookup in enumerate(self._lookups):
            ordinal = lookup.row(oid)
            if ordinal >= 0:
                return index, ordinal
        return None


def _ids(columns: Columns, names: NDArray[np.uint8], links: NDArray[np.int32]) -> bytes:
    """The ids that links stand for, one behind the other."""
    if not len(names):
        return columns.foreign[~links].tobytes()
    here = names[np.maximum(links, 0)]
    outside = links < 0
    here[outside] = columns.foreign[~links[outside]]
    return here.tobytes()
