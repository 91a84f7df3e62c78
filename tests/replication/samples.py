"""One of every message: for the vectors, and for the fuzzer to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ids import DeviceKey
from replication.compare import Record, pack_buckets, pack_records
from replication.limits import LEAF_BYTES, PRINT_BYTES
from replication.messages import (
    Ask,
    Compare,
    Declined,
    Events,
    Feeds,
    Found,
    Goodbye,
    Have,
    Hello,
    Leaves,
    Message,
    More,
    Need,
    Offers,
    Peers,
    Ranges,
    Refused,
    Same,
    Seek,
    Want,
    encoded,
    name_of,
)
from replication.prints import feed_print, feed_tag, mark, range_print
from tests.making import key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event

SALT = bytes(range(16))


def messages(tag: bytes, events: Sequence[Event]) -> list[Message]:
    """About one stream, whose events these are and whose tag on the link this is."""
    last = events[-1]
    feed = feed_tag(SALT, last.device)
    record = pack_records([Record(feed, last.seq, mark(SALT, last.id))])
    printed = feed_print(SALT, feed, [last.id])
    rows = [(event.header, event.signature, event.payload) for event in events[-2:]]
    bits, buckets = 4, {3, 9}
    return [
        Hello(versions=[1], features=["objects", "peers", "runs"], nonce=SALT, digest=bytes(32)),
        Seek(everything=False, principals=[str(key("root").did)], people=[]),
        Offers(whole=True, streams=tag + bytes(PRINT_BYTES)),
        Found(streams=[bytes(events[0].id)]),
        Compare(salt=SALT, digest=bytes(32)),
        Same(salt=SALT),
        Feeds(stream=tag, salt=SALT, whole=True, records=record),
        Ranges(
            stream=tag,
            salt=SALT,
            bits=bits,
            buckets=pack_buckets(bits, buckets),
            prints=range_print(SALT, printed) + range_print(SALT, b""),
        ),
        Leaves(stream=tag, salt=SALT, bits=bits, buckets=pack_buckets(bits, buckets), prints=printed[:LEAF_BYTES]),
        Want(stream=tag, salt=SALT, number=1, records=record),
        Events(stream=tag, number=0, rows=[*rows], end=True),
        More(stream=tag, number=1, bytes=1_000),
        Ask(stream=tag, number=2, ids=[bytes(last.id)]),
        Declined(stream=tag, feeds=[bytes(DeviceKey(last.device))], everything=False, back=False),
        Have(stream=tag, objects=[(b"c" * 20, False)]),
        Need(stream=tag, objects=[(b"b" * 32, True)]),
        Peers(addresses=[f"{key('root').did}@node.example:4040"]),
        Refused(code="not-asked", words="there is no want 9", final=False),
        Goodbye(words="closing down"),
    ]


def samples(tag: bytes, events: Sequence[Event]) -> dict[str, bytes]:
    """By type, the body of each."""
    return {name_of(message): encoded(message) for message in messages(tag, events)}
