"""One stream on one link: what the peer holds of it is compared with what is here, and each side asks for the rest.

Both sides do the same; nobody is client or server. A comparison goes from coarse to fine: the print of the stream, then
the tips of its feeds, by ranges first if they are many. Then a `want` names tips, and events come in windows.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.ids import DeviceKey
from replication import compare
from replication.limits import (
    FEEDS_LISTED_MAX,
    FRAME_BYTES_MAX,
    IDS_MAX,
    LEAF_BYTES,
    NONCE_BYTES,
    ROWS_MAX,
)
from replication.messages import (
    Ask,
    Declined,
    Events,
    Feeds,
    Have,
    Leaves,
    MessageFault,
    More,
    Need,
    Ranges,
    Want,
)
from replication.prints import stream_print
from replication.records import Phase, SyncState
from replication.serving import Serving
from replication.table import TRANSITIONS, Happening

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from domain.envelope import Event
    from domain.ids import EventId, StreamId
    from domain.ports_replication import GitObject
    from replication.compare import Feed, Record, Salted
    from replication.inbox import Batch, Parcel
    from replication.seams import Counter, Wire

_SALTS_MAX: Final = 2
"""Comparisons whose salted tips are kept, the peer's and ours."""


@dataclass(slots=True)
class Wanted:
    """A want of ours: how much came that is not stored yet, and whether the peer has said that this is all."""

    feeds: int
    unstored: int = 0
    parcels: int = 0
    stored: int = 0
    ended: bool = False
    failed: bool = False


class Talk:
    """One stream on one link."""

    def __init__(self, desk: Counter, link: Wire, stream: StreamId, tag: bytes) -> None:
        self._desk = desk
        self._room = desk.room
        self.link = link
        self.stream = stream
        self.tag = tag
        self.phase = Phase.KNOWN
        self._serving: dict[int, Serving] = {}
        self.thorough = False
        """Whether feeds are to be compared even if the prints of the stream are the same."""
        self._told: bytes | None = None
        self._theirs: bytes | None = None
        self._salted: OrderedDict[bytes, Salted] = OrderedDict()
        self._leaves: dict[bytes, list[Feed]] = {}
        self._told_feeds = False
        self._active = False
        """Whether a comparison is under way."""
        self._wants: dict[int, Wanted] = {}
        self._received = 0
        self._missing_feeds = 0
        self._fruitless = 0
        self._declined: set[DeviceKey] = set()
        self._declined_there: set[DeviceKey] = set()
        self._closed_here = False
        self._closed_there = False
        self._equal_at: int | None = None

    # --- where it stands --------------------------------------------------------------------------

    @property
    def state(self) -> SyncState:
        """For people."""
        return SyncState(
            peer=self.link.peer,
            stream=self.stream,
            phase=self.phase,
            missing_feeds=self._missing_feeds,
            received=self._received,
            declined_here=len(self._declined) + self._closed_here,
            declined_there=bool(self._declined_there) or self._closed_there,
            equal_at_ms=self._equal_at,
        )

    @property
    def serving(self) -> int:
        """How many wants and asks of the peer's are being answered."""
        return len(self._serving)

    @property
    def waiting(self) -> bool:
        """Whether something that we asked for is still to come."""
        return bool(self._wants)

    def print(self) -> bytes:
        """What is here of the stream, for this link."""
        return stream_print(self.link.key, self.stream, self._desk.digest(self.stream))

    def tell(self) -> bytes:
        """Its print, which the peer is told now."""
        self._told = self.print()
        return self._told

    def was_told(self, print_here: bytes | None) -> None:
        """What the peer was told of it before both sides shared it; there may be more by now."""
        self._told = print_here

    def level(self) -> None:
        """Both sides hold the same."""
        self._theirs = self._told = self.print()
        self._level()

    def heard(self, print_there: bytes) -> None:
        """The peer said what it holds."""
        if print_there != self._theirs:
            self._fruitless = 0  # there is news: whatever failed before may succeed now
        self._theirs = print_there
        if self.print() == print_there:
            self._level()
            if self._told != self.print():
                self.link.hint(self)  # what the peer was told is older, so that it does not know yet
        elif self.phase is Phase.KNOWN:
            self.link.line_up(self)
        elif self.phase is Phase.EQUAL:
            # What was flooded may be on its way still.
            self._later(self._room.limits.hint_ms)
        elif not self._wants:
            self._later(self._pause())

    def begin(self) -> None:
        """Compare from the top, unless there is nothing to compare or a want is open."""
        if self._desk.full(self.stream):
            self.decline_all()
            return
        if self._active or self._wants or self._closed_here or self._closed_there:
            self.link.settled(self)
            return
        if not self.thorough and self._theirs is not None and self.print() == self._theirs:
            self._level()
            return
        self.thorough = False
        self._step(Happening.DIFFERS)
        self._salted.clear()
        self._leaves.clear()
        salted = self._salt_with(self._room.salt(NONCE_BYTES))
        feeds = list(salted.feeds.values())
        if len(feeds) <= FEEDS_LISTED_MAX:
            self._told_feeds = True
            self._send_feeds(salted, salted.records(feeds), whole=True)
        elif self.link.leads:
            bits = compare.first_bits(len(feeds))
            self._send_ranges(salted, bits, set(range(1 << bits)))
        self._expect_answer()

    def resume(self) -> None:
        """Another link has finished what this one was kept waiting for."""
        self._active = False
        self.begin()

    def close(self) -> None:
        """The link is gone, or the stream is shared no more."""
        for name in ("begin", "late"):
            self._room.alarms.drop((name, self.link.id, self.stream))
        self._wants.clear()
        self._serving.clear()  # what is still being read for the peer is not sent any more
        self._desk.release(self)

    # --- comparing --------------------------------------------------------------------------------

    def on_feeds(self, message: Feeds) -> None:
        """Tips of the peer's: ask for what is missing here, and show what is missing there."""
        if not self._may_compare():
            return
        salted = self._salt_with(message.salt)
        records = compare.unpack_records(message.records)
        ours: Iterable[Feed] = salted.feeds.values() if message.whole else ()
        if message.unknown:
            ours = self._unknown(message)
        found = compare.difference(salted, records, ours, self._slot)
        if self.phase is not Phase.CATCHING_UP:
            self._step(Happening.DIFFERS)
        if (found.ahead or message.whole) and not (message.whole and self._told_feeds):
            self._send_feeds(salted, found.ahead, whole=False)
        self._told_feeds = False
        if found.want:
            self._want(message.salt, found.want, found.feeds)
        elif not found.ahead and not self._wants and self.print() == self._theirs:
            self._level()
        elif not found.ahead and not self._wants and (self._declined or self._declined_there):
            self._missing_feeds = 0
            self._active = False
            self._step(Happening.DECLINED)
            self._room.alarms.drop(("late", self.link.id, self.stream))
        elif not found.ahead and not self._wants and self._told != self.print():
            self.link.offer([self])  # the peer has compared with what was here before

    def on_ranges(self, message: Ranges) -> None:
        """Prints of ranges: answer where they differ, with finer ones or with the feeds in them."""
        if self._told_feeds or not self._may_compare():
            return
        salted = self._salt_with(message.salt)
        buckets = compare.differing(salted, message.bits, message.buckets, message.prints)
        if self.phase is not Phase.CATCHING_UP:
            self._step(Happening.DIFFERS)
        if not buckets:
            self.link.offer([self])
            return
        finer = compare.next_bits(message.bits, len(salted.feeds))
        if finer is not None:
            self._send_ranges(salted, finer, compare.children(buckets, message.bits, finer))
        else:
            feeds = self._leaves[message.salt] = salted.within(message.bits, buckets)
            self._send(
                Leaves(
                    stream=self.tag,
                    salt=message.salt,
                    bits=message.bits,
                    buckets=compare.pack_buckets(message.bits, buckets),
                    prints=b"".join(feed.print[:LEAF_BYTES] for feed in feeds),
                )
            )
        self._expect_answer()

    def on_leaves(self, message: Leaves) -> None:
        """The peer's feeds in some ranges: show ours that are not among them, and flag those that are not ours."""
        if message.salt not in self._salted:
            return  # an answer to a comparison that was given up
        if not self._may_compare():
            return
        salted = self._salt_with(message.salt)
        feeds, unknown = compare.sort_leaves(salted, message.bits, message.buckets, message.prints)
        self._send_feeds(salted, salted.records(feeds), whole=False, unknown=compare.pack_flags(unknown))
        self._expect_answer()

    # --- asking -----------------------------------------------------------------------------------

    def on_events(self, message: Events) -> None:
        """Answers to our wants and asks; with number 0, news."""
        size = sum([len(header) + len(payload or b"") + 64 for header, _, payload in message.rows])
        wanted = self._wants.get(message.number)
        if wanted is None:
            self._desk.unwanted(self, message, size)
            return
        wanted.unstored += size
        if wanted.unstored > self._room.limits.window_bytes + FRAME_BYTES_MAX:
            self.link.refuse("over-window", f"{wanted.unstored} bytes came that were not asked for yet")
            return
        wanted.ended = message.end
        wanted.parcels += 1
        self._expect_answer()
        self._desk.take(self, message, size, news=False)

    def parcel_done(self, parcel: Parcel, *, kept: bool, events: int) -> None:
        """What a message brought is stored, or cannot be."""
        wanted = self._wants.get(parcel.number)
        if wanted is None:
            return
        wanted.unstored -= parcel.size
        wanted.parcels -= 1
        wanted.stored += events
        wanted.failed |= not kept
        self._received += events
        if wanted.failed:
            self.stalled("what came could not be stored")
        elif not wanted.ended:
            self._send(More(stream=self.tag, number=parcel.number, bytes=parcel.size))
        elif not wanted.parcels:
            self._finish(parcel.number, wanted)

    def ask(self, names: Sequence[EventId], *, runs: bool) -> int:
        """Ask for events by id, with what vouches for them or not; the number that the answer will have."""
        number = self.link.next_number()
        self._send(Ask(stream=self.tag, number=number, ids=list(names[:IDS_MAX]), runs=runs))
        return number

    def decline(self, devices: Iterable[DeviceKey]) -> None:
        """Say that some feeds are not held here for their own sake."""
        new = sorted(set(devices) - self._declined)[:IDS_MAX]
        if new:
            self._declined.update(new)
            self._salted.clear()
            self._send(Declined(stream=self.tag, feeds=list(new), everything=False, back=False))

    def take_back(self, devices: Collection[DeviceKey] | None = None) -> None:
        """Some feeds that were declined are held here now; or nothing that was is declined for good (None)."""
        again = sorted(self._declined if devices is None else self._declined.intersection(devices))
        for start in range(0, len(again), IDS_MAX):
            part = list[bytes](again[start : start + IDS_MAX])
            self._send(Declined(stream=self.tag, feeds=part, everything=False, back=True))
        self._declined.difference_update(again)
        if devices is None and self._closed_here and not self._desk.full(self.stream):
            self._closed_here = False
            self._send(Declined(stream=self.tag, feeds=[], everything=True, back=True))
        elif not again:
            return
        self._begin_anew()

    def decline_all(self) -> None:
        """Say that nothing more of the stream is taken here."""
        if not self._closed_here:
            self._closed_here = True
            self._room.note("stream-full", "the stream is at its budget", peer=self.link.peer, stream=self.stream)
            self._send(Declined(stream=self.tag, feeds=[], everything=True, back=False))
            self._forget_wants()
            self._partial()

    def stalled(self, why: str) -> None:
        """Give up what was asked for, and begin again after a while."""
        self._room.note("sync-stalled", why, peer=self.link.peer, stream=self.stream)
        self._forget_wants()
        self._fruitless += 1
        self._step(Happening.STALLED)
        self._later(self._pause())

    # --- answering --------------------------------------------------------------------------------

    def on_want(self, message: Want) -> None:
        """Serve what follows the tips that the peer names."""
        if not self._may_compare():
            return
        if message.number in self._serving or self.link.serving >= self._room.limits.wants_served:
            self.link.refuse("too-many-wants", f"{self.link.serving} are served")
            return
        salted = self._salt_with(message.salt)
        asked, strange = compare.asked_for(salted, compare.unpack_records(message.records), self._slot)
        if strange:
            self._later(self._room.limits.hint_ms)
        if not asked:
            self._send(Events(stream=self.tag, number=message.number, rows=[], end=True))
            return
        serving = self._serving[message.number] = Serving(self._desk, self, message.number, asked)
        serving.read_on()

    def on_more(self, message: More) -> None:
        """The peer has stored so much of what it was sent."""
        serving = self._serving.get(message.number)
        if serving is not None:
            serving.credit(message.bytes)

    def on_ask(self, message: Ask) -> None:
        """Serve single events."""
        if self.link.serving >= self._room.limits.wants_served:
            self.link.refuse("too-many-wants", f"{self.link.serving} are served")
            return
        serving = self._serving[message.number] = Serving(self._desk, self, message.number, ())
        serving.read_ids(message.ids, runs=message.runs)

    def serves(self, number: int, by: object) -> bool:
        """Whether a want of the peer's is still answered, and by whom."""
        return self._serving.get(number) is by

    def served(self, number: int) -> None:
        """A want is answered."""
        del self._serving[number]

    def on_declined(self, message: Declined) -> None:
        """Leave out what the peer will not hold, and what it takes back no longer."""
        if message.back:
            self._closed_there &= not message.everything
            self._declined_there.difference_update(DeviceKey(device) for device in message.feeds)
            self._begin_anew()
        elif message.everything:
            self._closed_there = True
            self._forget_wants()
            self._partial()
        else:
            room = IDS_MAX - len(self._declined_there)
            self._declined_there.update(DeviceKey(device) for device in message.feeds[:room])
        self._salted.clear()

    def on_have(self, message: Have) -> None:
        """The peer can serve these objects."""
        self._desk.objects.offered(self, message.objects)

    def on_need(self, message: Need) -> None:
        """The peer lacks these objects."""
        self._desk.objects.needed(self, message.objects)

    def have(self, objects: Iterable[GitObject]) -> None:
        """Say that objects can be served from here."""
        self._send(Have(stream=self.tag, objects=[(each.name, each.blob) for each in objects]))

    def need(self, objects: Iterable[GitObject]) -> None:
        """Say that objects are lacking here."""
        self._send(Need(stream=self.tag, objects=[(each.name, each.blob) for each in objects]))

    def news(self, batch: Batch) -> None:
        """Pass on what has just become durable, or let the peer know that there is something."""
        events = self.link.unseen(batch.events)
        if not events:
            return
        unchecked = not batch.vouched.isdisjoint(event.id for event in events)
        if not batch.news or unchecked or self.phase is Phase.KNOWN or self._serving or self._closed_there:
            self.link.hint(self)  # what was vouched for is sent with what vouches for it
            return
        for part in _parts(events, self._room.limits.batch_bytes):
            rows = [(event.header, event.signature, self._desk.payload_of(event)) for event in part]
            self.link.saw(event.id for event in part)
            self._send(Events(stream=self.tag, number=0, rows=rows, end=True))

    def farewell(self, events: Sequence[Event]) -> None:
        """The last that a removed reader hears of a stream: why."""
        if events:
            rows = [(event.header, event.signature, self._desk.payload_of(event)) for event in events]
            self._send(Events(stream=self.tag, number=0, rows=rows, end=True))

    # --- how ---------------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        """What is left out of comparisons is not what it was."""
        self._salted.clear()
        self._fruitless = 0
        self._later(self._room.limits.hint_ms)

    def _want(self, salt: bytes, records: Sequence[Record], feeds: int) -> None:
        self._missing_feeds = feeds
        if self._wants or not self._desk.claim(self):
            return
        number = self.link.next_number()
        self._wants[number] = Wanted(feeds)
        self._step(Happening.BEHIND)
        self._send(Want(stream=self.tag, salt=salt, number=number, records=compare.pack_records(records)))
        self._expect_answer()

    def _finish(self, number: int, wanted: Wanted) -> None:
        del self._wants[number]
        self._fruitless = 0 if wanted.stored else self._fruitless + 1
        self._missing_feeds = 0
        self._step(Happening.DONE)
        self._active = False
        self._room.alarms.drop(("late", self.link.id, self.stream))
        self._desk.release(self)
        self._later(self._pause())
        if self.print() == self._theirs:
            self._level()
        if self._told != self.print():
            self.link.offer([self])

    def _level(self) -> None:
        if self._wants:
            return
        self._step(Happening.LEVEL)
        self._equal_at = self._room.now
        self._fruitless = self._missing_feeds = 0
        self._told_feeds = self._active = False
        self._salted.clear()
        self._leaves.clear()
        for name in ("begin", "late"):
            self._room.alarms.drop((name, self.link.id, self.stream))
        if self._told != self.print():
            self.link.offer([self])  # or else only one side would know
        self.link.settled(self)

    def _partial(self) -> None:
        self._step(Happening.DIFFERS)
        self._step(Happening.DECLINED)
        self._room.alarms.drop(("late", self.link.id, self.stream))
        self.link.settled(self)

    def _step(self, happening: Happening) -> None:
        before, self.phase = self.phase, TRANSITIONS[self.phase, happening]
        if self.phase is not before and self.phase in (Phase.KNOWN, Phase.EQUAL, Phase.PARTIAL):
            self.link.settled(self)

    def _forget_wants(self) -> None:
        self._wants.clear()
        self._active = False
        self._desk.release(self)
        if self.phase is Phase.CATCHING_UP:
            self._step(Happening.DONE)

    def _expect_answer(self) -> None:
        self._active = True
        self._room.alarms.put(
            ("late", self.link.id, self.stream), self._room.now + self._room.limits.answer_ms, self._late
        )

    def _late(self, _: int) -> None:
        if any(not wanted.ended and not wanted.parcels for wanted in self._wants.values()):
            self.link.refuse("answer-late", "nothing came of a want")
        elif self._wants or self._serving:
            # All has come that could, and one of both is slow to store it.
            self._expect_answer()
            return
        self._active = False
        self.stalled("an answer is overdue")

    def _later(self, pause_ms: int) -> None:
        self._room.alarms.sooner(
            ("begin", self.link.id, self.stream), self._room.now + pause_ms, lambda _: self.link.line_up(self)
        )

    def _pause(self) -> int:
        limits = self._room.limits
        pause = min(limits.retry_ms << min(self._fruitless, 16), limits.retry_ms_max)
        return pause + self._room.rng.randrange(1 + pause // 4)

    def _may_compare(self) -> bool:
        if self._closed_here or self._closed_there:
            return False
        tips = self._desk.feeds(self.stream)
        return self._desk.compares.take(self.link.peer, 1 + tips, self._room.now)

    def _salt_with(self, salt: bytes) -> Salted:
        salted = self._salted.get(salt)
        if salted is None:
            declined = self._declined | self._declined_there
            salted = self._salted[salt] = compare.Salted(salt, self._room.index.tips(self.stream), declined)
            while len(self._salted) > _SALTS_MAX:
                self._salted.popitem(last=False)
        return salted

    def _unknown(self, message: Feeds) -> list[Feed]:
        """Which of the feeds that our leaves showed the peer does not have."""
        feeds = self._leaves.pop(message.salt, [])
        if len(message.unknown) != (len(feeds) + 7) // 8:
            raise MessageFault("message-malformed", f"flags for {len(feeds)} leaves take another number of bytes")
        return [feed for place, feed in enumerate(feeds) if message.unknown[place >> 3] & (128 >> (place & 7))]

    def _slot(self, device: DeviceKey, seq: int) -> Sequence[EventId]:
        return self._room.index.slot(self.stream, device, seq)

    def _send_feeds(self, salted: Salted, records: Sequence[Record], *, whole: bool, unknown: bytes = b"") -> None:
        packed = compare.pack_records(records)
        self._send(Feeds(stream=self.tag, salt=salted.salt, whole=whole, records=packed, unknown=unknown))

    def _send_ranges(self, salted: Salted, bits: int, buckets: set[int]) -> None:
        prints = b"".join(salted.prints(bits, buckets).values())
        bitmap = compare.pack_buckets(bits, buckets)
        self._send(Ranges(stream=self.tag, salt=salted.salt, bits=bits, buckets=bitmap, prints=prints))

    def _send(self, message: Ask | Declined | Events | Feeds | Have | Leaves | More | Need | Ranges | Want) -> None:
        self.link.send(message)


def _parts(events: Sequence[Event], bytes_max: int) -> Iterable[list[Event]]:
    """Events in messages of about `bytes_max`."""
    part: list[Event] = []
    size = 0
    for event in events:
        part.append(event)
        size += len(event.header) + len(event.payload or b"")
        if size >= bytes_max or len(part) == ROWS_MAX:
            yield part
            part, size = [], 0
    if part:
        yield part
