"""Signing events away from the node: a key file's key, a certificate, and where the stream ends."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from domain.authority.enrolment_text import last_of
from domain.envelope import seal
from domain.errors import InvalidInput
from domain.fold.kind import shape_problem, write_payload
from domain.ids import EventId, StreamId
from domain.limits import NONCE_BYTES, SALT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.authority.enrolment import Chain
    from domain.envelope import Event
    from domain.fold.kind import Payload
    from domain.ids import Did
    from domain.keys import SigningKey

_ID_HEX: Final = 64


class Heads(msgspec.Struct, frozen=True):
    """What `GET /api/v1/repos/{id}/heads?device=…` answers: what the device's next event has to say of its past."""

    stream: str
    parents: list[str]
    seq: int
    prev: str | None
    lamport: int


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the key, the principal it acts for, and the certificates that say so."""

    key: SigningKey
    chains: tuple[Chain, ...]
    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]

    @property
    def author(self) -> Did:
        """The principal."""
        return last_of(self.chains[-1]).principal if self.chains else self.key.did

    def next(self, heads: Heads, kind: str, entity: bytes, payload: Payload) -> Event:
        """The device's next event in a stream, which has to reach the node before another one is signed."""
        stream = _id(heads.stream)
        fields: dict[str, Any] = {
            "kind": kind,
            "stream": StreamId(stream),
            "entity": entity,
            "author": self.author,
            "seq": heads.seq,
            "parents": sorted(_id(name) for name in heads.parents),
            "lamport": heads.lamport,
            "time": self.now_ms(),
        }
        if heads.prev is not None:
            fields["prev"] = EventId(_id(heads.prev))
        elif self.author != self.key.did:
            fields["enrolment"] = [list(link) for link in self._chain_for(stream)]
        return seal(fields, self._bytes(payload), self.key)

    def begin(self, kind: str, payload: Payload, roots: Sequence[Did]) -> Event:
        """A genesis, by a principal's root key."""
        fields = {
            "kind": kind,
            "seq": 1,
            "parents": [],
            "lamport": 1,
            "time": self.now_ms(),
            "roots": sorted(set(roots)),
            "threshold": 1,
            "nonce": self.random_bytes(NONCE_BYTES),
        }
        return seal(fields, self._bytes(payload), self.key)

    def _chain_for(self, stream: bytes) -> Chain:
        """The certificate that says most and holds in a stream."""
        holding = [chain for chain in self.chains if last_of(chain).stream in (None, stream)]
        if not holding:
            raise InvalidInput("none of the key's certificates is for this repository", hint="enrol it for this one")
        return max(holding, key=lambda chain: len(last_of(chain).powers))

    def _bytes(self, payload: Payload) -> bytes:
        problem = shape_problem(payload) or payload.problem()
        if problem:
            raise InvalidInput(problem)
        return write_payload(payload, self.random_bytes(SALT_BYTES))


def posted(event: Event) -> dict[str, str]:
    """An event as `POST /api/v1/events` takes it."""
    assert event.payload is not None
    parts = {"header": event.header, "signature": event.signature, "payload": event.payload}
    return {name: base64.b64encode(part).decode() for name, part in parts.items()}


def _id(text: str) -> bytes:
    if len(text) != _ID_HEX:
        raise InvalidInput("the node's answer names no event ids", hint="is it a Gitant node?")
    return bytes.fromhex(text)
