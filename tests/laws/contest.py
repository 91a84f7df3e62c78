"""Histories that are all about authority: six people with several devices each take roles and cut each other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from domain.authority.enrolment import Certificate, certify
from domain.ids import EventId, StreamId
from tests.laws.world import Made, World, quiet
from tests.making import key, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import EllipsisType

    from domain.envelope import Event
    from domain.keys import SigningKey

ROOT: Final = "root"
FIRST_ROLES: Final = {"ann": "owner", "ben": "admin", "cat": "admin", "dan": "maintainer", "eve": "developer"}
PEOPLE: Final = (*FIRST_ROLES, ROOT)
PURPOSES: Final = ("manage", "recovery", "node", "plain", "late")
"""`node` is a custodial key, `late` one that the recovery key enrolled, the principal's own key being away."""
_USED: Final = (*PURPOSES, "manage", "recovery")
NODES: Final = ("node", "attic")
POWERS: Final = {"manage": ("manage",), "recovery": ("enrol",)}
ROLES: Final = ("guest", "owner", "viewer", "admin", "developer", "maintainer")
BRANCHES: Final = ("refs/heads/next", "refs/tags/v1", "refs/heads/main")
PATTERNS: Final = ("*", "main")


@cache
def papers(who: str, *, stream: StreamId | None = None, forged: bool = False) -> list[list[bytes]]:
    """The certificates that a device's feed begins with."""
    principal, _, purpose = who.partition("/")
    node = key(NODES[PEOPLE.index(principal) % 2]).did if purpose == "node" else None
    last = Certificate(key(principal).did, key(who).device, POWERS.get(purpose, ()), node, stream)
    if forged:
        return [list(certify(last, key(who)))]
    if purpose != "late":
        return [list(certify(last, key(principal)))]
    return [*papers(f"{principal}/recovery"), list(certify(last, key(f"{principal}/recovery")))]


class Contest(World):
    """A repository with an issue, a comment and its people; every later event knows a part of what was before."""

    def __init__(self, data: bytes, sign: Callable[[str], SigningKey] = quiet) -> None:
        super().__init__(data, sign)
        self.past: dict[bytes, frozenset[EventId]] = {}
        self.seen: frozenset[EventId] = frozenset()
        """What the event being made has in its past."""
        self.principal = ""
        self.crowd: Sequence[str] = PEOPLE
        """Who takes part after the prelude."""
        self.others: Sequence[str] = ()
        """Whom acts are about, if not those."""

    def thing(self, *sorts: str) -> bytes:
        """The one thing of a sort there is."""
        return self.things[sorts[0]][0].id

    def written(self, entity: bytes, slot: str) -> list[EventId]:
        """Earlier writes of a slot, mostly all of them; sometimes anything that is here."""
        earlier = self._written.get((entity, slot), [])
        match self.choices.below(8):
            case 0 | 1 | 2:
                return earlier
            case 3 | 4:
                return earlier[-1:]
            case 5:
                return []
            case _:
                # To replace what is of another sort is what a hold must not be lifted by.
                holds = [event for event in self.events if event.kind in _HOLDS] or self.events
                return sorted({self.choices.pick(holds).id, *earlier[-1:]})

    def writer(self) -> str:
        """A principal by his own key, or by one of his devices."""
        who = self.choices.pick(self.crowd)
        return who if self.choices.below(2) else f"{who}/{self.choices.pick(_USED)}"

    def anybody(self) -> str:
        """Somebody's did."""
        return key(self.choices.pick(self.others or self.crowd)).did

    def prelude(self) -> None:
        """A root's repository; everybody gets a first role, and all have seen that."""
        self.begin(ROOT, "repository.created.v1", {"name": "project"})
        first = {**FIRST_ROLES, "eve": "viewer" if self.choices.rarely(4) else "developer"}
        for who, role in first.items():
            self._put(ROOT, "member.granted.v1", Made(self.thing("repository"), _role(who, role)), [self.events[-1]])
        issue = {"title": "One", "body": "Said.", "number": 1}
        self._put("eve", "issue.opened.v1", Made(self.thing("repository"), issue), [self.events[-1]])
        self._put("dan", "comment.added.v1", Made(self.thing("issue"), {"body": "Yes."}), [self.events[-1]])

    def step(self, kind: str, make: Callable[[World], Made], who: str = "") -> None:
        """One more event by somebody, whose past is chosen first: cuts are mostly of that."""
        who = who or self.writer()
        self.principal = who.partition("/")[0]
        self.token = chr(0x4E00 + len(self.events))
        after, prev = self._knows(), self._prev(self._feeds.get((who, self._streams[0].id), []))
        self.seen = frozenset(event.id for event in self._closure([*after, *([prev] if prev else [])]))
        self._put(who, kind, make(self), after, prev)

    def _put(
        self, who: str, kind: str, made: Made, after: Sequence[Event], prev: Event | EllipsisType | None = ...
    ) -> None:
        genesis = self._streams[0]
        feed = self._feeds.get((who, genesis.id), [])
        before = (feed[-1] if feed else None) if prev is ... else prev
        event = write(
            who,
            kind,
            made.payload,
            genesis=genesis,
            after=after,
            prev=before,
            entity=EventId(made.entity),
            sign=self._sign,
            **self._certificate(who, genesis, first=before is None),
        )
        self._add(who, event)
        for entity, slot in made.notes:
            self._written.setdefault((event.id if entity is None else entity, slot), []).append(event.id)

    def _side(self, who: str) -> int:
        return 0  # pasts are chosen otherwise here

    def _certificate(self, who: str, genesis: Event, *, first: bool) -> dict[str, Any]:
        principal, slash, _ = who.partition("/")
        if not slash:
            return {}
        fields: dict[str, Any] = {"author": key(principal).did}
        if first:
            wrong = self.choices.below(14)
            elsewhere = StreamId(bytes(32)) if wrong == 12 else genesis.stream if wrong == 11 else None
            fields["enrolment"] = papers(who, stream=elsewhere, forged=wrong == 13)
        return fields

    def _knows(self) -> list[Event]:
        """Mostly everything; otherwise what was there some while ago, or one old event."""
        choices, events = self.choices, self.events
        match choices.below(6):
            case 0 | 1 | 2:
                return self._heads_of(events)
            case 3:
                return self._heads_of(events[: max(1, len(events) - 1 - choices.below(6))])
            case 4:
                return self._heads_of(events[: 1 + choices.below(len(events))])
            case _:
                return [choices.pick(events)]

    def _heads_of(self, events: Sequence[Event]) -> list[Event]:
        named = {name for event in events for name in (*event.parents, *([event.prev] if event.prev else []))}
        return [event for event in events if event.id not in named][-20:]

    def _closure(self, ends: Sequence[Event]) -> list[Event]:
        by_id = {event.id: event for event in self.events}
        names: set[EventId] = set()
        for event in ends:
            names |= self._past_of(event, by_id) | {event.id}
        return [event for event in self.events if event.id in names]

    def _past_of(self, event: Event, by_id: dict[EventId, Event]) -> frozenset[EventId]:
        found = self.past.get(event.id)
        if found is None:
            past = [*event.parents, *([event.prev] if event.prev else [])]
            found = frozenset(past).union(*(self._past_of(by_id[name], by_id) for name in past))
            self.past[event.id] = found
        return found


def contest(data: bytes, sign: Callable[[str], SigningKey] = quiet) -> Contest:
    """The history that `data` stands for."""
    world = Contest(data, sign)
    world.crowd, kinds = world.choices.pick(_THEMES)
    world.prelude()
    while not world.choices.used_up:
        kind = world.choices.pick(kinds)
        world.step(kind, _MAKERS[kind])
    return world


def ban(data: bytes, sign: Callable[[str], SigningKey] = quiet) -> Contest:
    """Like `contest`: people of two levels block the same one, and let him in again."""
    world = Contest(data, sign)
    world.others = ("eve",)
    world.prelude()
    while not world.choices.used_up:
        who, kind = world.choices.pick(_BANS)
        world.step(kind, _MAKERS[kind], who)
    return world


def _role(who: str, role: str) -> dict[str, Any]:
    return {"principal": key(who).did, "role": role}


def _cut(world: World) -> dict[str, list[bytes]]:
    """The act's own past; or some older events of it; rarely something unseen."""
    choices = world.choices
    if choices.below(2) == 0:
        return {}
    assert isinstance(world, Contest)
    seen = [event for event in world.events if event.id in world.seen]
    pool = world.events if choices.rarely(6) else seen
    return {"cut": sorted({choices.pick(pool).id for _ in range(1 + choices.below(2))})}


def _granted(world: World) -> Made:
    return Made(world.thing("repository"), {"principal": world.anybody(), "role": world.choices.pick(ROLES)})


def _demoted(world: World) -> Made:
    payload = {"principal": world.anybody(), "role": world.choices.pick(("viewer", "admin", "maintainer", "developer"))}
    return Made(world.thing("repository"), {**payload, **_cut(world)})


def _removed(world: World) -> Made:
    return Made(world.thing("repository"), {"principal": world.anybody(), **_cut(world)})


def _device_revoked(world: World) -> Made:
    assert isinstance(world, Contest)
    match world.choices.below(3):
        case 0:
            device = key(world.writer()).device
        case 1:
            device = world.choices.pick(world.events).device
        case _:  # an own one, which asks for no role
            device = key(f"{world.principal}/{world.choices.pick(_USED)}").device
    return Made(world.thing("repository"), {"device": device, **_cut(world)})


def _custodian_revoked(world: World) -> Made:
    return Made(world.thing("repository"), {"node": key(world.choices.pick(NODES)).did, **_cut(world)})


def _admitted(world: World) -> Made:
    late = world.events[len(FIRST_ROLES) + 1 :]
    names = {world.choices.pick(late).id for _ in range(1 + world.choices.below(4))}
    return Made(world.thing("repository"), {"events": sorted(names)})


def _protected(world: World) -> Made:
    entity, pattern = world.thing("repository"), world.choices.pick(PATTERNS)
    rules: tuple[dict[str, Any], ...] = (
        {},
        {"push_role": "maintainer"},
        {"pushers": [world.anybody()], "push_role": "maintainer"},
        {"pushers": [world.anybody()], "push_role": "maintainer"},
        {"allow_delete": True},
        {"allow_force": True},
        {"approvals": 1},
        {"checks": ["ci"]},
    )
    payload = {"pattern": pattern, "replaces": world.written(entity, pattern), **world.choices.pick(rules)}
    return Made(entity, {**payload, **_cut(world)}, ((entity, pattern),))


def _unprotected(world: World) -> Made:
    entity, pattern = world.thing("repository"), world.choices.pick(PATTERNS)
    return Made(entity, {"pattern": pattern, "replaces": world.written(entity, pattern)}, ((entity, pattern),))


def _archived(world: World) -> Made:
    entity = world.thing("repository")
    payload = {"archived": world.choices.below(3) == 0, "replaces": world.written(entity, "archived"), **_cut(world)}
    return Made(entity, payload, ((entity, "archived"),))


def _locked(world: World) -> Made:
    entity = world.thing("issue")
    return Made(entity, {"reason": "", "replaces": world.written(entity, "lock"), **_cut(world)}, ((entity, "lock"),))


def _unlocked(world: World) -> Made:
    entity = world.thing("issue")
    return Made(entity, {"replaces": world.written(entity, "lock")}, ((entity, "lock"),))


def _moved(world: World) -> Made:
    choices, entity, ref = world.choices, world.thing("repository"), world.choices.pick(BRANCHES)
    oid = bytes([1 + choices.below(4)]) * 20 if choices.below(5) else None
    move: dict[str, Any] = {"ref": ref, "old": None, "new": oid, "replaces": world._written.get((entity, ref), [])[-1:]}
    if choices.rarely(3):
        move["forced"] = True
    return Made(entity, {"moves": [move]}, ((entity, ref),))


def _said(world: World) -> Made:
    return Made(world.thing("issue"), {"body": f"{world.token} said"})


def _retitled(world: World) -> Made:
    entity = world.thing("issue")
    return Made(entity, {"title": world.token, "replaces": world.written(entity, "title")}, ((entity, "title"),))


def _redacted(world: World) -> Made:
    target = world.choices.pick([event for event in world.events if event.kind == "comment.added.v1"])
    return Made(target.id, {"events": [target.id]})


_MAKERS: Final[dict[str, Callable[[World], Made]]] = {
    "event.redacted.v1": _redacted,
    "member.granted.v1": _granted,
    "member.demoted.v1": _demoted,
    "member.revoked.v1": _removed,
    "member.blocked.v1": _removed,
    "device.revoked.v1": _device_revoked,
    "custodian.revoked.v1": _custodian_revoked,
    "events.admitted.v1": _admitted,
    "branch.protected.v1": _protected,
    "branch.unprotected.v1": _unprotected,
    "repository.archived.v1": _archived,
    "issue.locked.v1": _locked,
    "issue.unlocked.v1": _unlocked,
    "issue.retitled.v1": _retitled,
    "comment.added.v1": _said,
    "refs.moved.v1": _moved,
}
_HOLDS: Final = ("branch.protected.v1", "repository.archived.v1", "issue.locked.v1")
_MEMBERS: Final = ("member.granted.v1", "member.demoted.v1", "member.revoked.v1", "member.blocked.v1")
_BANS: Final = (
    *(("ben", kind) for kind in ("member.blocked.v1", "member.granted.v1")),
    *(("dan", kind) for kind in ("member.blocked.v1", "member.granted.v1", "member.granted.v1", "events.admitted.v1")),
    *(("eve", kind) for kind in ("comment.added.v1", "refs.moved.v1", "refs.moved.v1")),
)
_LIMITS: Final = ("member.demoted.v1", "member.revoked.v1", "device.revoked.v1", "events.admitted.v1")
_KINDS: Final = (*_MAKERS, *_LIMITS, "member.granted.v1", "member.granted.v1", "comment.added.v1", "refs.moved.v1")
_THEMES: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    (("ben",), ("device.revoked.v1", "device.revoked.v1", "custodian.revoked.v1", "comment.added.v1")),
    ((ROOT, "ben"), ("device.revoked.v1", "custodian.revoked.v1", "member.granted.v1", "comment.added.v1")),
    (("ben", "cat", "dan"), (*_MEMBERS, "refs.moved.v1")),
    (("ben", "eve"), ("branch.protected.v1", "branch.protected.v1", "branch.unprotected.v1", *["refs.moved.v1"] * 3)),
    (
        ("ben", "eve"),
        (*_HOLDS, "branch.unprotected.v1", "issue.unlocked.v1", *["comment.added.v1", "refs.moved.v1"] * 2),
    ),
    (("ben", "dan"), (*_HOLDS, "events.admitted.v1", "events.admitted.v1", "comment.added.v1", "refs.moved.v1")),
    (PEOPLE, (*_LIMITS, "member.granted.v1", "event.redacted.v1", "comment.added.v1", "refs.moved.v1")),
    (PEOPLE, _KINDS),
)
"""A history is about one of these: what needs several acts of one sort, by the same few, comes up seldom otherwise."""
