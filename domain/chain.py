"""An event against its past: parents and prev known, of the same stream, and the Lamport time that follows.

Still a pure function of bytes (the event's and its ancestors'), so a mismatch is `Rejected` on every node alike.
Void ancestors count like any other: otherwise Lamport times could not be checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.errors import MissingParents, Rejected
from domain.ids import DeviceKey, EventId, StreamId

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event


class Link(msgspec.Struct, frozen=True, gc=False):
    """What a descendant's check needs to know of an event."""

    stream: StreamId
    device: DeviceKey
    seq: int
    lamport: int


def check_links(event: Event, known: Callable[[EventId], Link | None]) -> None:
    """Raise `MissingParents` if part of its past is not here, `Rejected` if it does not fit its past."""
    if event.genesis:
        return
    lamport, stray = 0, False
    missing: set[EventId] = set()
    prev: Link | None = None
    for name in event.parents if event.prev is None else (*event.parents, event.prev):
        prev = known(name)
        if prev is None:
            missing.add(name)
        else:
            stray |= prev.stream != event.stream
            lamport = max(lamport, prev.lamport)
    if missing:
        raise MissingParents(tuple(sorted(missing)))
    if stray:
        raise Rejected("stream-mismatch", event.id.hex())
    if event.prev is not None:
        assert prev is not None, "it came last"
        if prev.device != event.device or prev.seq != event.seq - 1:
            raise Rejected("prev-mismatch", event.id.hex())
    if event.lamport != 1 + lamport:
        raise Rejected("lamport-wrong", event.id.hex())


def check_held(event: Event, *, redacted: bool) -> None:
    """Raise `Rejected` if the payload is not here and no accepted redaction covers it: then it stays out of the log."""
    if event.payload is None and not redacted:
        raise Rejected("payload-missing", event.id.hex())
