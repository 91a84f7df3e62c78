"""A repository that grows one event after the other, quickly: its keys sign nothing, which folds do not look at."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any, Final, final

from domain.canonical import encode
from domain.envelope import seal
from domain.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.envelope import Event

_TIME: Final = 1_700_000_000_000
_SALT: Final = bytes(16)


@final
class QuietKey(SigningKey):
    """Signs nothing: making signatures is most of the work of making events."""

    __slots__ = ()

    def sign(self, message: bytes) -> bytes:  # noqa: ARG002  # what every key takes
        """The place of a signature."""
        return bytes(64)


@cache
def person(name: object) -> QuietKey:
    """Somebody's key; the same in every run."""
    return QuietKey(hashlib.sha256(f"benchmark {name}".encode()).digest())


class Feeds:
    """One repository of `root`, its events in order and the last one of each device."""

    def __init__(self) -> None:
        self.root = person("root")
        header: dict[str, Any] = {
            "kind": "repository.created.v1",
            "seq": 1,
            "parents": [],
            "lamport": 1,
            "time": _TIME,
            "roots": [self.root.did],
            "threshold": 1,
            "nonce": bytes(16),
        }
        self.genesis = seal(header, _packed({"name": "project"}), self.root)
        self.events = [self.genesis]
        self.last: dict[bytes, Event] = {self.root.device: self.genesis}

    def write(
        self, key: SigningKey, kind: str, payload: Mapping[str, Any], *, entity: bytes = b"", after: Event | None = None
    ) -> Event:
        """The next event; its parent is the last one, or `after`."""
        parent, prev = after or self.events[-1], self.last.get(key.device)
        fields: dict[str, Any] = {
            "kind": kind,
            "stream": self.genesis.stream,
            "entity": entity or self.genesis.id,
            "seq": prev.seq + 1 if prev else 1,
            "parents": [parent.id],
            "lamport": 1 + max(parent.lamport, prev.lamport if prev else 0),
            "time": _TIME,
        }
        event = seal({**fields, "prev": prev.id} if prev else fields, _packed(payload), key)
        self.events.append(event)
        self.last[key.device] = event
        return event


def _packed(payload: Mapping[str, Any]) -> bytes:
    return encode({"salt": _SALT, **payload})
