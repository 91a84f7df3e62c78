"""The court of one stream: what standing each event's author had, from the acts of authority in and beside its past.

Roles are folded by level. A grant of role r counts only if its author stood above r, a limit on it only if *its* author
stood above r: so what holds at one level follows from the levels above alone, no two people can remove each other, and
acts may arrive in any order. The rules, with the attacks they answer: docs/design/authority.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from sys import maxsize
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.authority.acts import Admission, Grant, Hold, Limit
from domain.authority.ancestry import EVERY_ACT, NO_BRANCH, Branch, Place, Vector, covers
from domain.authority.enrolment import RANK_ROOT, Enrolment
from domain.authority.roles import Role
from domain.ids import EventId
from domain.keys import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.authority.acts import Deed
    from domain.ids import DeviceKey, Did, StreamId

NO_EFFECT: Final = -2
"""The level of an act that does not count."""

_CLAIMS_MAX: Final = 20_000
NOBODY_YET: Final = EventId(bytes(32))
"""Stands for an event that is not written."""


@dataclass(slots=True)
class Act:
    """One act of authority that is in the log, whether it counts or not."""

    number: int
    event: EventId
    author: Did
    branch: Branch
    place: Place
    deed: Deed
    cut_known: bool
    reach: Vector
    """How far the cut of a limit or hold reaches."""
    level: int = NO_EFFECT
    """Its author's role there, or `NO_EFFECT`."""
    alive: bool = False
    """Whether it is accepted (one that ends the author's own device counts for that without any role)."""
    gives_back: tuple[int, ...] = ()
    """If by it somebody leaves: the grants, by number, that he had whole there."""

    @property
    def sound(self) -> bool:
        """Whether its device's enrolment and its cut are in order, whatever its author may."""
        enrolment = self.branch.enrolment
        return self.cut_known and not enrolment.fault and enrolment.principal == self.author

    @property
    def counts(self) -> bool:
        """Whether it counts for or against others. What it gives or takes is below its author, or it would not."""
        return self.level != NO_EFFECT

    @property
    def blocks(self) -> bool:
        """Whether it keeps a principal out, which nobody ends who stands lower than its author."""
        return isinstance(self.deed, Limit) and self.deed.role is Role.BLOCKED and self.deed.principal is not None

    def in_past(self, place: Place) -> bool:
        """Whether the event at `place` was written with this act in its past."""
        return bool(place.acts >> self.number & 1)

    def counts_against(self, place: Place) -> bool:
        """Whether it has effect, holds something, and the event at `place` is not in the past of its cut."""
        on = not isinstance(self.deed, Hold) or self.deed.on
        return on and self.counts and not covers(self.reach, place.branch, place.seq)


class Standing(NamedTuple):
    """A role at one event, and the act that keeps it from being more (None if nothing does)."""

    role: Role
    by: Act | None = None


class _Claim(NamedTuple):
    """One role that somebody has been given, with the acts that may reduce it."""

    role: Role
    grant: Act | None
    own: tuple[Act, ...]
    """Limits on a device by its own principal."""
    others: tuple[Act, ...]
    """Limits by others, and by the principal who leaves."""


class Court:
    """Everything about authority in one stream. An act is added once, and told whenever its level changes."""

    def __init__(self, stream: StreamId, roots: Sequence[Did]) -> None:
        self.stream = stream
        self.roots = frozenset(roots)
        self.acts: list[Act] = []
        self._by_event: dict[bytes, Act] = {}
        self._grants: dict[Did, list[Act]] = {}
        self._limits: dict[Did, list[Act]] = {}
        self._device_limits: dict[DeviceKey, list[Act]] = {}
        self._node_limits: dict[Did, list[Act]] = {}
        self._admissions: dict[bytes, list[Act]] = {}
        self._holds: dict[tuple[str, bytes], list[Act]] = {}
        self._replacing: dict[bytes, list[Act]] = {}
        self._given: dict[Did, int] = {}
        self._claims: dict[int, tuple[int, Standing | tuple[_Claim, ...]]] = {}
        self._claiming: dict[Did | DeviceKey, set[int]] = {}

    def add(self, act: Act) -> None:
        """A new act, in order of its number; it counts for nothing until its level is set."""
        assert act.number == len(self.acts)
        self.acts.append(act)
        self._by_event[act.event] = act
        self._unclaim(act.deed)
        match act.deed:
            case Grant(principal=principal):
                self._grants.setdefault(principal, []).append(act)
                self._given[principal] = self._given.get(principal, 0) | 1 << act.number
            case Limit(principal=principal, device=device, node=node):
                if principal is not None:
                    self._limits.setdefault(principal, []).append(act)
                if device is not None:
                    self._device_limits.setdefault(device, []).append(act)
                if node is not None:
                    self._node_limits.setdefault(node, []).append(act)
            case Hold(sort=sort, about=about, replaces=replaces):
                self._holds.setdefault((sort, b"" if sort == "protection" else about), []).append(act)
                for name in replaces:
                    held = self._by_event.get(name)
                    # Only what it knew, and only its like: to end a protection ends no archiving.
                    if held is not None and held.in_past(act.place) and _alike(held.deed, act.deed):
                        self._replacing.setdefault(name, []).append(act)
            case Admission(events=events):
                for name in events:
                    self._admissions.setdefault(name, []).append(act)

    def settle(self, act: Act, level: int, *, alive: bool) -> bool:
        """Set what an act counts for; whether that changed anything."""
        gives_back = self._given_back(act)
        if (act.level, act.alive, act.gives_back) == (level, alive, gives_back):
            return False
        act.level, act.alive, act.gives_back = level, alive, gives_back
        self._unclaim(act.deed)
        return True

    def act(self, event: bytes) -> Act | None:
        """The act that an event is, or None."""
        return self._by_event.get(event)

    def holds(self, sort: str, about: bytes = b"") -> Sequence[Act]:
        """The acts that hold something (of protections, those of all patterns), also those of no effect."""
        return self._holds.get((sort, about), ())

    def lifted(self, hold: Act, place: Place) -> bool:
        """Whether an act that counts, in the past of `place`, has replaced a hold."""
        return any(act.counts and act.in_past(place) for act in self._replacing.get(hold.event, ()))

    def admitted(self, event: EventId, limit: Act, above: int) -> bool:
        """Whether somebody above a level, who knew of a limit, said that an event counts in spite of it."""
        found = self._admissions.get(event, ())
        least = limit.level if limit.blocks else NO_EFFECT
        return any(act.level > above and act.level >= least and limit.in_past(act.place) for act in found)

    def everybody(self) -> dict[Did, Role]:
        """The role of all whom an act that counts names, and of the roots, with all acts in their past."""
        told = {act.deed.principal for act in self.acts if act.alive and isinstance(act.deed, Grant | Limit)}
        named = sorted({*self.roots, *(did for did in told if did is not None)})
        return {did: self.now(did, key_of(did)) for did in named}

    def idle(self, event: bytes) -> bool:
        """Whether an accepted act on a principal does nothing for now.

        That is a limit on somebody all whose roles stand as high as its author, and a grant to whom somebody higher
        than its author blocked. It bears as soon as somebody above has reduced what it could not, or the other author.
        """
        act = self.act(event)
        if act is None or not act.counts:
            return False
        if isinstance(act.deed, Grant):
            limits = self._limits.get(act.deed.principal, ())
            return any(limit.in_past(act.place) and not self._outlives(act, limit) for limit in limits)
        if not isinstance(act.deed, Limit) or act.deed.principal is None:
            return False
        principal = act.deed.principal
        branch = Branch(NO_BRANCH, self.stream, key_of(principal), Enrolment(principal, RANK_ROOT))
        grants = [grant for grant in self._grants.get(principal, ()) if grant.counts]
        return principal != act.author and not any(_bears(act, self._claim(branch, each)) for each in (None, *grants))

    # --- standing --------------------------------------------------------------------------------

    def standing(self, branch: Branch, place: Place, event: EventId) -> Standing:
        """The role of a branch's principal at one of its events."""
        # Of the acts in its past, only who gave him something makes a difference to what he may claim.
        known = place.acts & self._given.get(branch.enrolment.principal, 0)
        held = self._claims.get(branch.number)
        if held is not None and held[0] == known:
            claims = held[1]
        else:
            claims = self._claims_of(branch, place)
            if branch.number != NO_BRANCH:
                self._keep_claims(branch, known, claims)
        if isinstance(claims, Standing):
            return claims
        most, by = Role.BLOCKED, None
        for claim in claims:
            if claim.role <= most:
                break
            role, reduced_by = self._reduced(claim, branch, place, event)
            most, by = max(most, role), by or reduced_by
        # What was reduced does not matter to whom another claim gives as much.
        return Standing(most, None if most == claims[0].role else by)

    def now(
        self, principal: Did, device: DeviceKey, enrolment: Enrolment | None = None, *, seen: int = EVERY_ACT
    ) -> Role:
        """The role of a principal's next event, whose past has all the acts `seen`; it is in the past of no cut."""
        branch = Branch(NO_BRANCH, self.stream, device, enrolment or Enrolment(principal, RANK_ROOT))
        return self.standing(branch, Place(NO_BRANCH, maxsize, seen), NOBODY_YET).role

    def _keep_claims(self, branch: Branch, known: int, claims: Standing | tuple[_Claim, ...]) -> None:
        if len(self._claims) >= _CLAIMS_MAX:
            self._claims.clear()
            self._claiming.clear()
        self._claims[branch.number] = (known, claims)
        principal, _, node, _ = branch.enrolment
        for subject in (principal, branch.device, node):
            if subject is not None:
                self._claiming.setdefault(subject, set()).add(branch.number)

    def _unclaim(self, deed: Deed) -> None:
        """Forget what those may claim whom an act is about."""
        match deed:
            case Grant(principal=principal):
                subjects: tuple[Did | DeviceKey | None, ...] = (principal,)
            case Limit(principal=principal, device=device, node=node):
                subjects = (principal, device, node)
            case _:
                return
        for subject in subjects:
            for number in self._claiming.pop(subject, ()) if subject is not None else ():
                self._claims.pop(number, None)

    def _claims_of(self, branch: Branch, place: Place) -> Standing | tuple[_Claim, ...]:
        """What somebody may be here, the greatest first; the standing itself if nothing can reduce it."""
        principal = branch.enrolment.principal
        own = self._own_limits(branch)
        if principal in self.roots:
            return (_Claim(Role.ROOT, None, own, ()),) if own else Standing(Role.ROOT)
        grants = [grant for grant in self._grants.get(principal, ()) if grant.counts and grant.in_past(place)]
        claims = [self._claim(branch, each) for each in (None, *grants)]
        claims.sort(key=lambda claim: (-claim.role, claim.grant.event if claim.grant else b""))
        top = claims[0]
        return tuple(claims) if top.own or top.others else Standing(top.role)

    def _claim(self, branch: Branch, grant: Act | None) -> _Claim:
        """A grant (None: everybody's first role) with what may reduce it."""
        principal, _, node, _ = branch.enrolment
        others = [act for act in self._device_limits.get(branch.device, ()) if act.author != principal]
        if node is not None:
            others += [act for act in self._node_limits.get(node, ()) if act.author != principal]
        limits = self._limits.get(principal, ())
        if grant is None:
            return _Claim(Role.GUEST, None, self._own_limits(branch), (*others, *limits))
        assert isinstance(grant.deed, Grant)
        others += [act for act in limits if not self._outlives(grant, act)]
        return _Claim(grant.deed.role, grant, self._own_limits(branch), tuple(others))

    def _outlives(self, grant: Act, limit: Act) -> bool:
        """Whether a grant stands in spite of a limit on its principal: it knew it, and a block was lifted by then."""
        if not limit.in_past(grant.place):
            return False
        return not limit.blocks or any(
            lift.level >= limit.level and limit.in_past(lift.place)
            for lift in self._grants[_principal(grant)]
            if lift is grant or lift.in_past(grant.place)
        )

    def lifts(self, principal: Did, level: int) -> bool:
        """Whether somebody of this level who knows all acts ends each block there is on a principal."""
        blocks = [act for act in self._limits.get(principal, ()) if act.blocks and act.level > level]
        lifts = self._grants.get(principal, ())
        return all(any(lift.level >= act.level and act.in_past(lift.place) for lift in lifts) for act in blocks)

    def _reduced(
        self, claim: _Claim, branch: Branch, place: Place, event: EventId, *, leaving: bool = True
    ) -> Standing:
        """What is left of a claim at an event. A limit counts if its author stood above what it reduces."""
        if claim.own:
            dead = self._cut_by_own(claim.own, branch, place)
            if dead is not None:
                return Standing(Role.BLOCKED, dead)
        role, by = claim.role, None
        while True:
            found = [act for act in claim.others if self._applies(act, claim, role, place, event, leaving)]
            if not found:
                return Standing(role, by)
            # The least role; among equals any will do, but it must be the same one on every node.
            by = min(found, key=lambda act: (_limit(act).role, act.event))
            role = _limit(by).role

    def _applies(self, act: Act, claim: _Claim, role: Role, place: Place, event: EventId, leaving: bool) -> bool:
        if _limit(act).role >= role or act.event == event or covers(act.reach, place.branch, place.seq):
            return False
        if act.level <= role and not (leaving and _left(act, claim)):
            return False
        return not self.admitted(event, act, claim.role)

    def _given_back(self, act: Act) -> tuple[int, ...]:
        """The grants that somebody leaves behind: those he had then, for nobody reaches behind his own end that way."""
        deed = act.deed
        if not isinstance(deed, Limit) or deed.principal != act.author or deed.role is not Role.GUEST or not act.sound:
            return ()
        known = [grant for grant in self._grants.get(act.author, ()) if grant.in_past(act.place)]
        claims = [(grant.number, self._claim(act.branch, grant)) for grant in known]
        return tuple(
            number
            for number, claim in claims
            if self._reduced(claim, act.branch, act.place, act.event, leaving=False).role == claim.role
        )

    def _own_limits(self, branch: Branch) -> tuple[Act, ...]:
        principal, _, node, _ = branch.enrolment
        found = [*self._device_limits.get(branch.device, ())]
        found += self._node_limits.get(node, ()) if node is not None else ()
        return tuple(act for act in found if act.author == principal and act.sound)

    def cut_by_own(self, branch: Branch, place: Place) -> Act | None:
        """The limit by which a principal ended its own device before one of its events, or None."""
        return self._cut_by_own(self._own_limits(branch), branch, place)

    def _cut_by_own(self, own: Iterable[Act], branch: Branch, place: Place) -> Act | None:
        # Only a higher key of the same principal ends a device, so this goes three steps deep at most.
        for act in own:
            if act.branch.enrolment.rank <= branch.enrolment.rank or covers(act.reach, place.branch, place.seq):
                continue
            if self._cut_by_own(self._own_limits(act.branch), act.branch, act.place) is None:
                return act
        return None


def _alike(one: Deed, other: Deed) -> bool:
    return isinstance(one, Hold) and isinstance(other, Hold) and (one.sort, one.about) == (other.sort, other.about)


def _left(act: Act, claim: _Claim) -> bool:
    """Whether a principal gave a role back himself; nobody else's act gives back."""
    return claim.grant is not None and claim.grant.number in act.gives_back


def _bears(act: Act, claim: _Claim) -> bool:
    """Whether a limit reduces a claim, by itself or after the others, wherever no cut covers."""
    if act not in claim.others:
        return False
    role = claim.role
    while role > _limit(act).role:
        if act.level > role:
            return True
        found = [_limit(other).role for other in claim.others if other.level > role > _limit(other).role]
        if not found:
            return False
        role = min(found)
    return False


def _principal(act: Act) -> Did:
    assert isinstance(act.deed, Grant)
    return act.deed.principal


def _limit(act: Act) -> Limit:
    assert isinstance(act.deed, Limit)
    return act.deed
