"""Which of this node's feeds may have gone on elsewhere: those that came from a backup, until somebody knows better.

A feed restored from a backup may lack its last events. To sign others in their places would be to fork it, which every
node that holds the first ones would see. So the node signs nothing while a feed is marked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storage.local import LocalStore

_PREFIX: Final = "restored/"
_SEQ_BYTES: Final = 8


@final
class RestoredFeeds:
    """The marks in a node's local store, each a stream and the last place in it that the backup had."""

    def __init__(self, local: LocalStore) -> None:
        self._local = local
        self._free = False

    def mark(self, feeds: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Mark feeds as (stream, seq of the last event, its id)."""
        for stream, seq, event in feeds:
            self._local.put(_PREFIX + stream.hex(), seq.to_bytes(_SEQ_BYTES, "big") + event)

    def marked(self) -> dict[bytes, tuple[int, bytes]]:
        """By stream, the last place (seq, event id) of each feed that is marked."""
        found: dict[bytes, tuple[int, bytes]] = {}
        for name in self._local.names(_PREFIX):
            value = self._local.get(name)
            if value is not None:
                seq = int.from_bytes(value[:_SEQ_BYTES], "big")
                found[bytes.fromhex(name.removeprefix(_PREFIX))] = (seq, value[_SEQ_BYTES:])
        return found

    def clear(self, stream: bytes) -> None:
        """A feed was compared with its copy elsewhere, and nothing of it is missing here."""
        self._local.remove(_PREFIX + stream.hex())

    def clear_all(self) -> int:
        """Nobody else has copies of this node's feeds; how many were marked."""
        names = self._local.names(_PREFIX)
        for name in names:
            self._local.remove(name)
        return len(names)

    def check(self) -> None:
        """Raise `Unavailable` while a feed is marked. Cheap once none is: no new marks come to a folder in use."""
        if self._free:
            return
        if self._local.names(_PREFIX):
            raise Unavailable(
                "this node was restored from a backup, and writes nothing yet: another node may have events that it "
                "signed after the backup",
                hint="if no other node has such events, and the original runs no more, let it write with: "
                "gitant restore --alone",
            )
        self._free = True
