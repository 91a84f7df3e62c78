"""Objects that had to be deflated anew: the next client of the same branch needs nearly all of them again."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable

REMEMBERED_BYTES_MAX: Final = 16 << 20
"""Of one process."""
_OBJECT_BYTES_MAX: Final = 1 << 20
_LEVEL: Final = 1
"""The client inflates it once and packs it as it likes."""


@final
class Deflated:
    """Pack entries by the id of their object; for any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    def entry(self, name: bytes, read: Callable[[], tuple[int, bytes]]) -> bytes:
        """The whole object as it stands in a pack; `read` gives type and content where it is not remembered."""
        with self._lock:
            found = self._entries.get(name)
            if found is not None:
                self._entries.move_to_end(name)
                return found
        kind, content = read()
        made = _header(kind, len(content)) + zlib.compress(content, _LEVEL)
        if len(made) <= _OBJECT_BYTES_MAX:
            self._remember(name, made)
        return made

    def _remember(self, name: bytes, made: bytes) -> None:
        with self._lock:
            self._bytes += len(made) - len(self._entries.get(name, b""))
            self._entries[name] = made
            while self._bytes > REMEMBERED_BYTES_MAX:
                self._bytes -= len(self._entries.popitem(last=False)[1])


def _header(kind: int, size: int) -> bytes:
    head = bytearray()
    byte, size = kind << 4 | size & 0x0F, size >> 4
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    head.append(byte)
    return bytes(head)
