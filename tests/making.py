"""Signed events for tests: honest by default, dishonest wherever a test overrides a field."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from domain.canonical import encode
from domain.chain import Link, check_held, check_links
from domain.envelope import SIGNATURE_TAG, RawEvent, event_id, open_event, seal
from domain.keys import SigningKey
from domain.replay.engine import Applied, Engine
from domain.replay.memory import MemoryHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.envelope import Event
    from domain.fold.kind import State
    from domain.ids import EventId
    from domain.replay.states import States
    from domain.verdict import Verdict

SALT = b"salt" * 4
NONCE = b"nonceNONCEnonce!"


def seed_of(name: str) -> bytes:
    """The private key seed that belongs to a name."""
    return hashlib.sha256(b"gitant test key " + name.encode()).digest()


@cache
def key(name: str) -> SigningKey:
    """The signing key of somebody called `name`; the same in every run."""
    return SigningKey(seed_of(name))


def pack(fields: Mapping[str, Any] | bytes, *, salt: bytes = SALT) -> bytes:
    """A payload's bytes; ready bytes stay as they are."""
    return fields if isinstance(fields, bytes) else encode({"salt": salt, **fields})


def begin(
    root: str = "root",
    kind: str = "repository.created.v1",
    payload: Mapping[str, Any] | bytes = {"name": "project"},
    sign: Callable[[str], SigningKey] = key,
    **header: Any,
) -> Event:
    """A genesis event by `root`."""
    signer = sign(root)
    fields = {
        "kind": kind,
        "seq": 1,
        "parents": [],
        "lamport": 1,
        "time": 1_700_000_000_000,
        "roots": [signer.did],
        "threshold": 1,
        "nonce": NONCE,
        **header,
    }
    return seal(_present(fields), pack(payload), signer)


def write(
    who: str,
    kind: str,
    payload: Mapping[str, Any] | bytes = b"",
    *,
    genesis: Event,
    after: Sequence[Event] = (),
    prev: Event | None = None,
    entity: EventId | None = None,
    sign: Callable[[str], SigningKey] = key,
    **header: Any,
) -> Event:
    """An event in the stream of `genesis` whose parents are `after` (the genesis by default)."""
    parents = after or (genesis,)
    past = [*parents, *([prev] if prev else [])]
    fields = {
        "kind": kind,
        "stream": genesis.stream,
        "entity": entity or genesis.id,
        "seq": prev.seq + 1 if prev else 1,
        "prev": prev.id if prev else None,
        "parents": sorted({parent.id for parent in parents}),
        "lamport": 1 + max(event.lamport for event in past),
        "time": 1_700_000_000_000 + 1000 * max(event.lamport for event in past),
        **header,
    }
    return seal(_present(fields), pack(payload), sign(who))


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    """A field overridden with None is left out."""
    return {name: value for name, value in fields.items() if value is not None}


def sign_fields(fields: Mapping[str, Any], payload: bytes | None = None, who: str = "") -> RawEvent:
    """Sign any header at all, as a hostile writer would; nothing is added to `fields`.

    Signed by the device that the header names, if it is anybody's here.
    """
    names: dict[bytes, str] = {key(name).device: name for name in ("root", "bob")}
    device = fields.get("device")
    return sign_header(
        encode(dict(fields)), payload, who or names.get(device if isinstance(device, bytes) else b"", "root")
    )


def sign_header(header: bytes, payload: bytes | None = None, who: str = "root") -> RawEvent:
    """Sign header bytes as they are."""
    return RawEvent(header, key(who).sign(SIGNATURE_TAG + header), payload)


class Node:
    """What a node is to events: the checks in front, a log that drops what it has, and the fold."""

    def __init__(self, states: States | None = None) -> None:
        self.history = MemoryHistory()
        self.engine = Engine(self.history, states=states)

    def receive(self, raw: RawEvent) -> Applied | None:
        """Take in bytes from anywhere; None for an event that is here already."""
        name = event_id(raw.header)
        if name in self.history.events:
            return None
        event = open_event(raw)
        check_held(event, redacted=self.history.redacted(event.id))
        check_links(event, self.link)
        return self.engine.apply(event)

    def apply(self, event: Event) -> Applied | None:
        """Like `receive` for an event that was checked before."""
        return None if event.id in self.history.events else self.engine.apply(event)

    def link(self, name: EventId) -> Link | None:
        event = self.history.events.get(name)
        return None if event is None else Link(event.stream, event.device, event.seq, event.lamport)

    def verdict(self, event: Event) -> Verdict:
        return self.history.verdicts[event.id]

    def state(self, name: bytes) -> State:
        state = self.engine.state(name)
        assert state is not None, "nothing accepted touches it"
        return state


class Story:
    """A stream that people write in turn, each event after everything before it, on one node."""

    def __init__(self, root: str = "root", **genesis: Any) -> None:
        self.node = Node()
        self.genesis = begin(root, **genesis)
        self.events: list[Event] = [self.genesis]
        self.last: dict[str, Event] = {root: self.genesis}
        self.node.receive(self.genesis.raw)

    def draft(
        self, who: str, kind: str, payload: Mapping[str, Any] | bytes, *, on: Event | None = None, **header: Any
    ) -> Event:
        """The event that `write` would add, not added."""
        header.setdefault("after", [self.events[-1]])
        header.setdefault("prev", self.last.get(who))
        header.setdefault("entity", on.id if on else None)
        return write(who, kind, payload, genesis=self.genesis, **header)

    def write(
        self, who: str, kind: str, payload: Mapping[str, Any] | bytes, *, on: Event | None = None, **header: Any
    ) -> Event:
        """Add an event that acts on the entity that `on` created (the stream's own by default)."""
        event = self.draft(who, kind, payload, on=on, **header)
        self.node.receive(event.raw)
        self.events.append(event)
        self.last[who] = event
        return event

    def issue(self, who: str = "root", title: str = "Broken", body: str = "It is.", **payload: Any) -> Event:
        """An issue, opened."""
        number = payload.pop("number", 1 + sum(event.kind == "issue.opened.v1" for event in self.events))
        return self.write(who, "issue.opened.v1", {"title": title, "body": body, "number": number, **payload})

    def verdict(self, event: Event) -> Verdict:
        return self.node.verdict(event)

    def state(self, event: Event) -> State:
        return self.node.state(event.id)
