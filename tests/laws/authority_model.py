"""Authority said a second time: whole pasts as sets, roles found level by level from the top, nothing incremental.

Slow and plain on purpose. It shares with the code under test what an event's bytes say (deeds, certificates) and the
role by action table, and none of the counting.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from domain.authority.acts import Admission, Grant, Hold, Limit
from domain.authority.enrolment import NOT_ENROLLED, RANK_ROOT, Enrolment, read_chain
from domain.authority.needs import HOLDS
from domain.authority.roles import Role
from domain.keys import did_of
from domain.policy import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.authority.acts import Deed
    from domain.envelope import Event
    from domain.ids import Did

TAKEN_AWAY: Final = frozenset({"revoked", "revoked-meanwhile", "device-revoked"})
"""Which of these a verdict names depends on which of several limits it names; that one was taken away does not."""


class AuthorityModel:
    """The standing of every event in one stream. `deeds` are those of its sound acts, by event id."""

    def __init__(
        self, events: Sequence[Event], deeds: dict[bytes, Deed], genesis: Event, counts: Callable[[Event], bool]
    ) -> None:
        self._accepted = counts
        self.events = [event for event in events if event.stream == genesis.stream]
        self.by_id = {bytes(event.id): event for event in self.events}
        self.roots = frozenset(genesis.roots)
        self.past: dict[bytes, frozenset[bytes]] = {}
        for event in sorted(self.events, key=lambda event: event.order):
            parents = [*event.parents, *([event.prev] if event.prev else [])]
            self.past[event.id] = frozenset(parents).union(*(self.past[name] for name in parents))
        self.deeds = {name: deed for name, deed in deeds.items() if name in self.by_id}
        self.cut_unknown = {name for name in self.deeds if not self._cut_of(name) <= self.past[name]}
        self.limits = [name for name, deed in self.deeds.items() if isinstance(deed, Limit) and self._sound(name)]
        self.at_least: dict[int, set[bytes]] = {}
        for level in sorted(Role, reverse=True):
            self.at_least[level] = {event.id for event in self.events if self._holds(event, level)}

    def enrolment(self, event: Event) -> Enrolment:
        """What an event's feed began with."""
        while event.prev is not None:
            event = self.by_id[event.prev]
        own = did_of(event.device)
        if event.author == own:
            return Enrolment(own, RANK_ROOT)
        return read_chain(event.enrolment, event.device, event.stream) if event.enrolment else NOT_ENROLLED

    def role(self, event: Event) -> Role:
        """The role of an event's author there."""
        return max((level for level in Role if event.id in self.at_least[level]), default=Role.BLOCKED)

    def reason(self, event: Event, actions: Sequence[str], thing_author: Did | None, payload: Any) -> str:
        """Why somebody may not, or nothing."""
        enrolment, deed = self.enrolment(event), self.deeds.get(event.id)
        if event.id in self.cut_unknown:
            return "cut-unknown"
        if enrolment.fault or enrolment.principal != event.author:
            return enrolment.fault or "not-enrolled"
        role = self.role(event)
        if isinstance(deed, Limit) and (
            (deed.principal == event.author and deed.role is Role.GUEST) or (deed.principal is None and enrolment.rank)
        ):
            return "device-revoked" if self._ended_by_own(event) else ""
        for action in actions:
            row = ACTIONS[action]
            if not any(role >= _role(word) for word in row - {"author"}) and not (
                "author" in row and role >= Role.GUEST and thing_author == event.author
            ):
                return "revoked" if self._limited(event) else "no-authority"
        if isinstance(deed, Grant | Limit):
            named = deed.principal
            own = isinstance(deed, Limit) and named == event.author
            return "above-level" if deed.role >= role or named in self.roots or own else ""
        return self._held(event, actions, role, payload) if deed is None else ""

    # --- roles, from the top ---------------------------------------------------------------------

    def _holds(self, event: Event, level: int) -> bool:
        """Whether the author stood at least there, given who stood higher."""
        enrolment = self.enrolment(event)
        if level <= Role.BLOCKED:
            return True
        if self._ended_by_own(event):
            return False
        if enrolment.principal in self.roots:
            return True
        claims: list[tuple[Role, bytes | None]] = [(Role.GUEST, None)]
        for name in self.past[event.id]:
            deed = self.deeds.get(name)
            if isinstance(deed, Grant) and deed.principal == enrolment.principal and self._counts(name, deed.role):
                claims.append((deed.role, name))
        return any(self._reduced(event, role, grant, level) >= level for role, grant in claims)

    def _counts(self, act: bytes, above: int) -> bool:
        """Whether an act's author could do such a thing to somebody of a role."""
        deed = self.deeds[act]
        assert isinstance(deed, Grant | Limit | Admission)
        sound = self._sound(act) and getattr(deed, "principal", None) not in self.roots
        if isinstance(deed, Grant) and deed.role > above:
            return False
        if isinstance(deed, Limit) and deed.principal == self.by_id[act].author and deed.role is not Role.GUEST:
            return False  # of himself he can only give everything back
        return sound and act in self.at_least.get(max(above + 1, Role.MAINTAINER), set())

    def _reduced(self, event: Event, role: int, grant: bytes | None, level: int, *, leaving: bool = True) -> int:
        claimed = role
        while role >= level:
            lower = [
                deed.role
                for name in self.limits
                if isinstance(deed := self.deeds[name], Limit)
                and deed.role < role
                and self._about(deed, event)
                and not self._outlived_by(name, deed, grant, role)
                and event.id not in {name, *self._reach(name)}
                and not self._admitted(event, name, claimed, role)
                and (
                    self._counts_against(name, deed, event, role)
                    or (leaving and self._left(name, deed, event, claimed, grant))
                )
            ]
            if not lower:
                break
            role = min(lower)
        return role

    def _counts_against(self, name: bytes, deed: Limit, event: Event, role: int) -> bool:
        own = self.by_id[name].author == self.enrolment(event).principal
        return not (own and deed.principal is None) and self._counts(name, role)

    def _left(self, name: bytes, deed: Limit, event: Event, claimed: int, grant: bytes | None) -> bool:
        act = self.by_id[name]
        own = act.author == self.enrolment(event).principal and deed.principal == act.author
        if not own or deed.role is not Role.GUEST or grant is None:
            return False
        if grant not in self.past[name] or self._ended_by_own(act):
            return False
        return self._reduced(act, claimed, grant, claimed, leaving=False) == claimed

    def _about(self, deed: Limit, event: Event) -> bool:
        enrolment = self.enrolment(event)
        if deed.principal is not None:
            return deed.principal == enrolment.principal
        return deed.device == event.device if deed.device is not None else deed.node == enrolment.node

    def _outlived_by(self, name: bytes, deed: Limit, grant: bytes | None, role: int) -> bool:
        """A limit on a principal does not touch a grant that knew of it; a block, if it was lifted by then."""
        if deed.principal is None or grant is None or name not in self.past[grant]:
            return False
        return deed.role is not Role.BLOCKED or any(
            isinstance(lift := self.deeds[other], Grant)
            and lift.principal == deed.principal
            and name in self.past[other]
            and self._counts(other, max(role, lift.role))
            and self._not_below(other, name, role)
            for other in {grant, *self.past[grant]} & self.deeds.keys()
        )

    def _not_below(self, act: bytes, other: bytes, role: int) -> bool:
        """Whether an act's author stood as high as another's, of whom only matters how far above a role."""
        return all(act in self.at_least[level] for level in Role if level > role and other in self.at_least[level])

    def _admitted(self, event: Event, limit: bytes, above: int, role: int) -> bool:
        limited = self.deeds[limit]
        assert isinstance(limited, Limit)
        blocks = limited.role is Role.BLOCKED and limited.principal is not None
        return any(
            isinstance(deed, Admission)
            and event.id in deed.events
            and limit in self.past[name]
            and self._counts(name, above)
            and (not blocks or self._not_below(name, limit, role))
            for name, deed in self.deeds.items()
        )

    def _ended_by_own(self, event: Event) -> bool:
        """Whether the principal ended this device, with a key of its own that stands higher and is not ended itself."""
        mine = self.enrolment(event)
        return any(
            isinstance(deed := self.deeds[name], Limit)
            and deed.principal is None
            and self.by_id[name].author == mine.principal
            and self._about(deed, event)
            and self.enrolment(self.by_id[name]).rank > mine.rank
            and event.id not in self._reach(name)
            and not self._ended_by_own(self.by_id[name])
            for name in self.limits
        )

    def _limited(self, event: Event) -> bool:
        """Whether anything at all was taken away that this event would have had."""
        without = AuthorityModel.__new__(AuthorityModel)
        without.__dict__.update(self.__dict__, limits=[])
        return self._ended_by_own(event) or any(
            without._holds(event, level) and event.id not in self.at_least[level] for level in Role
        )

    # --- holds -----------------------------------------------------------------------------------

    def _held(self, event: Event, actions: Sequence[str], role: Role, payload: Any) -> str:
        for sort, (free, closed) in HOLDS.items():
            if role >= free or not closed.intersection(actions):
                continue
            for name, deed in self.deeds.items():
                if (
                    isinstance(deed, Hold)
                    and deed.sort == sort
                    and deed.on
                    and (sort != "lock" or deed.about == event.entity)
                    and self._hold_counts(name)
                    and event.id not in self._reach(name)
                    and not self._lifted(name, deed, event)
                    and not self._hold_admitted(event, name, free)
                    and (sort != "protection" or self._breaks(deed, event.author, role, payload))
                ):
                    return {"archive": "archived", "lock": "locked", "protection": "protected"}[sort]
        return ""

    def _hold_counts(self, name: bytes) -> bool:
        return self._accepted(self.by_id[name])

    def _hold_admitted(self, event: Event, hold: bytes, free: int) -> bool:
        return any(
            isinstance(deed, Admission)
            and event.id in deed.events
            and hold in self.past[name]
            and self._sound(name)
            and self.role(self.by_id[name]) >= free
            for name, deed in self.deeds.items()
        )

    def _lifted(self, name: bytes, hold: Hold, event: Event) -> bool:
        return any(
            isinstance(deed, Hold)
            and (deed.sort, deed.about) == (hold.sort, hold.about)
            and name in deed.replaces
            and name in self.past[other]
            and other in self.past[event.id]
            and self._hold_counts(other)
            for other, deed in self.deeds.items()
        )

    def _breaks(self, hold: Hold, author: Did, role: Role, payload: Any) -> bool:
        rules = hold.rules
        assert rules is not None
        for move in payload.moves:
            branch = move.ref.startswith("refs/heads/")
            if not branch or not fnmatchcase(move.ref[len("refs/heads/") :], hold.about.decode()):
                continue
            if (rules.pushers and author not in rules.pushers) or role < rules.push_role:
                return True
            if move.new is None:
                if not rules.allow_delete:
                    return True
            elif (move.forced and not rules.allow_force) or rules.approvals or rules.checks:
                return True
        return False

    # --- cuts ------------------------------------------------------------------------------------

    def _sound(self, name: bytes) -> bool:
        event, enrolment = self.by_id[name], self.enrolment(self.by_id[name])
        return name not in self.cut_unknown and not enrolment.fault and enrolment.principal == event.author

    def _cut_of(self, name: bytes) -> frozenset[bytes]:
        return frozenset(getattr(self.deeds[name], "cut", ()))

    def _reach(self, name: bytes) -> frozenset[bytes]:
        cut = self._cut_of(name)
        return cut.union(*(self.past[each] for each in cut)) if cut else self.past[name]


def _role(word: str) -> Role:
    return Role.GUEST if word == "anyone" else Role[word.upper()]
