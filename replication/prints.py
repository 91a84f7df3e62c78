"""Salted hashes: short names and fingerprints that hold for one link, or for one comparison on it.

Their salts are drawn by the nodes that compare, so that nobody can make events beforehand whose short hashes clash. A
clash by chance hides a difference for one round, and the next round has another salt.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from replication.limits import FEED_TAG_BYTES, MARK_BYTES, PRINT_BYTES, STREAM_TAG_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.ids import DeviceKey, EventId, StreamId

_LINK_TAG: Final = b"gitant/link/v1\0"
_SUMMARY_TAG: Final = b"gitant/summary/v1\0"


def link_key(one: bytes, other: bytes) -> bytes:
    """The key of a link, from the nonces of both hellos in any order."""
    return hashlib.sha256(_LINK_TAG + min(one, other) + max(one, other)).digest()


def stream_tag(key: bytes, stream: StreamId) -> bytes:
    """What a stream is called on the link with this key: nothing to whoever does not know the stream."""
    return hashlib.blake2b(stream, digest_size=STREAM_TAG_BYTES, key=key, person=b"gitant/stream/1").digest()


def stream_print(key: bytes, stream: StreamId, digest: bytes) -> bytes:
    """What a node holds of a stream, for one link: its log digest, salted and cut short."""
    return hashlib.blake2b(stream + digest, digest_size=PRINT_BYTES, key=key, person=b"gitant/print/1").digest()


def summary(salt: bytes, streams: Iterable[tuple[StreamId, bytes]]) -> bytes:
    """One digest over streams and their log digests."""
    digest = hashlib.sha256(_SUMMARY_TAG + salt)
    for stream, held in sorted(streams):
        digest.update(stream + held)
    return digest.digest()


def feed_tag(salt: bytes, device: DeviceKey) -> bytes:
    """What a feed is called in one comparison."""
    return hashlib.blake2b(device, digest_size=FEED_TAG_BYTES, key=salt, person=b"gitant/feed/1").digest()


def mark(salt: bytes, event: EventId) -> bytes:
    """What an event is called in one comparison."""
    return hashlib.blake2b(event, digest_size=MARK_BYTES, key=salt, person=b"gitant/mark/1").digest()


def feed_print(salt: bytes, tag: bytes, tips: Iterable[EventId]) -> bytes:
    """What a node holds of one feed: its tips, sorted. 16 bytes, of which leaves show the first few."""
    return hashlib.blake2b(tag + b"".join(sorted(tips)), digest_size=16, key=salt, person=b"gitant/tips/1").digest()


def range_print(salt: bytes, feeds: bytes) -> bytes:
    """A range of feeds: over their prints, in the order of their tags."""
    return hashlib.blake2b(feeds, digest_size=PRINT_BYTES, key=salt, person=b"gitant/range/1").digest()
