"""What replication asks of the node it runs in: where each stream ends, and who may have it.

Every method answers from memory or with one seek into an index, so that it may be called from an event loop. Reading
events is another matter: the core asks for those with a `Read` effect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.chain import Link
    from domain.envelope import Event
    from domain.ids import DeviceKey, Did, EventId, StreamId


class Tip(NamedTuple):
    """The last event of one branch of a feed; a feed without a fork has one."""

    device: DeviceKey
    seq: int
    id: EventId


class Held(NamedTuple):
    """A stream as this node holds it. `digest` is `replication.digests.log_digest` of its heads."""

    digest: bytes
    events: int
    bytes: int
    public: bool
    roots: tuple[Did, ...]
    feeds: int = 0
    """How many feeds it has, about: what comparing it costs."""
    identity: bool = False
    """Whether it is a principal's own stream."""


class GitObject(NamedTuple):
    """A git object by its raw id, or (`blob`) a blob by its SHA-256."""

    name: bytes
    blob: bool = False


class Index(Protocol):
    """What this node's log holds, as of the last `stored` or `appended` that the core was told of, or later."""

    def streams(self) -> Iterable[StreamId]:
        """Every stream of which this node holds the genesis."""
        ...

    def held(self, stream: StreamId) -> Held | None:
        """A stream's summary, or None if nothing of it is here."""
        ...

    def tips(self, stream: StreamId) -> Sequence[Tip]:
        """The tips of all branches of all feeds, in any order; none for a stream that is not here."""
        ...

    def link(self, name: EventId) -> Link | None:
        """An event's place in its stream, or None if the event is neither in the log nor held as a stranger's."""
        ...

    def slot(self, stream: StreamId, device: DeviceKey, seq: int) -> Sequence[EventId]:
        """The events in one place of a feed: several where it is forked. Strangers' are not among them."""
        ...

    def redacted(self, name: EventId) -> bool:
        """Whether an accepted redaction covers an event, so that it may be in the log without its payload."""
        ...

    def uncovered(self, stream: StreamId, limit: int) -> Sequence[EventId]:
        """Events of the log without their payload that no accepted redaction covers (now, or any more)."""
        ...

    def may_read(self, stream: StreamId, peer: Did) -> bool:
        """Whether the node with the key `peer` may have a stream that is here: anyone, if it is public."""
        ...

    def objects(self, event: Event) -> Sequence[GitObject]:
        """The git objects and blobs without which an event cannot take its effect here; for most events none."""
        ...

    def lacking(self, stream: StreamId, limit: int) -> Sequence[GitObject]:
        """Objects that events of the log need and this node does not have."""
        ...

    def have(self, stream: StreamId, wanted: GitObject) -> bool:
        """Whether this node can serve an object of a stream."""
        ...
