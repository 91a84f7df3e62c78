"""Requests and outcomes as frames: four bytes of length, then canonical CBOR. Bytes in, values out; no sockets.

    request   [number, command, did or null, operator, args, null or [key, fingerprint]]
    answer    [number, position, events, doc, extra, replayed]
    fault     [number, code, message, hint, field]

The number is the asker's own and comes back with the outcome. Both ends are of one build and one user: there is
no version, and what does not decode is a bug that ends the connection.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, final

from domain.actor import Actor
from domain.canonical import decode_own, encode
from domain.errors import LOCAL_FAULTS, GitantError, LocalFault, TooLarge, Unavailable
from domain.ids import Did
from domain.ports_views import Answer
from gitant.writer.request import Request

if TYPE_CHECKING:
    from gitant.writer.request import Outcome

FRAME_BYTES_MAX: Final = 4 << 20
_LENGTH: Final = struct.Struct(">I")


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
    pair = None if request.idempotency is None else list(request.idempotency)
    body = encode([number, request.command, actor.did, actor.operator, dict(request.args), pair])
    if len(body) > FRAME_BYTES_MAX:
        raise TooLarge(
            f"the request comes to {len(body)} bytes, and {FRAME_BYTES_MAX} are allowed", hint="do it in several steps"
        )
    return _LENGTH.pack(len(body)) + body


def decode_request(body: bytes) -> tuple[int, Request]:
    """A request and its number, or `WireFault`."""
    match _value(body):
        case [int(number), str(command), (str() | None) as did, bool(operator), args, pair] if _is(args, dict):
            actor = Actor(None if did is None else Did(did), operator)
            return number, Request(command, actor, args, _pair(pair))
        case _:
            raise WireFault("this is no request")


def _pair(value: Any) -> tuple[bytes, bytes] | None:
    match value:
        case None:
            return None
        case [bytes(key), bytes(fingerprint)]:
            return key, fingerprint
        case _:
            raise WireFault("this is no idempotency key")


def encode_outcome(number: int, outcome: Outcome) -> bytes:
    """A frame. An outcome that fits into none becomes `Unavailable`: what was done is done, it just cannot be told."""
    if isinstance(outcome, LocalFault):
        body = encode([number, outcome.code, outcome.message, outcome.hint, outcome.field])
    else:
        extra = dict(outcome.extra)
        body = encode([number, outcome.position, list(outcome.events), outcome.doc, extra, outcome.replayed])
    if len(body) > FRAME_BYTES_MAX:
        return encode_outcome(number, Unavailable("it was done, but the answer is too long to be sent"))
    return _LENGTH.pack(len(body)) + body


def decode_outcome(body: bytes) -> tuple[int, Outcome]:
    """An outcome and the number of its request, or `WireFault`."""
    match _value(body):
        case [int(number), int(position), events, bytes(doc), extra, bool(replayed)] if _is(events, list) and _is(
            extra, dict
        ):
            return number, Answer(position, tuple(events), doc, extra, replayed)
        case [int(number), str(code), str(message), str(hint), str(field)] if code in LOCAL_FAULTS:
            return number, LOCAL_FAULTS[code](message, hint=hint, field=field)
        case _:
            raise WireFault("this is no outcome")


def _is(value: Any, kind: type) -> bool:
    """Unlike `isinstance`, this leaves the checkers' idea of `value` alone: they do not know what is inside."""
    return isinstance(value, kind)


def _value(body: bytes) -> Any:
    try:
        return decode_own(body)
    except Exception as fault:  # the decoder's errors are of many classes, and all mean the same
        raise WireFault(f"a frame is not CBOR: {fault}") from fault
