"""The signed envelope: header bytes, what they mean, and the only door from raw bytes to an `Event`.

Format: `docs/event-format.md`. An event's id is SHA-256(ID_TAG ‖ header), its signature Ed25519(SIGNATURE_TAG ‖
header). The payload is stored beside the header, which names it by hash and size. Header bytes are kept as
they came: nothing here re-encodes an event that somebody else signed.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, cast

import cbor2
import msgspec

from domain.canonical import NotCanonical, decode, decode_own
from domain.errors import InvalidInput, Rejected
from domain.header import GENESIS_FIELDS, KNOWN_FIELDS, check_fields
from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.keys import SigningKey, is_sound_key, is_sound_signature, key_of, verify
from domain.limits import HEADER_BYTES_MAX, PAYLOAD_BYTES_MAX
from domain.quick import usual_fields

ID_TAG: Final = b"gitant/event/v1/id\0"
SIGNATURE_TAG: Final = b"gitant/event/v1/signature\0"
VERSION: Final = 1


class RawEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as it came: three byte strings, nothing checked. `payload` None stands for a redacted one."""

    header: bytes
    signature: bytes
    payload: bytes | None


class Event(msgspec.Struct, frozen=True, gc=False):
    """An event whose bytes were checked by `open_event` (or came from this node's own log).

    `stream` of a genesis is its own id. `unknown` says whether it has header fields that this version does not know.
    `enrolment` are the certificates of a feed's first event (`domain/authority/enrolment.py`).
    """

    id: EventId
    v: int
    kind: str
    stream: StreamId
    entity: EventId | None
    device: DeviceKey
    author: Did
    seq: int
    prev: EventId | None
    parents: tuple[EventId, ...]
    lamport: int
    payload_hash: bytes
    payload_size: int
    time: int
    roots: tuple[Did, ...]
    threshold: int
    unknown: bool
    header: bytes
    signature: bytes
    payload: bytes | None
    enrolment: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def genesis(self) -> bool:
        """Whether it begins a stream."""
        return bytes(self.stream) == self.id

    @property
    def order(self) -> tuple[int, EventId]:
        """Its place in the total order of contents."""
        return (self.lamport, self.id)

    @property
    def raw(self) -> RawEvent:
        """The bytes it came as."""
        return RawEvent(self.header, self.signature, self.payload)


def event_id(header: bytes) -> EventId:
    """The id of the event with these header bytes."""
    return EventId(hashlib.sha256(ID_TAG + header).digest())


def open_event(raw: RawEvent) -> Event:
    """Check bytes from anywhere and say what they mean; raises `Rejected` with its reason code.

    A pure function of the bytes. It does not look at parents: `domain/chain.py` does.
    """
    event = open_unverified(raw)
    if not verify(event.device, raw.signature, SIGNATURE_TAG + raw.header):
        raise Rejected("signature-wrong", event.id.hex())
    return event


def is_signed(event: Event) -> bool:
    """Whether an event's signature is right, for those that were only vouched for."""
    return verify(event.device, event.signature, SIGNATURE_TAG + event.header)


def open_unverified(raw: RawEvent) -> Event:
    """`open_event` without the check of the signature itself, its last and dearest.

    For those only who check it afterwards, or know that a checked signature covers these header bytes.
    """
    header = raw.header
    if len(header) > HEADER_BYTES_MAX:
        raise Rejected("header-too-large", f"{len(header)} bytes")
    usual = usual_fields(header)
    if usual is None:
        event = _read(raw)
    else:
        name = EventId(hashlib.sha256(ID_TAG + header).digest())
        # By place, in the order of `Event`: by name takes twice as long, and all that is caught up with comes by here.
        event = Event(name, VERSION, *usual, (), 0, False, header, raw.signature, raw.payload)
    if not is_sound_key(event.device):
        raise Rejected("key-weak")
    if not is_sound_signature(raw.signature):
        raise Rejected("signature-not-canonical")
    _check_author(event)
    _check_payload(event)
    return event


def read_own(header: bytes, signature: bytes, payload: bytes | None) -> Event:
    """An event from this node's own log, whose bytes were checked before they were stored."""
    usual = usual_fields(header)
    if usual is not None:
        return Event(event_id(header), VERSION, *usual, (), 0, False, header, signature, payload)
    return _assemble(decode_own(header), RawEvent(header, signature, payload))


def seal(fields: dict[str, Any], payload: bytes, key: SigningKey) -> Event:
    """Sign a new event: `fields` is its header without `v`, `device`, `author`'s default, payload hash and size.

    Keys are put in canonical order here, which saves the encoder its own sorting.
    """
    assert len(payload) <= PAYLOAD_BYTES_MAX, "writers bound their payloads before they get here"
    header = {"v": VERSION, "device": key.device, "author": key.did, **fields}
    header["payload"] = hashlib.sha256(payload).digest()
    header["size"] = len(payload)
    data = cbor2.dumps({name: header[name] for name in sorted(header, key=lambda name: (len(name), name))})
    assert len(data) <= HEADER_BYTES_MAX
    return _assemble(header, RawEvent(data, key.sign(SIGNATURE_TAG + data), payload))


def _read(raw: RawEvent) -> Event:
    fields = _decoded(raw.header)
    check_fields(fields)
    return _assemble(fields, raw)


def _decoded(header: bytes) -> dict[str, Any]:
    try:
        value = decode(header)
    except NotCanonical as fault:
        raise Rejected("header-not-canonical", str(fault)) from fault
    if not isinstance(value, dict):
        raise Rejected("header-not-a-map")
    return cast("dict[str, Any]", value)


def _assemble(fields: dict[str, Any], raw: RawEvent) -> Event:
    name = event_id(raw.header)
    # Of a later version only the routing core may be read: the other names may mean anything there.
    readable: dict[str, Any] = fields if fields["v"] == VERSION else {}
    get = readable.get
    enrolment = get("enrolment")
    return Event(
        name,
        fields["v"],
        fields["kind"],
        fields.get("stream") or StreamId(name),
        get("entity"),
        fields["device"],
        get("author", ""),
        fields["seq"],
        fields.get("prev"),
        tuple(fields["parents"]),
        fields["lamport"],
        fields["payload"],
        fields["size"],
        get("time", 0),
        tuple(get("roots", ())),
        get("threshold", 0),
        not (KNOWN_FIELDS if "stream" in fields else GENESIS_FIELDS).issuperset(fields),
        raw.header,
        raw.signature,
        raw.payload,
        tuple((link[0], link[1]) for link in enrolment) if enrolment else (),
    )


def _check_author(event: Event) -> None:
    if event.v != VERSION:
        return
    for did in (event.author, *event.roots):
        try:
            key_of(did)
        except InvalidInput as fault:
            raise Rejected("author-malformed", did[:80]) from fault


def _check_payload(event: Event) -> None:
    if event.payload_size > PAYLOAD_BYTES_MAX:
        raise Rejected("payload-too-large", f"{event.payload_size} bytes")
    if event.payload is None:
        return
    if len(event.payload) != event.payload_size or hashlib.sha256(event.payload).digest() != event.payload_hash:
        raise Rejected("payload-mismatch", event.id.hex())
