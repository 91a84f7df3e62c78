"""Histories to hold the fold to its laws: several people, branches, forks, late and wrong things, from plain bytes.

A history is read off a byte string, choice by choice, so that a shorter string is a smaller one. A choice of 0, which
is also what comes after the last byte, is always the honest and simple one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from domain.authority.enrolment import Certificate, certify
from domain.canonical import encode
from domain.fold.kind import field_names
from domain.ids import EventId, StreamId
from domain.keys import SigningKey
from domain.kinds import KINDS
from tests.making import SALT, begin, key, seed_of, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.envelope import Event
    from domain.keys import SigningKey as Key

T = TypeVar("T")

ROOTS = ("root", "friend")
PEOPLE = ("mallory", "eve", "ann", "ben", "friend", "root")
DEVICES = ("mallory/plain", "ann/node", "root/node", "eve/plain", "eve/manage", "eve/node")
IDENTITY = "identity.created.v1"
STREAMS_MAX = 3
TOKEN_FIRST = 0x4E00
"""The words of event n are the one character n after this, which no cutting and joining of texts can make."""
NODE = "node"
NOBODY = EventId(b"\x99" * 32)


def devices_of(principal: str) -> list[str]:
    """The keys that have certificates of a principal."""
    return [who for who in DEVICES if who.partition("/")[0] == principal]


@cache
def enrolment(who: str, *, stream: StreamId | None = None, forged: bool = False) -> list[list[bytes]]:
    """The certificate that a writer's feed begins with; a forged one is signed by nobody who may."""
    principal, _, purpose = who.partition("/")
    certificate = Certificate(
        key(principal).did,
        key(who).device,
        ("manage",) if purpose == "manage" else (),
        key(NODE).did if purpose == "node" else None,
        stream,
    )
    return [list(certify(certificate, key("mallory/plain" if forged else principal)))]


class QuietKey(SigningKey):
    """Signs nothing: folds do not look at signatures, and making them is most of the work."""

    __slots__ = ()

    def sign(self, message: bytes) -> bytes:
        return bytes(64)


@cache
def quiet(name: str) -> Key:
    """Somebody's key without its signatures."""
    return QuietKey(seed_of(name))


class Choices:
    """Decisions read off bytes; zeros once they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def used_up(self) -> bool:
        return self._at >= len(self._data)

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1."""
        self._at += 1
        return self._data[self._at - 1] % bound if self._at <= len(self._data) else 0

    def rarely(self, one_in: int) -> bool:
        """True once in a while."""
        return self.below(one_in) == one_in - 1

    def pick(self, options: Sequence[T]) -> T:
        """One of them; the last one first, which is mostly the newest."""
        return options[-1 - self.below(len(options))]

    def some(self, options: Sequence[T]) -> list[T]:
        """Any selection of at most eight."""
        mask = self.below(256)
        return [option for number, option in enumerate(options[-8:]) if mask >> number & 1]


class Made(NamedTuple):
    """What a generator wants to happen: `notes` are the (entity, slot) pairs that the event writes; None is itself."""

    entity: bytes
    payload: dict[str, Any]
    notes: tuple[tuple[bytes | None, str], ...] = ()


class World:
    """A history as it grows."""

    def __init__(self, data: bytes, sign: Callable[[str], Key] = quiet) -> None:
        self.choices = Choices(data)
        self.events: list[Event] = []
        self.things: dict[str, list[Event]] = {}
        """By sort, the events that create one, void ones too."""
        self.token = ""
        self.who = ""
        """The key that writes the event being made."""
        self._stream: Event
        self._sign = sign
        self._streams: list[Event] = []
        self._heads: dict[tuple[bytes, int], dict[bytes, Event]] = {}
        """By stream and side: there are two, and people on one see little of the other."""
        self._feeds: dict[tuple[str, bytes], list[Event]] = {}
        self._written: dict[tuple[bytes, str], list[EventId]] = {}

    # --- what generators ask ---------------------------------------------------------------------

    def thing(self, *sorts: str) -> bytes:
        """An entity of one of these sorts in the event's stream; rarely of another sort or stream, or none at all."""
        if self.choices.rarely(30):
            sorts = tuple(self.things)
        anywhere = self.choices.rarely(40)
        found = [
            event.id
            for sort in sorts
            for event in self.things.get(sort, ())
            if anywhere or event.stream == self._stream.stream
        ]
        if not found or self.choices.rarely(30):
            return NOBODY
        # Much happens to one thing: that is where orders matter.
        return found[0] if self.choices.below(3) else self.choices.pick(found)

    def written(self, entity: bytes, slot: str) -> list[EventId]:
        """Earlier writes of a slot, as a writer would name them: mostly the last ones, sometimes anything."""
        earlier = self._written.get((entity, slot), [])
        match self.choices.below(8):
            case 0 | 1 | 2 | 3:
                return earlier[-1:]
            case 4:
                return earlier
            case 5:
                return []
            case 6:
                return self.choices.some(earlier)
            case _:
                return [self.choices.pick(self.events).id, NOBODY]

    def forgettable(self) -> list[Event]:
        """The events that can be redacted."""
        return [event for event in self.events if (kind := KINDS.get(event.kind)) and kind.redactable] or self.events

    def writer(self) -> str:
        """A key that writes: a principal's own, or one of its other devices."""
        return self.choices.pick((*DEVICES, *PEOPLE, *PEOPLE, *ROOTS))

    def anybody(self) -> str:
        """Somebody's did."""
        return key(self.choices.pick(PEOPLE)).did

    # --- growing ---------------------------------------------------------------------------------

    def begin(self, who: str, kind: str, payload: dict[str, Any], **header: Any) -> Event:
        """A stream begins."""
        nonce = len(self._streams).to_bytes(16, "big")
        roots = sorted(key(root).did for root in (ROOTS if who in ROOTS else (who,)))
        header = {"roots": roots, "nonce": nonce, **header}
        event = begin(who, kind, payload, sign=self._sign, **header)
        self._streams.append(event)
        self._add(who, event)
        return event

    def grant(self, who: str, role: str) -> None:
        """A root gives somebody a role, and both sides see it."""
        genesis = self._streams[0]
        feed = self._feeds["root", genesis.id]
        heads = self._heads[genesis.id, 0] | self._heads[genesis.id, 1]
        payload = {"principal": key(who).did, "role": role}
        event = write(
            "root",
            "member.granted.v1",
            payload,
            genesis=genesis,
            after=list(heads.values()),
            prev=feed[-1],
            sign=self._sign,
        )
        self._add("root", event)
        for side in (0, 1):
            self._heads[genesis.id, side] = {event.id: event}

    def step(self, kind: str, make: Callable[[World], Made], who: str = "") -> None:
        """One more event of a kind, by somebody, somewhere in the graph."""
        choices = self.choices
        self._stream = genesis = self._place(kind)
        self.who = who = who or self._insider()
        self.token = chr(TOKEN_FIRST + len(self.events))
        made = make(self)
        creates = KINDS[kind].creates
        if creates in ("repository", "identity") and len(self._streams) < STREAMS_MAX and not choices.rarely(6):
            odd = self._odd_header()
            self.begin(who.partition("/")[0], odd.pop("kind", kind), made.payload, **odd)
            return
        prev = self._prev(self._feeds.get((who, genesis.id), []))
        header = {**self._papers(who, genesis, first=prev is None), **self._odd_header()}
        header.pop("roots", None)
        event = write(
            who,
            header.pop("kind", kind),
            self._odd_payload(kind, made.payload),
            genesis=genesis,
            after=self._parents(who, genesis),
            prev=prev,
            entity=EventId(made.entity),
            sign=self._sign,
            **header,
        )
        self._add(who, event)
        for entity, slot in made.notes:
            self._written.setdefault((event.id if entity is None else entity, slot), []).append(event.id)

    def _place(self, kind: str) -> Event:
        """The stream for an event: mostly the first repository, or an identity for what acts on one."""
        choices = self.choices
        identities = [genesis for genesis in self._streams if genesis.kind == IDENTITY]
        if KINDS[kind].acts_on == ("identity",) and identities and not choices.rarely(6):
            return choices.pick(identities)
        return self._streams[choices.below(6) // 5 * choices.below(len(self._streams))]

    def _insider(self) -> str:
        """In an identity mostly a key of whoever began it; in a repository anybody's."""
        if self._stream.kind != IDENTITY or self.choices.rarely(4):
            return self.writer()
        founder = next((name for name in PEOPLE if key(name).device == self._stream.device), "eve")
        return self.choices.pick((*devices_of(founder), founder, founder))

    def _parents(self, who: str, genesis: Event) -> list[Event]:
        """Mostly what this side of a partition has seen; sometimes both sides, or something old."""
        choices = self.choices
        here = [event for event in self.events if event.stream == genesis.stream]
        mine = list(self._heads[genesis.id, self._side(who)].values()) or [genesis]
        match choices.below(8):
            case 0 | 1 | 2 | 3:
                return mine[-20:]
            case 4:
                sides = self._heads[genesis.id, 0] | self._heads[genesis.id, 1]
                return list(sides.values())[-20:] or [genesis]
            case 5:
                return [choices.pick(mine)]
            case 6:
                return [choices.pick(here)]
            case _:
                return [genesis, choices.pick(here)]

    def _papers(self, who: str, genesis: Event, *, first: bool) -> dict[str, Any]:
        """Whom a device writes for, and the certificate its feed begins with; rarely none, or a wrong one."""
        principal, slash, _ = who.partition("/")
        if not slash:
            return {}
        papers: dict[str, Any] = {"author": key(principal).did}
        if first and not self.choices.rarely(12):
            wrong = self.choices.below(16)
            elsewhere = StreamId(self._streams[-1].id) if wrong == 14 else genesis.stream if wrong == 13 else None
            papers["enrolment"] = enrolment(who, stream=elsewhere, forged=wrong == 15)
        return papers

    def _side(self, who: str) -> int:
        return PEOPLE.index(who.partition("/")[0]) % 2

    def _prev(self, feed: list[Event]) -> Event | None:
        """The feed's last event; rarely an earlier one, or none, which forks the feed."""
        if not feed:
            return None
        if not self.choices.rarely(6):
            return feed[-1]
        return self.choices.pick([*feed, None])

    def _odd_header(self) -> dict[str, Any]:
        if not self.choices.rarely(16):
            return {}
        return self.choices.pick(
            (
                {"author": key("mallory").did},
                {"later": 1},
                {"kind": "pull.opened.v1"},
                {"v": 2},
                {"roots": [key("root").did]},
            )
        )

    def _odd_payload(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | bytes:
        choices = self.choices
        if not choices.rarely(20):
            return payload
        name = min(field_names(KINDS[kind].payload) or {"x"})
        odd: list[dict[str, Any] | bytes] = [
            b"\xff" + self.token.encode(),
            encode(payload),
            encode({**payload, "salt": SALT[1:]}),
            {**payload, "mood": self.token},
            {**payload, name: 1.5},
            {**payload, name: {"nested": [self.token]}},
            {other: value for other, value in payload.items() if other != name},
        ]
        return choices.pick(odd)

    def _add(self, who: str, event: Event) -> None:
        if any(event.id == other.id for other in self.events):
            return
        self.events.append(event)
        past = (*event.parents, *([event.prev] if event.prev else []))
        for side in (0, 1):
            heads = self._heads.setdefault((event.stream, side), {})
            seen = [heads.pop(name, None) for name in past]
            if side == self._side(who) or any(seen):
                heads[event.id] = event
        self._feeds.setdefault((who, event.stream), []).append(event)
        kind = KINDS.get(event.kind)
        if kind is not None and kind.creates is not None:
            self.things.setdefault(kind.creates, []).append(event)
