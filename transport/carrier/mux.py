"""All streams of one wire as bytes: what to send next, and what came. No I/O, no clock.

Pings, credits and closings go first. Of data, the control stream gets seven records in eight while channels have some,
too, so neither waits for the other; channels take turns.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, final

import trio

from transport.carrier.lane import Lane
from transport.carrier.limits import (
    CHANNEL_FIRST_BYTES,
    CHANNEL_WINDOW_BYTES,
    CHANNELS_MAX,
    CONTROL_WINDOW_BYTES,
    PURPOSE_CHARS_MAX,
    WORDS_CHARS_MAX,
)
from transport.carrier.records import (
    CONTROL,
    HEAD_BYTES,
    Kind,
    RecordFault,
    RecordReader,
    close_body,
    closed_by,
    head,
    plain,
    record,
)
from transport.carrier.seam import ChannelClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from transport.carrier.records import Record
    from transport.carrier.seam import WireClosed

_CONTROL_SHARE: Final = 8
"""Every so many records, one is a channel's, however much is queued on the control stream."""

Batch = list["bytes | bytearray | memoryview"]


@final
class Mux:
    """One side's view of a wire. `work` is called when there is something to send that was not there before."""

    def __init__(self, *, dialled: bool, urgent_max: int, work: Callable[[], None]) -> None:
        self.control = Lane(CONTROL, "", CONTROL_WINDOW_BYTES)
        self.welcomed = False
        """The peer said that it takes the wire."""
        self.closed_by: WireClosed | None = None
        """What the peer said when it closed."""
        self.peer_paused = False
        self.ponged = 0
        """The number in the latest answer to a ping."""
        self.opened = trio.lowlevel.ParkingLot()
        """Whoever waits for the peer to open a channel."""
        self.freed = trio.lowlevel.ParkingLot()
        """Whoever waits until one may be opened."""
        self._dialled = dialled
        self._urgent_max = urgent_max
        self._work = work
        self._reader = RecordReader()
        self._lanes: dict[int, Lane] = {}
        self._turns: deque[Lane] = deque()
        self._arrived: deque[Lane] = deque()
        self._urgent: deque[bytes] = deque()
        self._pong: bytes | None = None
        self._next = 1 if dialled else 2
        self._last_theirs = 0 if dialled else -1
        self._paused = False
        self._share = 0
        self._closing: WireClosed | None = None
        self._closed = False

    # --- what the wire does with it -----------------------------------------------------------------

    @property
    def channels(self) -> int:
        """How many there are, whoever opened them."""
        return len(self._lanes)

    @property
    def overfull(self) -> bool:
        """Whether more openings and refusals wait than anybody who reads would let wait."""
        return len(self._urgent) > self._urgent_max

    @property
    def said_all(self) -> bool:
        """Whether the CLOSE is among what was taken to be sent."""
        return self._closed

    @property
    def paused(self) -> bool:
        """Whether this side takes and sends no data."""
        return self._paused

    def may_open(self) -> bool:
        """Whether one more channel may be opened."""
        return sum(1 for number in self._lanes if number % 2 == self._next % 2) < CHANNELS_MAX

    def open(self, purpose: str) -> Lane:
        """A new channel."""
        assert self.may_open()
        assert 0 < len(purpose) <= PURPOSE_CHARS_MAX
        lane = self._add(Lane(self._next, purpose, CHANNEL_FIRST_BYTES))
        self._next += 2
        self._say(Kind.OPEN, lane.number, purpose.encode())
        self._want(lane)
        return lane

    def accept(self) -> Lane | None:
        """The next channel of the peer's that has not been given up meanwhile."""
        while self._arrived:
            lane = self._arrived.popleft()
            if not lane.closed:
                self._want(lane)
                return lane
        return None

    def put(self, lane: Lane, data: bytes | memoryview) -> None:
        """Queue data."""
        assert not lane.eof_queued
        lane.put(data)
        self._work()

    def end(self, lane: Lane) -> None:
        """Nothing more follows on a channel."""
        lane.eof_queued = True
        self._work()

    def taken(self, lane: Lane) -> None:
        """The node above took something out of an inbox."""
        if not self._paused and lane.due():
            self._work()

    def leave(self, lane: Lane) -> None:
        """The node above is done with a channel: what is queued goes out if its end was said, else it is reset."""
        if lane.eof_queued:
            lane.out_of_inbox(None)
            lane.left = True
        else:
            self.reset(lane, "closed before its end")

    def reset(self, lane: Lane, words: str) -> None:
        """Give a channel up."""
        if not lane.over:
            self._say(Kind.RESET, lane.number, words[:WORDS_CHARS_MAX].encode())
            lane.give_up(ChannelClosed(words))
        self._drop(lane)

    def welcome(self) -> None:
        """Tell the dialler that the wire is taken."""
        self._say(Kind.WELCOME, CONTROL, b"")

    def ping(self, number: int) -> None:
        """Ask for an answer."""
        self._say(Kind.PING, CONTROL, number.to_bytes(8, "big"))

    def pause(self, *, on: bool) -> None:
        """Take and send no data, or do again."""
        if on is not self._paused:
            self._paused = on
            self._say(Kind.PAUSE, CONTROL, bytes([on]))

    def close(self, closed: WireClosed) -> None:
        """Send what is queued on the control stream, then say that this is all."""
        self._closing = self._closing or closed
        self._work()

    def hurry(self) -> None:
        """Send nothing but the CLOSE."""
        self.control.unqueue()
        self._work()

    def give_up(self, closed: ChannelClosed) -> None:
        """The wire is gone, and all its channels with it. What has come on the control stream can still be read."""
        for lane in list(self._lanes.values()):
            lane.give_up(closed)
        self._lanes.clear()
        self._turns.clear()
        self.control.unqueue()
        self.control.wake()
        self.opened.unpark_all()
        self.freed.unpark_all()

    # --- out ----------------------------------------------------------------------------------------

    def batch(self, bytes_max: int) -> Batch:
        """What to send next, about so many bytes of it; nothing if there is nothing."""
        if self._closed:
            return []
        into: Batch = []
        if self._pong is not None:
            into.append(self._pong)
            self._pong = None
        into.extend(self._urgent)
        self._urgent.clear()
        size = sum(map(len, into))
        if not self._paused:
            size += self._credits(into)
            while size < bytes_max and (sent := self._data(into)):
                size += sent
        if self._closing is not None and (self._paused or not self.control.queued):
            into.append(record(Kind.CLOSE, CONTROL, close_body(self._closing)))
            self._closed = True
        return into

    def _credits(self, into: Batch) -> int:
        before = len(into)
        for lane in (self.control, *self._lanes.values()):
            if size := lane.due():
                self._credit(lane, size, into)
        return (len(into) - before) * (HEAD_BYTES + 4)

    def _data(self, into: Batch) -> int:
        """One record of data; 0 if there is none that may be sent."""
        self._share += 1
        if self.control.sendable() and self._share % _CONTROL_SHARE:
            return self._piece(self.control, into)
        for _ in range(len(self._turns)):
            lane = self._turns[0]
            self._turns.rotate(-1)
            if sent := self._piece(lane, into):
                return sent
        return self._piece(self.control, into)

    def _piece(self, lane: Lane, into: Batch) -> int:
        if size := lane.sendable():
            into.append(head(Kind.DATA, lane.number, size))
            lane.take(size, into)
            return HEAD_BYTES + size
        if lane.may_end():
            into.append(record(Kind.END, lane.number))
            lane.eof_sent = True
            lane.wake()
            if lane.over:
                self._drop(lane)
            return HEAD_BYTES
        return 0

    def _credit(self, lane: Lane, size: int, into: Batch) -> None:
        into.append(record(Kind.CREDIT, lane.number, size.to_bytes(4, "big")))
        lane.grant(size)

    # --- in -----------------------------------------------------------------------------------------

    def received(self, data: bytes) -> int:
        """Bytes came; how many records they completed. Nothing after a CLOSE is looked at.

        Raises `RecordFault` when the peer breaks the rules.
        """
        count = 0
        for each in self._reader.records(data):
            if self.closed_by is not None:
                break
            self._came(each)
            count += 1
        return count

    def _came(self, each: Record) -> None:
        kind, number, body = each
        if kind is Kind.DATA or kind is Kind.CREDIT or kind is Kind.END or kind is Kind.RESET:
            lane = self._lane(number)
            if lane is not None:
                self._on_lane(kind, lane, body)
        elif kind is Kind.OPEN:
            self._opened(number, body)
        elif kind is Kind.PING:
            self._pong = record(Kind.PONG, CONTROL, body)
            self._work()
        elif kind is Kind.PONG:
            self.ponged = int.from_bytes(body, "big")
        elif kind is Kind.PAUSE:
            self.peer_paused = body != b"\0"
        elif kind is Kind.WELCOME:
            if self.welcomed or not self._dialled:
                raise RecordFault("a WELCOME came where none was due")
            self.welcomed = True
        else:
            self.closed_by = closed_by(body)

    def _on_lane(self, kind: Kind, lane: Lane, body: bytes) -> None:
        if kind is Kind.DATA:
            if lane.left:
                self.reset(lane, "closed")
            else:
                lane.came(body)
        elif kind is Kind.CREDIT:
            lane.credited(int.from_bytes(body, "big"))
            self._work()
        elif kind is Kind.END:
            lane.ended()
            if lane.over:
                self._drop(lane)
        else:
            lane.give_up(ChannelClosed(plain(body) or "the peer gave the transfer up", by_peer=True))
            self._drop(lane)

    def _lane(self, number: int) -> Lane | None:
        """The stream a record is about; None if it was there and is not any more."""
        if number == CONTROL:
            return self.control
        lane = self._lanes.get(number)
        if lane is None:
            ours = number % 2 == self._next % 2
            if number >= self._next if ours else number > self._last_theirs:
                raise RecordFault(f"there is no channel {number} yet")
        return lane

    def _opened(self, number: int, purpose: bytes) -> None:
        if number % 2 == self._next % 2 or number <= self._last_theirs:
            raise RecordFault(f"channel {number} is not the peer's to open")
        self._last_theirs = number
        if sum(1 for each in self._lanes if each % 2 == number % 2) >= CHANNELS_MAX:
            raise RecordFault(f"more than {CHANNELS_MAX} channels were opened")
        try:
            text = purpose.decode()
        except UnicodeDecodeError:
            text = ""
        if not text.isprintable() or not 0 < len(text) <= PURPOSE_CHARS_MAX:
            raise RecordFault("a channel was opened for something unreadable")
        self._arrived.append(self._add(Lane(number, text, CHANNEL_FIRST_BYTES)))
        self.opened.unpark_all()

    # --- channels -----------------------------------------------------------------------------------

    def _add(self, lane: Lane) -> Lane:
        self._lanes[lane.number] = lane
        self._turns.append(lane)
        return lane

    def _want(self, lane: Lane) -> None:
        """Let as much come as for a channel that somebody reads."""
        more = CHANNEL_WINDOW_BYTES - CHANNEL_FIRST_BYTES
        lane.granted += more
        lane.grants_at = CHANNEL_WINDOW_BYTES // 4
        self._say(Kind.CREDIT, lane.number, more.to_bytes(4, "big"))

    def _drop(self, lane: Lane) -> None:
        if self._lanes.pop(lane.number, None) is not None:
            self._turns.remove(lane)
            if lane in self._arrived and lane.closed:
                self._arrived.remove(lane)
            self.freed.unpark_all()

    def _say(self, kind: Kind, number: int, body: bytes) -> None:
        self._urgent.append(record(kind, number, body))
        self._work()
