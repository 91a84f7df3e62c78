"""What is held of strangers, at rest: outside the log, on this node only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import RawEvent
    from domain.ids import DeviceKey, Did, EventId, StreamId


class HeldEvent(NamedTuple):
    """A stranger's event as it came, with where it came from (a network) and when, in milliseconds since 1970."""

    id: EventId
    stream: StreamId
    author: Did
    device: DeviceKey
    seq: int
    lamport: int
    origin: str
    held_ms: int
    raw: RawEvent

    @property
    def bytes(self) -> int:
        """What it takes."""
        return len(self.raw.header) + len(self.raw.signature) + len(self.raw.payload or b"")


class Sum(NamedTuple):
    """How many events, and of how many bytes."""

    events: int
    bytes: int


class HeldThere(NamedTuple):
    """How much is held in one stream, and since when the oldest of it, in milliseconds since 1970."""

    stream: StreamId
    events: int
    bytes: int
    oldest_ms: int


class HeldEvents(Protocol):
    """Changes are seen at once and durable after `settle`; `abandon` takes back those since the last one."""

    def get(self, name: EventId) -> HeldEvent | None:
        """One that is held."""
        ...

    def at(self, stream: StreamId, device: DeviceKey, seq: int) -> HeldEvent | None:
        """The one at a place of a feed; there is never a second one."""
        ...

    def of(self, stream: StreamId, author: Did) -> Sequence[HeldEvent]:
        """All of one author in a stream, in total order."""
        ...

    def page(self, stream: StreamId, after: tuple[int, bytes], limit: int) -> Sequence[HeldEvent]:
        """Those of a stream that came after (held_ms, id), the oldest first."""
        ...

    def sum(self, *, stream: StreamId | None = None, author: Did | None = None, origin: str | None = None) -> Sum:
        """How much is held, of what is named."""
        ...

    def streams(self, limit: int) -> Sequence[HeldThere]:
        """Where something is held: the first so many streams, those with the most events before others."""
        ...

    def put(self, event: HeldEvent) -> None:
        """Hold one; what is held already stays as it is."""
        ...

    def remove(self, name: EventId) -> None:
        """Hold one no longer."""
        ...

    def drop_stream(self, stream: StreamId) -> None:
        """Know nothing of a stream any more."""
        ...

    def drop(self, stream: StreamId, *, author: Did | None, origin: str | None, now_ms: int) -> int:
        """Hold these no longer and remember their ids; how many there were."""
        ...

    def was_dropped(self, name: EventId) -> bool:
        """Whether one was dropped that somebody sends again."""
        ...

    def forget(self, before_ms: int) -> int:
        """Forget what was held, and dropped, before a time; how many were held."""
        ...

    def know(self, stream: StreamId, author: Did, now_ms: int) -> None:
        """From now on, this author is no stranger there."""
        ...

    def knows(self, stream: StreamId, author: Did) -> bool:
        """Whether somebody was let in there."""
        ...

    def rule(self, stream: StreamId) -> str | None:
        """What was chosen for strangers to a stream."""
        ...

    def choose(self, stream: StreamId, rule: str | None) -> None:
        """Choose what becomes of strangers to a stream; None: what holds on the node."""
        ...

    def settle(self) -> None:
        """Make durable what was changed."""
        ...

    def abandon(self) -> None:
        """Take back what was changed since the last `settle`."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
