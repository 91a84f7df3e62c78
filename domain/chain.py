"""An event against its past: parents and prev known, of the same stream, and the Lamport time that follows.

Still a pure function of bytes (the event's and its ancestors'), so a mismatch is `Rejected` on every node alike.
Void ancestors count like any other: otherwise Lamport times could not be checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.errors import MissingParents, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event
    from domain.ids import DeviceKey, EventId, StreamId


class Link(NamedTuple):
    """What a descendant's check needs to know of an event."""

    stream: StreamId
    device: DeviceKey
    seq: int
    lamport: int


def check_links(event: Event, known: Callable[[EventId], Link | None]) -> None:
    """Raise `MissingParents` if part of its past is not here, `Rejected` if it does not fit its past."""
    if event.genesis:
        return
    named = {*event.parents, event.prev} if event.prev is not None else set(event.parents)
    links = {name: known(name) for name in named}
    missing = tuple(sorted(name for name, link in links.items() if link is None))
    if missing:
        raise MissingParents(missing)
    past = [link for link in links.values() if link is not None]
    if any(link.stream != event.stream for link in past):
        raise Rejected("stream-mismatch", event.id.hex())
    if event.prev is not None:
        prev = links[event.prev]
        assert prev is not None
        if prev.device != event.device or prev.seq != event.seq - 1:
            raise Rejected("prev-mismatch", event.id.hex())
    if event.lamport != 1 + max(link.lamport for link in past):
        raise Rejected("lamport-wrong", event.id.hex())


def check_held(event: Event, *, redacted: bool) -> None:
    """Raise `Rejected` if the payload is not here and no accepted redaction covers it: then it stays out of the log."""
    if event.payload is None and not redacted:
        raise Rejected("payload-missing", event.id.hex())
