"""In which streams a node may sign again that came from a backup or removed its copy: those compared with another's.

A feed restored from a backup may lack its last events; of a stream that the backup has nothing of, or nothing by this
node, it may lack the first ones. To sign others in their places would be to fork it, which every node that holds the
first ones would see. So a restored node signs in no stream before it was compared, or until somebody says that no
other node has anything of its.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storage.local import LocalStore

_RESTORED: Final = "restored"
_PREFIX: Final = "restored/"
_COMPARED: Final = "compared/"
_REMOVED: Final = "removed/"
_SEQ_BYTES: Final = 8


@final
class RestoredFeeds:
    """What a node's local store says of it: marks, each a stream and the last place in it that the backup had."""

    def __init__(self, local: LocalStore) -> None:
        self._local = local
        self._free = False
        self._free_in: set[bytes] = set()
        self._removed = {bytes.fromhex(name.removeprefix(_REMOVED)) for name in local.names(_REMOVED)}
        """Streams whose copy was removed from this node, as far as this process knows."""

    def doubt(self, stream: bytes) -> None:
        """This node's copy of a stream goes, and what it signed there goes along."""
        self._local.put(_REMOVED + stream.hex(), b"1")
        self._removed.add(stream)
        self._free_in.discard(stream)

    def mark(self, feeds: Iterable[tuple[bytes, int, bytes]]) -> None:
        """This node comes from a backup, which has these feeds of its: (stream, seq of the last event, its id)."""
        self._local.put(_RESTORED, b"1")
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

    def doubted(self) -> bool:
        """Whether there may be streams in which this node may not sign."""
        return self._came_from_a_backup() or bool(self._local.names(_REMOVED))

    def _came_from_a_backup(self) -> bool:
        """Whether there may be doubts for that. Cheap once there are none."""
        if not self._free:
            self._free = self._local.get(_RESTORED) is None and not self._local.names(_PREFIX)
        return not self._free

    def clear(self, stream: bytes) -> bool:
        """A stream was compared with its copy elsewhere, and lacks nothing of this node's; whether that is news."""
        was_removed = self._local.get(_REMOVED + stream.hex()) is not None
        if was_removed:
            self._local.remove(_REMOVED + stream.hex())
            self._removed.discard(stream)
        if stream in self._free_in or not self._came_from_a_backup():
            return was_removed
        self._local.put(_COMPARED + stream.hex(), b"1")
        self._local.remove(_PREFIX + stream.hex())
        self._free_in.add(stream)
        return True

    def clear_all(self) -> int:
        """Nobody else has anything that this node signed and lacks; in how many streams that was in doubt, at least."""
        marks = [*self._local.names(_PREFIX), *self._local.names(_REMOVED)]
        self._removed.clear()
        count = max(len(marks), int(self._local.get(_RESTORED) is not None))
        for name in (*marks, *self._local.names(_COMPARED), _RESTORED):
            self._local.remove(name)
        return count

    def began(self, stream: bytes) -> None:
        """A stream was begun here, after the backup."""
        self.clear(stream)

    def check(self, stream: bytes | None) -> None:
        """Raise `Unavailable` if this node may not sign in a stream, or, for None, not begin one while there are marks.

        No new doubts come to a folder in use, but by removing a copy from it.
        """
        if stream is not None and self._was_removed(stream):
            raise Unavailable(
                "this node's copy of this repository was removed once, and others may have events that it signed in it",
                hint="it writes here once its copy is equal to that of another node (gitant sync); if no other node "
                "has such events: gitant restore --alone",
            )
        if stream in self._free_in or not self._came_from_a_backup():
            return
        if stream is None:
            if not self._local.names(_PREFIX):
                return
        elif self._local.get(_COMPARED + stream.hex()) is not None:
            self._free_in.add(stream)
            return
        raise Unavailable(
            "this node was restored from a backup, and writes nothing here yet: another node may have events that it "
            "signed after the backup",
            hint="connect it with a node that has a copy (gitant peer add), and it writes once they are equal; if no "
            "other node has such events, and the original runs no more: gitant restore --alone",
        )

    def _was_removed(self, stream: bytes) -> bool:
        if stream not in self._removed:
            return False
        if self._local.get(_REMOVED + stream.hex()) is None:  # the process that compares copies has cleared it
            self._removed.discard(stream)
            return False
        return True
