"""The laws of authority, over histories that are about nothing else, and the ones that can be said without a model.

1. Verdicts are the same in every order of arrival, and those the model finds (`tests/laws/authority_model.py`).
2. Nobody acts after a cut: what a root took away is away, but for what the cut covers, a later grant or an admission.
3. Nobody is above his level: a grant or limit that counts was written by somebody who had been given more.
4. Nobody removes a peer: who was given a role keeps it if nobody who wrote against him was ever given more.
5. Nothing in the closure of a cut is lost to it, whenever it comes.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from domain.authority.acts import Admission, Grant, Limit
from domain.authority.needs import need
from domain.authority.roles import Role
from domain.fold.kind import read_payload
from domain.kinds import KINDS
from tests.laws.contest import ban, contest
from tests.laws.examples import Sort, run
from tests.laws.laws import REJUDGED_MAX, assert_model, fold, shuffled, state_of
from tests.making import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.authority.acts import Deed
    from domain.envelope import Event
    from domain.ids import Did, EventId

CONTESTS = Sort("contest", 150, 320, lambda data: contest(data).events)

BANS = Sort("ban", 60, 160, lambda data: ban(data).events)


def run_contests(examples: int, seed: int, *, shrink: bool = True) -> None:
    """Hold `examples` generated contests to the laws; raises what the first that breaks one raises."""
    run(lambda data, chance: assert_contest(contest(data).events, chance), CONTESTS, examples, seed, shrink=shrink)


def run_quickly(examples: int, seed: int) -> None:
    """Hold contests to the model alone, in the one order that asks most of the fold."""
    run(lambda data, chance: assert_late(contest(data).events, chance), CONTESTS, examples, seed, shrink=False)


def run_bans(examples: int, seed: int, *, shrink: bool = True) -> None:
    """Hold histories of blocks, and of roles given in spite of them, to all laws of authority."""
    run(lambda data, chance: assert_contest(ban(data).events, chance), BANS, examples, seed, shrink=shrink)


def assert_contest(events: Sequence[Event], seed: int) -> None:
    """Hold one history to all laws of authority; `seed` picks the orders of arrival."""
    chance = random.Random(seed)
    node = assert_late(events, chance.getrandbits(32))
    expected = state_of(node)
    for order in (events, shuffled(events, chance), shuffled(events, chance, newest=True)):
        assert state_of(fold(order)) == expected
    Contested(events, node).check()


def assert_late(events: Sequence[Event], seed: int) -> Node:
    """The acts last: everything they void was accepted before, and in the end it is as the model says."""
    node = Node()
    acts = {event.id for event in events if KINDS[event.kind].deed}
    assert_cuts_spare(node, shuffled(events, random.Random(seed), last=acts))
    assert_model(node, events)
    return node


def assert_cuts_spare(node: Node, order: Sequence[Event]) -> None:
    """What an act voids when it comes is not in the closure of its cut."""
    past = _pasts(order)
    for event in order:
        applied = node.apply(event)
        assert applied is not None
        assert len(applied.rejudged) < REJUDGED_MAX
        for by, voided in applied.overturned.items():
            deed = _deed(node.history.events[by])
            cut = getattr(deed, "cut", ()) or tuple(past[by])
            closure = frozenset(cut).union(*(past[name] for name in cut))
            assert not closure.intersection(voided), "it is in the past of the cut"


class Contested:
    """One history with its verdicts, looked at act by act."""

    def __init__(self, events: Sequence[Event], node: Node) -> None:
        self.events, self.node = events, node
        self.past = _pasts(events)
        self.roots = events[0].roots
        acts = [(event, _deed(event)) for event in events if node.verdict(event).accepted]
        self.grants = [(event, deed) for event, deed in acts if isinstance(deed, Grant)]
        self.limits = [(event, deed) for event, deed in acts if isinstance(deed, Limit)]
        self.admissions = [(event, deed) for event, deed in acts if isinstance(deed, Admission)]
        self.principals = {(event.device, event.author) for event in events}

    def check(self) -> None:
        """Laws 2 to 4."""
        for event, limit in self.limits:
            if event.author in self.roots:
                self._nobody_acts_after(event, limit)
        reaching: list[tuple[Event, Grant | Limit]] = [*self.grants, *self.limits]
        for event, deed in reaching:
            own = isinstance(deed, Limit) and deed.principal in (None, event.author)
            if event.author not in self.roots and not own:
                assert any(
                    grant.role > deed.role and other.id in self.past[event.id]
                    for other, grant in self.grants
                    if grant.principal == event.author
                ), "nobody gives, or takes, what is not below him"
        for event in self.events:
            self._nobody_removes_a_peer(event)

    def _nobody_acts_after(self, act: Event, limit: Limit) -> None:
        covered = self._closure(act, limit)
        for event in self.events:
            if event.id in covered or event.id == act.id or not self.node.verdict(event).accepted:
                continue
            if limit.principal != event.author and limit.device != event.device:
                continue
            if event.author in self.roots or self._excused(event, act, limit) or self._concerns_himself(event):
                continue
            row = need(KINDS[event.kind].action)
            least = Role.GUEST if row.author else row.role
            assert limit.role >= least, f"{event.kind} after {act.kind}"

    def _excused(self, event: Event, act: Event, limit: Limit) -> bool:
        """Somebody who knew of it gave a role or admitted the event; after a root's block, a root."""
        banned = limit.principal is not None and limit.role is Role.BLOCKED
        granted = limit.principal is not None and any(
            deed.principal == event.author and act.id in self.past[other.id] and other.id in self.past[event.id]
            for other, deed in self.grants
            if not banned or other.author in self.roots
        )
        return granted or any(
            event.id in deed.events for other, deed in self.admissions if not banned or other.author in self.roots
        )

    def _concerns_himself(self, event: Event) -> bool:
        deed = _deed(event)
        return isinstance(deed, Limit) and deed.principal in (None, event.author)

    def _nobody_removes_a_peer(self, event: Event) -> None:
        """He has at least what a root gave him, if nobody else was ever given more than that."""
        if event.author in self.roots or self.node.verdict(event).reason not in ("revoked", "revoked-meanwhile"):
            return
        given = [
            grant.role
            for other, grant in self.grants
            if grant.principal == event.author and other.author in self.roots and other.id in self.past[event.id]
        ]
        most = max(given, default=Role.GUEST)
        least = need(KINDS[event.kind].action).role
        assert most < least or any(
            self._could(other.author) > most or other.author == event.author
            for other, deed in self.limits
            if deed.principal in (None, event.author)
        ), "only peers wrote against him"

    def _could(self, principal: Did) -> int:
        if principal in self.roots:
            return Role.ROOT
        return max((deed.role for _, deed in self.grants if deed.principal == principal), default=Role.GUEST)

    def _closure(self, act: Event, deed: Limit) -> frozenset[EventId]:
        cut = deed.cut or tuple(self.past[act.id])
        return frozenset(cut).union(*(self.past[name] for name in cut))


def _deed(event: Event) -> Deed | None:
    kind = KINDS[event.kind]
    return kind.deed(event, read_payload(kind, event.payload or b"")) if kind.deed else None


def _pasts(events: Sequence[Event]) -> dict[EventId, frozenset[EventId]]:
    past: dict[EventId, frozenset[EventId]] = {}
    for event in events:
        names = [*event.parents, *([event.prev] if event.prev else [])]
        past[event.id] = frozenset(names).union(*(past[name] for name in names))
    return past
