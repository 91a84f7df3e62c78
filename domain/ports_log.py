"""The seam to the event log at rest: what is put in, what comes out, and in which order.

A *feed* is what one device wrote in one stream. It is a chain until its device signs two events for one
seq; from there on it has *branches*. A branch is named by the first event after the fork, and the branch that
was stored first by nothing (`b""`): which one that is differs between nodes and never leaves this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from domain.envelope import Event

READ_BYTES_MAX = 8 << 20
"""A read stops after the row that takes it past this, however many were asked for."""

BATCH_ROWS = 1_000


class NewRow(msgspec.Struct, frozen=True, gc=False):
    """An event to be stored: `prev` is None for a feed's first, `payload` None for a redacted one."""

    event_id: bytes
    stream: bytes
    device: bytes
    seq: int
    prev: bytes | None
    kind: str
    header: bytes
    signature: bytes
    payload: bytes | None


class StoredRow(msgspec.Struct, frozen=True, gc=False):
    """An event as it is stored, at its local position: 1 for the first that arrived, then without gaps."""

    position: int
    stream: bytes
    device: bytes
    branch: bytes
    seq: int
    kind: str
    header: bytes
    signature: bytes
    payload: bytes | None


class BadRow(msgspec.Struct, frozen=True):
    """A position whose row is missing or does not decode. One whose event was removed here is none of these."""

    position: int
    fault: str


class Receipt(msgspec.Struct, frozen=True):
    """What a request with an idempotency key was answered, so that a repeat is answered the same.

    `fingerprint` tells a repeat from another request under the same key.
    """

    key: bytes
    fingerprint: bytes
    answer: bytes
    made_at_ms: int


class LogStatistics(msgspec.Struct, frozen=True):
    """How much the log holds."""

    events: int
    receipts: int
    bytes_on_disk: int


class DamagedRow(Unavailable):
    """A stored row does not decode: the disk changed it, or somebody did."""

    def __init__(self, position: int, fault: str) -> None:
        super().__init__(
            f"event {position} of the log is damaged: {fault}",
            hint="run `gitant verify` to see all that is, then restore the data folder from a backup",
        )
        self.position = position


class EventLog(Protocol):
    """Every event this node holds, in the order of arrival. All methods may be called from any thread."""

    def append(
        self, rows: Sequence[NewRow], receipts: Sequence[Receipt] = (), vouched: Collection[bytes] = ()
    ) -> list[int]:
        """Store `rows` and `receipts` durably in one transaction; the position of each row, in order.

        `vouched` are the ids of rows whose signatures nobody has checked yet: only the chain that they are in
        vouches for what they say.

        An event that is already there keeps its position. One whose place in its feed is taken by another
        opens a branch. A row whose `prev` is neither stored nor before it in `rows` raises `MissingParents`,
        and then nothing is stored. A receipt whose key is there is left as it was.
        """
        ...

    def read(self, after: int, limit: int) -> list[StoredRow]:
        """Rows with greater positions than `after`, in order: at most `limit`, empty only at the end."""
        ...

    def get(self, position: int) -> StoredRow | None:
        """The row at `position`."""
        ...

    def by_positions(self, positions: Sequence[int]) -> list[StoredRow]:
        """The rows at `positions`, in the order asked for; those that are not there are left out."""
        ...

    def slot(self, stream: bytes, device: bytes, seq: int) -> list[StoredRow]:
        """The events with this place in a feed: one, none, or (at and after a fork) one for each branch."""
        ...

    def feed(self, stream: bytes, device: bytes) -> Iterator[StoredRow]:
        """What a device wrote in a stream, by seq; the first branch whole, then the others by name."""
        ...

    def last_position(self) -> int:
        """The greatest position, whether its event is still here or not; 0 when nothing is stored."""
        ...

    def vouched(self, stream: bytes, after: int, limit: int) -> list[StoredRow]:
        """Rows of a stream whose signatures were only vouched for, with greater positions than `after`, in order."""
        ...

    def are_vouched(self, positions: Sequence[int]) -> set[int]:
        """Which of these positions hold a row whose signature was only vouched for."""
        ...

    def hollow(self, stream: bytes) -> list[int]:
        """The positions of a stream's rows that came without their payload and have none yet, in order."""
        ...

    def note_checked(self, positions: Sequence[int]) -> None:
        """The signatures of these rows were checked, and are good."""
        ...

    def mend(self, position: int, signature: bytes, payload: bytes | None) -> None:
        """Put other bytes, which were checked, beside a row's header; `payload` None leaves what is there."""
        ...

    def forget_payloads(self, positions: Sequence[int]) -> None:
        """Drop the payload bytes of redacted events, for good, in one transaction."""
        ...

    def remove(self, stream: bytes, tells_of: Callable[[bytes], bool]) -> int:
        """Take out all rows of a stream, for good; how many there were. Their positions stay taken, and one more is.

        Receipts go along of whose answers `tells_of` says that they tell of the stream.
        """
        ...

    def receipt(self, key: bytes) -> Receipt | None:
        """The receipt stored under `key`."""
        ...

    def drop_receipts(self, before_ms: int) -> int:
        """Forget receipts made before `before_ms`; how many there were."""
        ...

    def check(self, after: int, limit: int) -> list[StoredRow | BadRow]:
        """Like `read`, with a `BadRow` for every position that is missing or does not decode."""
        ...

    def check_storage(self) -> list[str]:
        """What is wrong with the container the rows are in; nothing when all is well."""
        ...

    def statistics(self) -> LogStatistics:
        """How much there is."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def new_row(event: Event) -> NewRow:
    """What of an event goes into the log."""
    # By place: by name takes twice as long, and every event comes by here.
    return NewRow(
        event.id,
        event.stream,
        event.device,
        event.seq,
        event.prev,
        event.kind,
        event.header,
        event.signature,
        event.payload,
    )


def batches(log: EventLog, after: int = 0, rows: int = BATCH_ROWS) -> Iterator[list[StoredRow]]:
    """Everything after a position in batches; memory stays within `READ_BYTES_MAX` and one event more."""
    while batch := log.read(after, rows):
        yield batch
        after = batch[-1].position
