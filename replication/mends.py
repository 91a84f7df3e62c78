"""What is in the log and not whole: signatures that were only vouched for, and payloads that never came.

The first are checked a few at a time. Bad ones, and events without a payload that no accepted redaction covers, are
asked for by id, of everybody in turn; a good copy takes their place.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.envelope import SIGNATURE_TAG, RawEvent, event_id, open_unverified
from domain.errors import Rejected
from replication.effects import Checked, Mend, Outcome, ReadVouched, Token
from replication.limits import IDS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import EventId, StreamId
    from replication.asks import Asked
    from replication.effects import Rows
    from replication.inbox import Batch
    from replication.seams import Counter, Shared

_Row = tuple[bytes, bytes, bytes | None]


@dataclass(slots=True)
class _Asking:
    """A stream in which something is lacking: how often all were asked in vain, and when to ask again."""

    fruitless: int = 0
    again_ms: int = 0


class Mends:
    """The clerk for it."""

    def __init__(self, desk: Counter) -> None:
        self._desk = desk
        self._unchecked: OrderedDict[StreamId, int] = OrderedDict()
        """Streams whose vouched rows are looked through, and how far that is."""
        self._reading = False
        self._spoiled: OrderedDict[EventId, StreamId] = OrderedDict()
        self._asking: dict[StreamId, _Asking] = {}
        self._mending: dict[Token, Mend] = {}

    def __len__(self) -> int:
        return len(self._spoiled)

    def met(self, talk: Shared) -> None:
        """A stream has come to be shared with a peer: what is lacking may be there."""
        self._unchecked.setdefault(talk.stream, 0)
        self._check_later()
        self.look(talk.stream)

    def stored(self, batch: Batch) -> None:
        """Events have become durable."""
        if batch.vouched:
            self._unchecked.setdefault(batch.stream, 0)
            self._check_later()
        if batch.holes:
            self.look(batch.stream)

    def look(self, stream: StreamId) -> None:
        """See whether something is lacking in a stream, and ask for it soon."""
        if self._lacking(stream, 1):
            self._asking[stream] = _Asking(again_ms=self._desk.room.now + self._desk.room.limits.mend_ms)
            self._ask_later()

    def lacking(self) -> set[EventId]:
        """Events that are asked for though they are in the log."""
        return {name for stream in self._asking for name in self._lacking(stream, IDS_MAX)}

    def take(self, talk: Shared, rows: Sequence[_Row], asked: Asked) -> None:
        """An answer to an ask may have what is lacking."""
        lacking = {*self._lacking(talk.stream, IDS_MAX)} & asked.names if talk.stream in self._asking else ()
        mine = [row for row in rows if event_id(row[0]) in lacking]
        whole = [event for row in mine if (event := self._whole(talk, row, lone=not asked.runs)) is not None]
        if whole:
            token = self._desk.room.token()
            for event in whole:
                self._spoiled.pop(event.id, None)
            effect = self._mending[token] = Mend(token, talk.stream, tuple(whole))
            self._desk.room.emit(effect)

    def mended(self, token: Token, outcome: Outcome) -> bool:
        """Whether a report was about a `Mend`."""
        effect = self._mending.pop(token, None)
        if effect is None:
            return False
        stream = effect.stream
        self._desk.room.note("log-mended", "what was lacking has come", stream=stream, outcome=outcome)
        if outcome is not Outcome.STORED:
            self._unchecked.setdefault(stream, 0)
            self._check_later()
        else:
            self._desk.objects.stored(effect.events)  # payloads name what nobody has asked for yet
        self.look(stream)
        return True

    # --- signatures ---------------------------------------------------------------------------------

    def _check_later(self) -> None:
        room = self._desk.room
        if self._unchecked and not self._reading:
            room.alarms.sooner("vouched", room.now + room.limits.vouched_ms, self._check)

    def _check(self, _: int) -> None:
        if self._unchecked and not self._reading:
            stream, cursor = next(iter(self._unchecked.items()))
            self._reading = True
            query = ReadVouched(stream, cursor, self._desk.room.limits.vouched_checked)
            self._desk.read(query, lambda rows: self._came(stream, rows))

    def _came(self, stream: StreamId, rows: Rows) -> None:
        room = self._desk.room
        self._reading = False
        good: set[EventId] = set()
        for row in rows.rows:
            if room.verify(row.device, row.raw.signature, SIGNATURE_TAG + row.raw.header):
                good.add(row.id)
            elif row.id not in self._spoiled and len(self._spoiled) < room.limits.spoiled_ids:
                self._spoiled[row.id] = stream
                room.note("signature-spoiled", "a vouched signature is wrong", stream=stream, event=row.id)
        if good:
            room.emit(Checked(stream, frozenset(good)))
        if rows.cursor and not rows.failed:
            self._unchecked[stream] = rows.cursor
        else:
            self._unchecked.pop(stream, None)
            self.look(stream)
        self._check_later()

    # --- asking -------------------------------------------------------------------------------------

    def _lacking(self, stream: StreamId, limit: int) -> list[EventId]:
        spoiled = [name for name, of in self._spoiled.items() if of == stream][:limit]
        return [*spoiled, *self._desk.room.index.uncovered(stream, limit - len(spoiled))]

    def _ask_later(self) -> None:
        if self._asking:
            at_ms = min(asking.again_ms for asking in self._asking.values())
            self._desk.room.alarms.put("mends", at_ms, self._ask)

    def _ask(self, now: int) -> None:
        """Ask somebody, whoever the dice say; `Asks` goes on to others."""
        room = self._desk.room
        for stream, asking in list(self._asking.items()):
            if asking.again_ms > now:
                continue
            names, talks = self._lacking(stream, IDS_MAX), self._desk.talks(stream)
            if not names or not talks:
                del self._asking[stream]  # it comes up again with the next link
                continue
            # As many as there is room for beside what waits, others the next time.
            most = max(1, room.limits.pending_events // 2)
            start = asking.fruitless * most % len(names)
            part = [*names[start:], *names[:start]][:most]
            self._desk.asks.want(talks[room.rng.randrange(len(talks))], part, runs=False)
            asking.fruitless += 1
            asking.again_ms = now + min(room.limits.mend_ms << min(asking.fruitless, 16), room.limits.mend_ms_max)
        self._ask_later()

    def _whole(self, talk: Shared, row: _Row, *, lone: bool) -> Event | None:
        """An event of an answer, if nothing is wrong with it or lacks; a `lone` one has nothing to vouch for it."""
        try:
            event = open_unverified(RawEvent(*row))
            if not self._desk.room.verify(event.device, event.signature, SIGNATURE_TAG + event.header):
                if not lone:
                    return None
                raise Rejected("signature-wrong", event.id.hex())
        except Rejected as fault:
            talk.link.refuse("event-rejected", str(fault))
            return None
        here = event.payload is not None or self._desk.room.index.redacted(event.id)
        return event if here or event.id in self._spoiled else None
