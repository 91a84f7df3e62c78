"""Requests and outcomes as frames: four bytes of length, then MessagePack. Bytes in, values out; no sockets.

The number is the asker's own and comes back with the outcome. Both ends are of one build and one user: there is
no version, and what does not decode is a bug that ends the connection. Nothing of this is kept or signed, so it need
not be the CBOR that events are made of: msgspec checks the types as it decodes, in a tenth of the time.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, final

import msgspec

from domain.actor import Actor
from domain.errors import LOCAL_FAULTS, GitantError, LocalFault, TooLarge, Unavailable
from domain.ids import Did
from domain.ports_views import Answer
from gitant.writer.request import Request

if TYPE_CHECKING:
    from gitant.writer.request import Outcome

FRAME_BYTES_MAX: Final = 8 << 20
"""An issue's document holds a text of a million characters and more."""
_LENGTH: Final = struct.Struct(">I")


class _Asked(msgspec.Struct, array_like=True, frozen=True, gc=False):
    number: int
    command: str
    did: str | None
    operator: bool
    door: str
    credential: str
    args: dict[str, Any]
    idempotency: tuple[bytes, bytes] | None


class _Done(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="done"):
    number: int
    position: int
    events: tuple[str, ...]
    doc: bytes
    extra: dict[str, Any]
    replayed: bool


class _Refused(msgspec.Struct, array_like=True, frozen=True, gc=False, tag="refused"):
    number: int
    code: str
    message: str
    hint: str
    field: str
    retry_after_s: int


_ENCODER: Final = msgspec.msgpack.Encoder()
_ASKED: Final = msgspec.msgpack.Decoder(_Asked)
_ANSWERED: Final = msgspec.msgpack.Decoder(_Done | _Refused)


class WireFault(GitantError):
    """The other end does not speak this wire."""


@final
class Frames:
    """Cuts a stream of bytes into the bodies of its frames."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that `data` completes; raises `WireFault` at a length over the limit."""
        data = self._rest + data
        bodies: list[bytes] = []
        start = 0
        while len(data) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(data, start)
            if length > FRAME_BYTES_MAX:
                raise WireFault(f"a frame of {length} bytes, where {FRAME_BYTES_MAX} are allowed")
            end = start + _LENGTH.size + length
            if end > len(data):
                break
            bodies.append(data[start + _LENGTH.size : end])
            start = end
        self._rest = data[start:]
        return bodies


def encode_request(number: int, request: Request) -> bytes:
    """A frame; raises `TooLarge` for a request that fits into none."""
    actor = request.actor
    body = _ENCODER.encode(
        _Asked(
            number,
            request.command,
            actor.did,
            actor.operator,
            actor.door,
            actor.credential,
            dict(request.args),
            request.idempotency,
        )
    )
    if len(body) > FRAME_BYTES_MAX:
        raise TooLarge(
            f"the request comes to {len(body)} bytes, and {FRAME_BYTES_MAX} are allowed", hint="do it in several steps"
        )
    return _LENGTH.pack(len(body)) + body


def decode_request(body: bytes) -> tuple[int, Request]:
    """A request and its number, or `WireFault`."""
    try:
        asked = _ASKED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise WireFault(f"this is no request: {fault}") from fault
    did = None if asked.did is None else Did(asked.did)
    actor = Actor(did, asked.operator, asked.door, asked.credential)
    return asked.number, Request(asked.command, actor, asked.args, asked.idempotency)


def encode_outcome(number: int, outcome: Outcome) -> bytes:
    """A frame. An outcome that fits into none becomes `Unavailable`: what was done is done, it just cannot be told."""
    told: _Done | _Refused
    if isinstance(outcome, LocalFault):
        told = _Refused(number, outcome.code, outcome.message, outcome.hint, outcome.field, outcome.retry_after_s)
    else:
        extra = dict(outcome.extra)
        told = _Done(number, outcome.position, outcome.events, outcome.doc, extra, outcome.replayed)
    body = _ENCODER.encode(told)
    if len(body) > FRAME_BYTES_MAX:
        return encode_outcome(number, Unavailable("it was done, but the answer is too long to be sent"))
    return _LENGTH.pack(len(body)) + body


def decode_outcome(body: bytes) -> tuple[int, Outcome]:
    """An outcome and the number of its request, or `WireFault`."""
    try:
        told = _ANSWERED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise WireFault(f"this is no outcome: {fault}") from fault
    if isinstance(told, _Done):
        return told.number, Answer(told.position, told.events, told.doc, told.extra, told.replayed)
    if told.code not in LOCAL_FAULTS:
        raise WireFault(f"there is no fault {told.code!r}")
    return told.number, LOCAL_FAULTS[told.code](
        told.message, hint=told.hint, field=told.field, retry_after_s=told.retry_after_s
    )
