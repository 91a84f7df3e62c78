"""One stream inside a wire, both directions of it: what is queued, what may be sent, what has come. No I/O."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, final

import trio

from transport.carrier.limits import CREDIT_BYTES_MAX, RECORD_BYTES_MAX
from transport.carrier.records import RecordFault

if TYPE_CHECKING:
    from transport.carrier.seam import ChannelClosed

_SMALL_BYTES: Final = 4 << 10
_JOINED_BYTES: Final = 16 << 10


@final
class Lane:
    """The control stream, or a channel. Whoever waits for it waits in `sending` or `receiving`.

    `credit` is what may still be sent, `granted` what the peer may still send, `owed` what was taken out of `inbox` and
    not yet granted anew. `closed` is set once it has been given up, by whichever side.
    """

    def __init__(self, number: int, purpose: str, window: int) -> None:
        self.number = number
        self.purpose = purpose
        self.credit = self.granted = window
        self.owed = 0
        self.grants_at = window // 4
        self.queued = 0
        self.held = 0
        self.eof_queued = False
        self.eof_sent = False
        self.eof_received = False
        self.left = False
        """The node above has sent all, and takes no more."""
        self.sent_bytes = 0
        self.closed: ChannelClosed | None = None
        self.sending = trio.lowlevel.ParkingLot()
        self.receiving = trio.lowlevel.ParkingLot()
        self._outbox: deque[bytes | bytearray | memoryview] = deque()
        self._inbox: deque[bytes | bytearray] = deque()

    # --- out ----------------------------------------------------------------------------------------

    def put(self, data: bytes | memoryview) -> None:
        """Queue bytes, which must not change any more."""
        if data:
            _add(self._outbox, data)
            self.queued += len(data)

    def sendable(self) -> int:
        """How many bytes the next record can have; 0 if there is nothing, or no credit for it."""
        return min(self.credit, self.queued, RECORD_BYTES_MAX)

    def take(self, size: int, into: list[bytes | bytearray | memoryview]) -> None:
        """Move so many queued bytes into a batch."""
        self.credit -= size
        self.queued -= size
        self.sent_bytes += size
        while size:
            first = self._outbox[0]
            if len(first) <= size:
                into.append(self._outbox.popleft())
                size -= len(first)
            else:
                view = memoryview(first)
                into.append(view[:size])
                self._outbox[0] = view[size:]
                size = 0
        self.sending.unpark_all()

    def unqueue(self) -> None:
        """Drop what is queued."""
        self._outbox.clear()
        self.queued = 0

    def credited(self, size: int) -> None:
        """The peer lets so many more bytes come."""
        self.credit += size
        if not size or self.credit > CREDIT_BYTES_MAX:
            raise RecordFault(f"a credit of {size} bytes makes no sense")

    def may_end(self) -> bool:
        """Whether the next thing to send is that there is no more."""
        return self.eof_queued and not self.eof_sent and not self.queued

    # --- in -----------------------------------------------------------------------------------------

    def came(self, data: bytes) -> None:
        """The peer sent bytes. Raises `RecordFault` if it may not."""
        if self.eof_received:
            raise RecordFault("data came after the end")
        self.granted -= len(data)
        if self.granted < 0:
            raise RecordFault("more data came than there was credit for")
        _add(self._inbox, data)
        self.held += len(data)
        if self.receiving:
            self.receiving.unpark_all()

    def ended(self) -> None:
        """The peer sends no more."""
        if self.eof_received:
            raise RecordFault("a second end came")
        self.eof_received = True
        self.receiving.unpark_all()

    def out_of_inbox(self, bytes_max: int | None) -> bytes:
        """What has come, at most so many bytes of it; `b""` if there is nothing."""
        if not self._inbox:
            return b""
        if bytes_max is None or self.held <= bytes_max:
            found = b"".join(self._inbox)
            self._inbox.clear()
        else:
            found = bytes(self._inbox.popleft())
            if len(found) > bytes_max:
                self._inbox.appendleft(found[bytes_max:])
                found = found[:bytes_max]
        self.held -= len(found)
        self.owed += len(found)
        return found

    def due(self, *, all_of_it: bool = False) -> int:
        """How much to grant the peer now: not every few bytes, but well before it has to wait."""
        if self.eof_received or self.closed or not self.owed:
            return 0
        return self.owed if all_of_it or self.owed >= self.grants_at else 0

    def grant(self, size: int) -> None:
        """So much was granted."""
        self.owed -= size
        self.granted += size

    # --- the end ------------------------------------------------------------------------------------

    def give_up(self, closed: ChannelClosed) -> None:
        """Nothing goes in or out any more. What came before the peer's end can still be read."""
        self.closed = self.closed or closed
        self.unqueue()
        if not self.eof_received:
            self._inbox.clear()
            self.held = 0
        self.wake()

    def wake(self) -> None:
        """Have everybody who waits look again."""
        self.sending.unpark_all()
        self.receiving.unpark_all()

    @property
    def over(self) -> bool:
        """Whether both directions have ended, so that its number means nothing any more."""
        return self.closed is not None or (self.eof_sent and self.eof_received)


def _add(chunks: deque[Any], data: bytes | memoryview) -> None:
    """Append a chunk, or join it to the last: thousands of tiny ones would take many times their size."""
    if len(data) >= _SMALL_BYTES:
        chunks.append(data)
    elif chunks and isinstance(chunks[-1], bytearray) and len(chunks[-1]) < _JOINED_BYTES:
        chunks[-1] += data
    else:
        chunks.append(bytearray(data))
