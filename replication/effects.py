"""What the core asks of the world, as values, and what the world reports back.

The caller of a `Replicator` carries the effects out in the order given, and hands in what came of those with a token:
`Store` and `Mend` → `stored`, `Read` → `read`, `Fetch` → `fetched`. Nothing here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.envelope import Event, RawEvent
    from domain.ids import DeviceKey, Did, EventId, StreamId
    from domain.ports_replication import GitObject

LinkId = NewType("LinkId", int)
"""One connection with one peer, named by whoever carries it; never used again for another."""

Token = NewType("Token", int)
"""What ties a report to the effect that it is about."""


@dataclass(frozen=True, slots=True)
class Send:
    """Put a frame on a link, after all that were put on it before."""

    link: LinkId
    data: bytes


@dataclass(frozen=True, slots=True)
class Store:
    """Append events of one stream durably, fold them, and report `stored(token, …)`.

    They come after their past and were checked; those in `vouched` only by the hash chain to a signature that was,
    which the log has to remember until `Checked`. Each of `holes` came without its payload. Mostly an accepted
    redaction covers it with these events, or will with later ones; meanwhile `Index.uncovered` names it, and the stream
    is incomplete. What strangers wrote may be kept out of the log (`domain/moderation`) and is then named in
    `stored(…, held=…)`, unless one of these events that is not has it in its past; what that brings
    along of those held before is reported with `appended` first. The signature of what is held has to be checked by who
    holds it. One store after the other is done.
    """

    token: Token
    stream: StreamId
    events: tuple[Event, ...]
    vouched: frozenset[EventId] = frozenset()
    holes: frozenset[EventId] = frozenset()


class Outcome(StrEnum):
    """What came of a `Store` or a `Mend`."""

    STORED = "stored"
    FAILED = "failed"
    """Not now: the disk is full, or the writer is gone. Nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Mend:
    """Put these bytes in place of those of events of the same ids that are in the log, and report `stored(token, …)`.

    Their signatures were checked. What changes is the signature of one that was only vouched for, or the payload of one
    that came without it: the entities it touches have to be folded again. A payload of None leaves what is there. Rare;
    carried out in order with `Store`.
    """

    token: Token
    stream: StreamId
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """Signatures that were only vouched for have been checked and are good: note it, some time. Nothing is reported."""

    stream: StreamId
    events: frozenset[EventId]


@dataclass(frozen=True, slots=True)
class After:
    """What of one feed is asked for: all that is on any of its branches and not before one of the `known` events.

    A `known` event is a (seq, id); one that this node does not hold is passed over, and if none is held, all of the
    feed is meant.
    """

    device: DeviceKey
    known: tuple[tuple[int, EventId], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadFeeds:
    """Rows of some feeds of a stream, each after its past: at most about `bytes_max` of them, those after `cursor`.

    `cursor` 0 begins; the answer's says where to go on (the log's position will do) and 0 that this was all.
    """

    stream: StreamId
    feeds: tuple[After, ...]
    cursor: int
    bytes_max: int
    events_max: int


@dataclass(frozen=True, slots=True)
class ReadIds:
    """Rows by id, each after those it names of the others; what is not in the stream is left out."""

    stream: StreamId
    ids: tuple[EventId, ...]
    bytes_max: int


@dataclass(frozen=True, slots=True)
class ReadVouched:
    """Rows of a stream whose signatures were never checked, after `cursor`: at most `events_max` of them."""

    stream: StreamId
    cursor: int
    events_max: int


@dataclass(frozen=True, slots=True)
class Read:
    """Read rows of the log and report `read(token, Rows(…))`; reads may overlap."""

    token: Token
    query: ReadFeeds | ReadIds | ReadVouched


@dataclass(frozen=True, slots=True)
class Row:
    """An event as it is stored. The payload of a redacted one is None, whether or not its bytes are still here."""

    id: EventId
    device: DeviceKey
    raw: RawEvent
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer to a `Read`; `failed` when the log could not be read."""

    rows: tuple[Row, ...]
    cursor: int = 0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get git objects or blobs of a stream from the peer of a link, and report `fetched(token, …)`."""

    token: Token
    link: LinkId
    peer: Did
    stream: StreamId
    objects: tuple[GitObject, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A peer told where nodes can be dialled. Nothing of it is checked but its length and how often it comes."""

    link: LinkId
    peer: Did
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Call `woke(now)` at this time (monotonic milliseconds); the latest one counts, an earlier call does no harm."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Close:
    """End a link, once what was sent on it has left; `disconnected` is not called for it any more."""

    link: LinkId
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the log and the metrics: a stable code, and values that say it in a sentence."""

    code: str
    words: str
    peer: Did | None = None
    stream: StreamId | None = None
    values: Mapping[str, Any] | None = None


Effect = Send | Store | Mend | Checked | Read | Fetch | Heard | WakeAt | Close | Note
