"""What was made of contents that do not change: kept until its room is needed for what was asked for later."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Hashable

_OVERHEAD_BYTES: Final = 512
V = TypeVar("V")


@final
class Kept(Generic[V]):
    """Values by keys that say all that decides them; of one worker, for any of its threads."""

    def __init__(self, bytes_max: int) -> None:
        """With room for about so many bytes."""
        self._bytes_max = bytes_max
        self._bytes = 0
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> V | None:
        """What is kept under a key, if it still is."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: V, size: int) -> V:
        """Keep a value of about `size` bytes, its key included; what was not asked for longest goes. The value."""
        size += _OVERHEAD_BYTES
        with self._lock:
            if size <= self._bytes_max and key not in self._values:
                self._values[key] = value, size
                self._bytes += size
                while self._bytes > self._bytes_max:
                    self._bytes -= self._values.popitem(last=False)[1][1]
        return value
