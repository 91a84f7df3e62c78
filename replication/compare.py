"""Finding out what differs between two copies of one stream: pure functions of tips and of what the peer said of its.

A log holds an event only with all that came before it in its feed, so two copies are equal when the tips of all
branches of all feeds are, and differ by what lies between tips. Tips are compared by a short name of the feed, the
place, and a mark of the event; where there are very many, ranges of names first. docs/design/replication.md says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from replication.effects import After
from replication.limits import (
    BUCKET_BITS_MAX,
    BUCKET_FEEDS,
    FEED_TAG_BYTES,
    FIRST_BITS,
    LEAF_BYTES,
    MARK_BYTES,
    PRINT_BYTES,
    RECORDS_MAX,
    SEQ_BYTES,
    STEP_BITS,
)
from replication.messages import RECORD_BYTES, MessageFault
from replication.prints import feed_print, feed_tag, mark, range_print

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from domain.ids import DeviceKey, EventId
    from domain.ports_replication import Tip


class Record(NamedTuple):
    """A tip as it is said to the other side; seq 0 stands for a feed of which nothing is here."""

    tag: bytes
    seq: int
    mark: bytes


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of ours under a salt."""

    tag: bytes
    device: DeviceKey
    tips: tuple[Tip, ...]
    print: bytes


class Salted:
    """Our tips of one stream under one salt, but for feeds that either side declines."""

    def __init__(self, salt: bytes, tips: Iterable[Tip], declined: Collection[DeviceKey] = ()) -> None:
        self.salt = salt
        self._left_out = {feed_tag(salt, device) for device in declined}
        by_device: dict[DeviceKey, list[Tip]] = {}
        for tip in tips:
            if tip.device not in declined:
                by_device.setdefault(tip.device, []).append(tip)
        self.feeds: dict[bytes, Feed] = {}
        for tag, device in sorted((feed_tag(salt, device), device) for device in by_device):
            own = tuple(by_device[device])
            self.feeds[tag] = Feed(tag, device, own, feed_print(salt, tag, (tip.id for tip in own)))

    def records(self, feeds: Iterable[Feed]) -> list[Record]:
        """The tips of these feeds."""
        return [Record(feed.tag, tip.seq, mark(self.salt, tip.id)) for feed in feeds for tip in feed.tips]

    def leaves_out(self, tag: bytes) -> bool:
        """Whether a feed of the other side is one that is declined."""
        return tag in self._left_out

    def within(self, bits: int, buckets: set[int]) -> list[Feed]:
        """Our feeds in some ranges, by tag; at most `RECORDS_MAX` (the next comparison finds what is over that)."""
        return [feed for feed in self.feeds.values() if bucket_of(feed.tag, bits) in buckets][:RECORDS_MAX]

    def prints(self, bits: int, buckets: set[int]) -> dict[int, bytes]:
        """The prints of some ranges, by range in order."""
        inside: dict[int, list[bytes]] = {bucket: [] for bucket in sorted(buckets)}
        for feed in self.feeds.values():
            bucket = bucket_of(feed.tag, bits)
            if bucket in inside:
                inside[bucket].append(feed.print)
        return {bucket: range_print(self.salt, b"".join(prints)) for bucket, prints in inside.items()}


def bucket_of(tag: bytes, bits: int) -> int:
    """The range that a feed is in: the first bits of its tag."""
    return int.from_bytes(tag[:2], "big") >> (BUCKET_BITS_MAX - bits)


def leaf_bits(feeds: int) -> int:
    """How many bits make ranges of about `BUCKET_FEEDS` feeds."""
    bits = 1
    while bits < BUCKET_BITS_MAX and feeds > BUCKET_FEEDS << bits:
        bits += 1
    return bits


def first_bits(feeds: int) -> int:
    """How finely the first ranges of a comparison are cut."""
    return min(FIRST_BITS, leaf_bits(feeds))


def next_bits(bits: int, feeds: int) -> int | None:
    """How finely ranges are cut that differed at `bits`; None says that their feeds are listed now."""
    enough = leaf_bits(feeds)
    return None if bits >= enough else min(bits + STEP_BITS, enough)


def children(buckets: set[int], bits: int, finer: int) -> set[int]:
    """The ranges that some ranges are cut into."""
    step = finer - bits
    return {(bucket << step) + part for bucket in buckets for part in range(1 << step)}


def pack_buckets(bits: int, buckets: set[int]) -> bytes:
    """Ranges as a bitmap, the first in the highest bit of the first byte."""
    bitmap = bytearray(_bitmap_bytes(bits))
    for bucket in buckets:
        bitmap[bucket >> 3] |= 128 >> (bucket & 7)
    return bytes(bitmap)


def unpack_buckets(bits: int, bitmap: bytes) -> set[int]:
    """The ranges of a bitmap; raises `MessageFault`."""
    if len(bitmap) != _bitmap_bytes(bits):
        raise MessageFault("message-malformed", f"a bitmap of {bits} bits has {len(bitmap)} bytes")
    return {place for place in range(1 << bits) if bitmap[place >> 3] & (128 >> (place & 7))}


def _bitmap_bytes(bits: int) -> int:
    return max(1, (1 << bits) // 8)


def pack_flags(flags: Sequence[bool]) -> bytes:
    """One bit for each, the first in the highest bit."""
    packed = bytearray((len(flags) + 7) // 8)
    for place, flag in enumerate(flags):
        if flag:
            packed[place >> 3] |= 128 >> (place & 7)
    return bytes(packed)


def pack_records(records: Iterable[Record]) -> bytes:
    """Records, one after the other; at most `RECORDS_MAX`."""
    packed = [each.tag + each.seq.to_bytes(SEQ_BYTES, "big") + each.mark for each in records]
    return b"".join(packed[:RECORDS_MAX])


def unpack_records(packed: bytes) -> list[Record]:
    """What `pack_records` packed; raises `MessageFault`."""
    end = FEED_TAG_BYTES + SEQ_BYTES
    return [
        Record(piece[:FEED_TAG_BYTES], int.from_bytes(piece[FEED_TAG_BYTES:end], "big"), piece[end:])
        for piece in pieces(packed, RECORD_BYTES)
    ]


def pieces(packed: bytes, size: int) -> list[bytes]:
    """Bytes cut into pieces of one size; raises `MessageFault` if they do not come out even."""
    if len(packed) % size:
        raise MessageFault("message-malformed", f"{len(packed)} bytes are no whole number of {size}")
    return [packed[start : start + size] for start in range(0, len(packed), size)]


def differing(salted: Salted, bits: int, bitmap: bytes, prints: bytes) -> set[int]:
    """Of the ranges that a peer shows, those where we have something else; raises `MessageFault`."""
    buckets = unpack_buckets(bits, bitmap)
    theirs = pieces(prints, PRINT_BYTES)
    if len(theirs) != len(buckets):
        raise MessageFault("message-malformed", f"{len(theirs)} prints for {len(buckets)} ranges")
    ours = salted.prints(bits, buckets)
    return {bucket for (bucket, own), their in zip(ours.items(), theirs, strict=True) if own != their}


def sort_leaves(salted: Salted, bits: int, bitmap: bytes, leaves: bytes) -> tuple[list[Feed], list[bool]]:
    """Our feeds that are not among a peer's leaves, and for each leaf whether it is unknown to us."""
    theirs = pieces(leaves, LEAF_BYTES)
    ours = salted.within(bits, unpack_buckets(bits, bitmap))
    listed, held = set(theirs), {feed.print[:LEAF_BYTES] for feed in ours}
    return [feed for feed in ours if feed.print[:LEAF_BYTES] not in listed], [leaf not in held for leaf in theirs]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a peer's tips come to: what to ask for, in how many feeds, and our tips that the peer did not show."""

    want: tuple[Record, ...]
    feeds: int
    ahead: tuple[Record, ...]


def difference(
    salted: Salted, records: Sequence[Record], ours: Iterable[Feed], slot: Callable[[DeviceKey, int], Sequence[EventId]]
) -> Difference:
    """Compare a peer's tips with ours; `ours` are the feeds of which it has shown all it has."""
    shown = set(records)
    highest: dict[bytes, int] = {}
    want: list[Record] = []
    lacking: set[bytes] = set()
    for record in records:
        highest[record.tag] = max(record.seq, highest.get(record.tag, 0))
        if record.tag in lacking or salted.leaves_out(record.tag):
            continue
        feed = salted.feeds.get(record.tag)
        if feed is None:
            want.append(Record(record.tag, 0, bytes(MARK_BYTES)))
            lacking.add(record.tag)
        elif record.seq and not _held(salted.salt, feed, record, slot):
            want.extend(salted.records([feed]))
            lacking.add(record.tag)
    ahead = tuple(
        record
        for record in salted.records(ours)
        if record not in shown and not (record.tag in lacking and record.seq <= highest[record.tag])
    )
    return Difference(tuple(want), len(lacking), ahead)


def _held(salt: bytes, feed: Feed, record: Record, slot: Callable[[DeviceKey, int], Sequence[EventId]]) -> bool:
    if any(tip.seq == record.seq and mark(salt, tip.id) == record.mark for tip in feed.tips):
        return True
    if record.seq > max(tip.seq for tip in feed.tips):
        return False
    return any(mark(salt, name) == record.mark for name in slot(feed.device, record.seq))


def asked_for(
    salted: Salted, records: Sequence[Record], slot: Callable[[DeviceKey, int], Sequence[EventId]]
) -> tuple[tuple[After, ...], list[Record]]:
    """What to read for a want, and those of its records that name events we do not have: the asker is ahead there."""
    known: dict[bytes, list[tuple[int, EventId]]] = {}
    strange: list[Record] = []
    for record in records:
        feed = salted.feeds.get(record.tag)
        if feed is None:
            continue
        found = known.setdefault(record.tag, [])
        if record.seq:
            here = [name for name in slot(feed.device, record.seq) if mark(salted.salt, name) == record.mark]
            found.extend((record.seq, name) for name in here)
            if not here:
                strange.append(record)
    return tuple(After(salted.feeds[tag].device, tuple(found)) for tag, found in known.items()), strange
