"""What the beginnings of files told when languages were counted: a blob says the same for ever."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple, final

from storage.git.read_limits import LOOKS_REMEMBERED_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable


class Look(NamedTuple):
    """At one blob."""

    size: int
    is_binary: bool
    is_generated: bool
    """Whether its first lines say so."""
    language: str | None
    """By its first line."""


@final
class KeptLooks:
    """The blobs looked at last, in whatever repositories, for any number of threads."""

    def __init__(self, looks_max: int = LOOKS_REMEMBERED_MAX) -> None:
        self._lock = threading.Lock()
        self._looks: OrderedDict[bytes, Look] = OrderedDict()
        self._looks_max = looks_max

    def known(self, oids: Iterable[bytes]) -> dict[bytes, Look]:
        """What is known of these blobs, by hex id."""
        with self._lock:
            found = {oid: look for oid in oids if (look := self._looks.get(oid)) is not None}
            for oid in found:
                self._looks.move_to_end(oid)
            return found

    def keep(self, oid: bytes, look: Look) -> Look:
        with self._lock:
            self._looks[oid] = look
            if len(self._looks) > self._looks_max:
                self._looks.popitem(last=False)
        return look
