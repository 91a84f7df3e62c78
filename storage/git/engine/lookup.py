"""Find ids one at a time; `entries.matching` finds many at once."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, final

from storage.git.engine.segment import NAME_BYTES, ints

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@final
class Lookup:
    """Ids in ascending order, 20 bytes a row, and their keys."""

    def __init__(self, key: NDArray[np.uint64], names: NDArray[np.uint8]) -> None:
        self._key = ints(key)
        self._names = ints(names.reshape(-1))

    def row(self, oid: bytes) -> int:
        """Where the id stands first, or -1."""
        wanted = int.from_bytes(oid[:8], "big")
        row = bisect_left(self._key, wanted)
        while row < len(self._key) and self._key[row] == wanted:
            if bytes(self._names[row * NAME_BYTES : (row + 1) * NAME_BYTES]) == oid:
                return row
            row += 1
        return -1
