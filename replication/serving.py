"""Answering one want or ask: rows are read a batch at a time, and no more is sent than the peer has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.canonical import decode_own
from domain.envelope import SIGNATURE_TAG
from domain.ids import EventId
from domain.quick import read_usual
from replication.effects import After, ReadFeeds, ReadIds
from replication.limits import ROWS_MAX
from replication.messages import Events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ids import DeviceKey
    from replication.effects import Row, Rows
    from replication.seams import Counter, Shared


class Serving:
    """One want of a peer's, or one ask (which is read at once)."""

    def __init__(self, desk: Counter, talk: Shared, number: int, feeds: tuple[After, ...]) -> None:
        self._desk = desk
        self._talk = talk
        self._number = number
        self._feeds = feeds
        self._cursor = 0
        self._unacknowledged = 0
        self._behind: list[Row] = []
        """Rows that were read and that nothing which was sent vouches for."""
        self._reading = False

    def read_on(self) -> None:
        """Read the next batch, unless the peer's window is full."""
        limits = self._desk.room.limits
        if self._reading or self._unacknowledged >= limits.window_bytes:
            return
        self._reading = True
        query = ReadFeeds(self._talk.stream, self._feeds, self._cursor, limits.batch_bytes, limits.batch_events)
        self._desk.read(query, self._came)

    def read_ids(self, names: Sequence[bytes], *, runs: bool) -> None:
        """Read single events; with `runs`, what vouches for those with a wrong signature, too."""
        ids = tuple(EventId(name) for name in names)
        self._reading = True
        query = ReadIds(self._talk.stream, ids, self._desk.room.limits.batch_bytes)
        self._desk.read(query, self._came_singly if runs else self._came)

    def credit(self, size: int) -> None:
        """The peer has stored so many bytes."""
        self._unacknowledged = max(0, self._unacknowledged - size)
        self.read_on()

    def _came(self, rows: Rows) -> None:
        """What was read, unless the peer may not have it any more."""
        self._reading = False
        talk = self._talk
        if not talk.serves(self._number, self):
            return
        end = rows.failed or not rows.cursor
        sound = self._sound((*self._behind, *rows.rows))
        self._cursor = rows.cursor
        self._send(sound, end=end)

    def _came_singly(self, rows: Rows) -> None:
        """Single events: what follows those with a wrong signature may vouch for them."""
        sound = self._sound(rows.rows)
        if not self._behind:
            self._came(rows)
            return
        limits, spoiled = self._desk.room.limits, self._behind
        first: dict[DeviceKey, tuple[int, EventId]] = {}
        for row in spoiled:
            seq, _ = _place(row)
            first[row.device] = min(first.get(row.device, (seq, row.id)), (seq, row.id))
        feeds = tuple(After(device, (known,)) for device, known in first.items())
        query = ReadFeeds(self._talk.stream, feeds, 0, limits.batch_bytes, limits.batch_events)
        self._desk.read(query, lambda after: self._came_after(sound, after))

    def _came_after(self, sound: Sequence[Row], after: Rows) -> None:
        """What follows in the feeds of the spoiled ones; as much of it goes along as ends with a good signature."""
        if not self._talk.serves(self._number, self):
            return
        spoiled = {row.id: row for row in self._behind}
        proven: dict[EventId, Row] = {}
        for row in after.rows:
            _, prev = _place(row)
            if prev not in spoiled:
                continue
            if row.vouched and not self._is_signed(row):
                spoiled[row.id] = row
                continue
            run = [row]
            while (before := spoiled.pop(prev, None) if prev is not None else None) is not None:
                run.append(before)
                _, prev = _place(before)
            proven.update((each.id, each) for each in reversed(run))
        self._behind = [row for row in self._behind if row.id not in proven]
        self._send([*sound, *proven.values()], end=True)

    def _send(self, sound: Sequence[Row], *, end: bool) -> None:
        talk = self._talk
        self._unacknowledged += sum(len(row.raw.header) + len(row.raw.payload or b"") + 64 for row in sound)
        talk.link.saw(row.id for row in sound)
        talk.link.send(
            Events(
                stream=talk.tag,
                number=self._number,
                rows=[(row.raw.header, row.raw.signature, row.raw.payload) for row in sound],
                end=end,
            )
        )
        if end:
            for row in self._behind:
                note = self._desk.room.note
                note("signature-spoiled", "a vouched signature is wrong", stream=talk.stream, event=row.id)
            talk.served(self._number)
        else:
            self.read_on()

    def _is_signed(self, row: Row) -> bool:
        return self._desk.room.verify(row.device, row.raw.signature, SIGNATURE_TAG + row.raw.header)

    def _sound(self, rows: Sequence[Row]) -> list[Row]:
        """Rows of which every run ends with a signature that was checked: here, if it was not before.

        What comes after the last good signature of its branch waits for the next batch, which may vouch for it; after
        the last one it stays out. The peer gets it elsewhere, or of us once it is mended.
        """
        if not any(row.vouched for row in rows):
            self._behind = []
            return list(rows)
        singly = not self._feeds
        linked: set[EventId | None] = set()
        sound: list[Row] = []
        behind: list[Row] = []
        for row in reversed(rows[:ROWS_MAX]):
            unlinked = row.vouched and (singly or row.id not in linked)
            if unlinked and not self._is_signed(row):
                behind.append(row)
                continue
            linked.add(_place(row)[1])
            sound.append(row)
        self._behind = behind[::-1][: ROWS_MAX - self._desk.room.limits.batch_events]
        sound.reverse()
        return sound


def _place(row: Row) -> tuple[int, EventId | None]:
    """Where in its feed an event is, and the one before, which its header names and so vouches for."""
    usual = read_usual(row.raw.header)
    if usual is not None:
        return usual.seq, usual.prev
    fields = decode_own(row.raw.header)
    return fields["seq"], fields.get("prev")
