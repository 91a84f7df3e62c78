"""From the rows of a message to events; a run is checked by the signature at its end and the chain that leads there.

A valid signature covers its event's header, which holds the id of the event before it in its feed, and so on: what is
linked to it in the same message is *vouched* for. Payloads and everything else are checked event by event all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.envelope import SIGNATURE_TAG, Event, RawEvent, open_unverified
from domain.errors import Rejected
from domain.ids import EventId

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from domain.ids import DeviceKey, StreamId

    Verify = Callable[[DeviceKey, bytes, bytes], bool]
    """(key, signature, message): `domain.keys.verify`, or one that remembers."""

FAULTS_MAX: Final = 4
"""After so many bad events the rest of a message is not looked at."""


@dataclass(slots=True)
class Opened:
    """The sound events of a message in order, which of them are only vouched for, and what was wrong with others."""

    events: list[Event] = field(default_factory=list[Event])
    vouched: set[EventId] = field(default_factory=set[EventId])
    faults: list[Rejected] = field(default_factory=list[Rejected])


def open_rows(
    rows: Sequence[tuple[bytes, bytes, bytes | None]],
    stream: StreamId,
    held: Callable[[Event], bool],
    verify: Verify,
    *,
    singly: bool,
    own: Collection[DeviceKey] = (),
) -> Opened:
    """Open rows of one stream and drop what is `held`; every signature is checked if `singly`, and of `own` feeds."""
    opened = Opened()
    here: set[EventId] = set()
    for row in rows:
        try:
            event = open_unverified(RawEvent(*row))
            if event.stream != stream:
                raise Rejected("stream-mismatch", event.id.hex())
        except Rejected as fault:
            opened.faults.append(fault)
            if len(opened.faults) == FAULTS_MAX:
                break
            continue
        opened.events.append(event)
        if held(event):
            here.add(event.id)
    _check_signatures(opened, here, verify, singly=singly, own=own)
    return opened


def _check_signatures(
    opened: Opened, here: Collection[EventId], verify: Verify, *, singly: bool, own: Collection[DeviceKey]
) -> None:
    """From the last event to the first, so that each run's end comes before what it vouches for.

    By the device that signed the link, too: nobody vouches for what others are said to have written. What is here
    already is not looked at, and vouches like any other.
    """
    linked: dict[EventId | None, DeviceKey] = {}
    sound: list[Event] = []
    for event in reversed(opened.events):
        name, device = event.id, event.device
        if name in here:
            linked[event.prev] = device
            continue
        vouched = linked.get(name) == device
        if vouched and not singly and device not in own:
            opened.vouched.add(name)
        elif len(opened.faults) >= FAULTS_MAX:
            continue
        elif not verify(device, event.signature, SIGNATURE_TAG + event.header):
            if not vouched or singly:
                opened.faults.append(Rejected("signature-wrong", name.hex()))
                continue
            # Its own device's last copy may be lost, so that nobody else can give it a better one now.
            opened.vouched.add(name)
        linked[event.prev] = device
        sound.append(event)
    sound.reverse()
    opened.events = sound
