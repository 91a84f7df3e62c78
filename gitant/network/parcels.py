"""Checked events as the writer is handed them: in requests of a few megabytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from domain.envelope import Event
    from domain.ids import EventId

STORE_BYTES_MAX: Final = 4 << 20
"""Of events in one request to the writer."""


def parcels(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Events in order, in parts that fit a request."""
    part: list[Event] = []
    size = 0
    for event in events:
        length = len(event.header) + len(event.signature) + len(event.payload or b"")
        if part and size + length > STORE_BYTES_MAX:
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    if part:
        yield part


def store_request(events: Sequence[Event], vouched: Collection[EventId], origin: str = "") -> dict[str, Any]:
    """The arguments of `replica.store`."""
    return {
        "events": [bytes3(event) for event in events],
        "vouched": [event.id for event in events if event.id in vouched],
        **({"origin": origin} if origin else {}),
    }


def bytes3(event: Event) -> tuple[bytes, bytes, bytes | None]:
    """Header, signature and payload."""
    return event.header, event.signature, event.payload
