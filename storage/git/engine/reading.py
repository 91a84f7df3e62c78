"""Objects out of packs, deltas resolved; what bases were needed is remembered within a budget."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, Protocol, cast, final

import dulwich.pack
from dulwich.errors import ApplyDeltaError

from domain.errors import Damaged
from storage.git.engine.segment import ints

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from storage.git.engine.segment import IndexedPack

REMEMBERED_BYTES_MAX: Final = 24 << 20
_REMEMBERED_OBJECT_BYTES_MAX: Final = 2 << 20
_CHAIN_MAX: Final = 5_000
"""More than any pack that was let in has."""

_applied: Callable[[bytes, bytes], list[bytes]] = cast("Any", dulwich.pack).apply_delta  # it comes without types


class EntryColumns(Protocol):
    """What reading needs to know of a pack's entries; `Columns` and `EntryTable` have it."""

    @property
    def start(self) -> NDArray[np.int64]: ...
    @property
    def end(self) -> NDArray[np.int64]: ...
    @property
    def head(self) -> NDArray[np.uint8]: ...
    @property
    def kind(self) -> NDArray[np.uint8]: ...
    @property
    def base(self) -> NDArray[np.int32]: ...


@final
class Reader:
    """Reads objects of some packs; for one thread."""

    def __init__(
        self, packs: Sequence[tuple[IndexedPack, EntryColumns]], remembered_bytes_max: int = REMEMBERED_BYTES_MAX
    ) -> None:
        self._packs = packs
        self._columns = [(ints(of.start), ints(of.head), ints(of.end), ints(of.base)) for _, of in packs]
        self._budget = remembered_bytes_max
        self._bytes = 0
        self._remembered: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def content(self, pack: int, ordinal: int) -> bytes:
        """The bytes of object `ordinal` of the pack with the index `pack`; `Damaged` if it cannot be read."""
        base = self._columns[pack][3]
        chain = list[int]()
        data: bytes | None = None
        try:
            while data is None:
                data = self._remembered.get((pack, ordinal))
                if data is None:
                    if base[ordinal] < 0:
                        data = self._inflated(pack, ordinal)
                        self._remember(pack, ordinal, data)
                    else:
                        chain.append(ordinal)
                        ordinal = base[ordinal]
                        if len(chain) > _CHAIN_MAX:
                            raise self._damaged(pack, ordinal)
            for ordinal in reversed(chain):
                data = b"".join(_applied(data, self._inflated(pack, ordinal)))
                self._remember(pack, ordinal, data)
        except (zlib.error, ApplyDeltaError, IndexError, ValueError) as fault:
            raise self._damaged(pack, ordinal) from fault
        return data

    def _inflated(self, pack: int, ordinal: int) -> bytes:
        start, head, end, _ = self._columns[pack]
        return zlib.decompress(self._packs[pack][0].data[start[ordinal] + head[ordinal] : end[ordinal]])

    def _remember(self, pack: int, ordinal: int, data: bytes) -> None:
        if len(data) > _REMEMBERED_OBJECT_BYTES_MAX:
            return
        self._remembered[pack, ordinal] = data
        self._bytes += len(data)
        while self._bytes > self._budget:
            _, gone = self._remembered.popitem(last=False)
            self._bytes -= len(gone)

    def _damaged(self, pack: int, ordinal: int) -> Damaged:
        indexed = self._packs[pack][0]
        return Damaged(
            f"object {indexed.names[ordinal].tobytes().hex()} in {indexed.path.name} cannot be read",
            hint="`gitant doctor` looks for more; restore the repository from a backup",
        )
