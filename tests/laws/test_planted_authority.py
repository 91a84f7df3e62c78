"""The laws of authority find bugs: each of its rules, broken on purpose, breaks a law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.authority import ancestry, court, enrolment, rights
from domain.authority.acts import Grant, Hold, Limit
from domain.authority.court import Act, Court
from domain.authority.needs import need
from domain.authority.roles import Role
from domain.replay import courts, judge
from domain.replay.courts import Courts
from domain.replay.memory import MemoryHistory
from tests.laws.contests import run_bans, run_quickly
from tests.laws.test_planted_bugs import ends

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.authority.ancestry import Branch
    from domain.ids import EventId

__all__ = ["ends"]

EXAMPLES = 200
Patch = pytest.MonkeyPatch


def no_cut_reaches_anything(patch: Patch) -> None:
    patch.setattr(court, "covers", lambda *_: True)


def nothing_before_a_cut_counts(patch: Patch) -> None:
    patch.setattr(court, "covers", lambda *_: False)


def peers_remove_each_other(patch: Patch) -> None:
    honest = Court.settle

    def lax(self: Court, act: Act, level: int, *, alive: bool) -> bool:
        return honest(self, act, level + (level > 0), alive=alive)

    patch.setattr(Court, "settle", lax)


def a_grant_does_not_outlive_what_it_knew(patch: Patch) -> None:
    patch.setattr(Act, "in_past", lambda self, place: isinstance(self.deed, Grant) and _in_past(self, place))


def a_grant_outlives_everything(patch: Patch) -> None:
    patch.setattr(Act, "in_past", lambda self, place: isinstance(self.deed, Limit) or _in_past(self, place))


_in_past = Act.in_past


def grants_reach_back(patch: Patch) -> None:
    patch.setattr(Act, "in_past", lambda self, place: isinstance(self.deed, Grant) or _in_past(self, place))


def anybody_grants(patch: Patch) -> None:
    patch.setattr(rights, "_overreach", lambda *_: None)


def nobody_admits(patch: Patch) -> None:
    patch.setattr(Court, "admitted", lambda *_: False)


def nothing_lifts_a_hold(patch: Patch) -> None:
    patch.setattr(Court, "lifted", lambda *_: False)


def anything_lifts_a_hold(patch: Patch) -> None:
    patch.setattr(court, "_alike", lambda *_: True)


def any_device_ends_any_other(patch: Patch) -> None:
    def lax(self: Court, own: Any, branch: Branch, place: Any) -> Any:
        return next((act for act in own if not ancestry.covers(act.reach, place.branch, place.seq)), None)

    patch.setattr(Court, "_cut_by_own", lax)


def a_cut_may_name_the_unseen(patch: Patch) -> None:
    honest = Courts.reach
    patch.setattr(Courts, "reach", lambda self, event, deed: honest(self, event, deed) or {})


def a_late_act_changes_nothing_that_is_here(patch: Patch) -> None:
    patch.setattr(Courts, "affected", lambda *_, **__: ())


def nobody_can_leave(patch: Patch) -> None:
    patch.setattr(court, "_left", lambda *_: False)


def a_thief_leaves_for_the_owner(patch: Patch) -> None:
    patch.setattr(court, "_left", lambda act, _: act.author == court._limit(act).principal)


def forks_are_one_branch(patch: Patch) -> None:
    honest = MemoryHistory.tip_of

    def lax(self: MemoryHistory, event: EventId) -> int | None:
        place = self.place(event)
        return honest(self, event) if place is None else place.branch

    patch.setattr(MemoryHistory, "tip_of", lax)


def walks_end_early(patch: Patch) -> None:
    def lax(graph: Any, names: Any) -> Any:
        return {place.branch: place.seq for place in (graph.place(name) for name in names)}

    patch.setattr(courts, "vector", lax)


def a_node_s_end_ends_nothing(patch: Patch) -> None:
    honest = Courts._about
    patch.setattr(Courts, "_about", lambda self, stream, limit: () if limit.node else honest(self, stream, limit))


def a_node_s_end_binds_nobody(patch: Patch) -> None:
    honest = Court.add

    def lax(self: Court, act: Act) -> None:
        honest(self, act)
        self._node_limits.clear()

    patch.setattr(Court, "add", lax)


def maintainers_redact_nothing(patch: Patch) -> None:
    patch.setattr(judge, "need", lambda action: need(action)._replace(role=Role.OWNER))


def a_certificate_is_good_everywhere(patch: Patch) -> None:
    honest = enrolment.read_chain

    def lax(chain: Any, device: Any, stream: Any) -> Any:
        found = honest(chain, device, stream)
        return found._replace(fault="") if found.fault == "enrolment-elsewhere" else found

    patch.setattr(ancestry, "read_chain", lax)


def who_admits_need_not_know_the_limit(patch: Patch) -> None:
    def lax(self: Court, event: EventId, limit: Act, above: int) -> bool:
        return any(act.level > above for act in self._admissions.get(event, ()))

    patch.setattr(Court, "admitted", lax)


def anybody_admits(patch: Patch) -> None:
    def lax(self: Court, event: EventId, limit: Act, above: int) -> bool:
        return any(limit.in_past(act.place) for act in self._admissions.get(event, ()))

    patch.setattr(Court, "admitted", lax)


def a_recovery_key_is_a_plain_one(patch: Patch) -> None:
    honest = enrolment.read_chain

    def lax(*of: Any) -> Any:
        found = honest(*of)
        return found._replace(rank=min(found.rank, enrolment.RANK_MANAGE))

    patch.setattr(ancestry, "read_chain", lax)


def an_ended_key_still_ends_others(patch: Patch) -> None:
    def lax(self: Court, own: Any, branch: Branch, place: Any) -> Any:
        rank = branch.enrolment.rank
        higher = (act for act in own if act.branch.enrolment.rank > rank)
        return next((act for act in higher if not ancestry.covers(act.reach, place.branch, place.seq)), None)

    patch.setattr(Court, "_cut_by_own", lax)


def protections_ask_nothing(patch: Patch) -> None:
    patch.setattr(rights, "breach", lambda *_: "")


def a_protection_binds_deletions_only(patch: Patch) -> None:
    honest = rights.breach
    patch.setattr(rights, "breach", lambda rules, push, *who: honest(rules, push, *who) if push.deletes else "")


def pushers_need_no_role(patch: Patch) -> None:
    honest = rights.breach

    def lax(rules: Any, push: Any, author: Any, role: Any) -> str:
        return honest(rules._replace(push_role=Role.GUEST) if rules.pushers else rules, push, author, role)

    patch.setattr(rights, "breach", lax)


def everybody_forces(patch: Patch) -> None:
    honest = rights.breach
    patch.setattr(rights, "breach", lambda rules, *rest: honest(rules._replace(allow_force=True), *rest))


def tags_are_branches(patch: Patch) -> None:
    honest = rights._broken

    def lax(hold: Any, pushes: Any, *who: Any) -> str:
        return honest(hold, [push._replace(ref=f"refs/heads/{push.ref.rpartition('/')[2]}") for push in pushes], *who)

    patch.setattr(rights, "_broken", lax)


def holds_reach_behind_their_cut(patch: Patch) -> None:
    def lax(self: Act, place: Any) -> bool:
        return self.level != court.NO_EFFECT and (not isinstance(self.deed, Hold) or self.deed.on)

    patch.setattr(Act, "counts_against", lax)


def a_limit_reduces_to_guest_only(patch: Patch) -> None:
    honest = court._limit
    patch.setattr(court, "_limit", lambda act: honest(act)._replace(role=Role.GUEST))


def roots_can_be_removed(patch: Patch) -> None:
    honest = Court._claims_of

    def lax(self: Court, branch: Branch, place: Any) -> Any:
        if branch.enrolment.principal in self.roots and self._limits.get(branch.enrolment.principal):
            return court.Standing(Role.GUEST)
        return honest(self, branch, place)

    patch.setattr(Court, "_claims_of", lax)


def whoever_was_removed_leaves_long_before_that(patch: Patch) -> None:
    honest = Court._reduced

    def lax(self: Court, claim: Any, *where: Any, leaving: bool = True) -> Any:
        return honest(self, claim, *where) if leaving else court.Standing(claim.role)

    patch.setattr(Court, "_reduced", lax)


def who_leaves_loses_what_he_gets_later(patch: Patch) -> None:
    def lax(act: Act, _: Any) -> bool:
        limit = court._limit(act)
        return act.author == limit.principal and limit.role is Role.GUEST and act.sound

    patch.setattr(court, "_left", lax)


def anybody_lifts_a_hold(patch: Patch) -> None:
    def lax(self: Court, hold: Act, place: Any) -> bool:
        return any(act.in_past(place) for act in self._replacing.get(hold.event, ()))

    patch.setattr(Court, "lifted", lax)


def a_hold_is_lifted_behind_the_back(patch: Patch) -> None:
    def lax(self: Court, hold: Act, place: Any) -> bool:
        return any(act.level != court.NO_EFFECT for act in self._replacing.get(hold.event, ()))

    patch.setattr(Court, "lifted", lax)


def anybody_admits_in_spite_of_a_hold(patch: Patch) -> None:
    honest = Court.admitted

    def lax(self: Court, event: EventId, limit: Act, above: int) -> bool:
        return honest(self, event, limit, Role.GUEST if isinstance(limit.deed, Hold) else above)

    patch.setattr(Court, "admitted", lax)


def a_grant_revives_a_device(patch: Patch) -> None:
    honest = Court._claim

    def lax(self: Court, branch: Branch, grant: Act | None) -> Any:
        claim = honest(self, branch, grant)
        others = tuple(act for act in claim.others if grant is None or not act.in_past(grant.place))
        return claim._replace(others=others)

    patch.setattr(Court, "_claim", lax)


def a_root_key_ends_nobody(patch: Patch) -> None:
    patch.setattr(Court, "_own_limits", lambda *_: ())


def several_limits_do_not_intersect(patch: Patch) -> None:
    honest = Court._reduced

    def lax(self: Court, claim: Any, *where: Any, leaving: bool = True) -> Any:
        return honest(self, claim._replace(others=claim.others[:1]), *where, leaving=leaving)

    patch.setattr(Court, "_reduced", lax)


def a_blocked_author_keeps_his_words(patch: Patch) -> None:
    patch.setattr(rights, "Role", type("Lax", (), {**Role.__members__, "GUEST": Role.BLOCKED}))


def whoever_may_grant_lifts_any_block(patch: Patch) -> None:
    patch.setattr(Court, "_outlives", lambda self, grant, limit: limit.in_past(grant.place))


def a_block_once_lifted_stays_in_force(patch: Patch) -> None:
    def lax(self: Court, grant: Act, limit: Act) -> bool:
        return limit.in_past(grant.place) and (not limit.blocks or grant.level >= limit.level)

    patch.setattr(Court, "_outlives", lax)


def who_blocked_matters_to_no_admission(patch: Patch) -> None:
    def lax(self: Court, event: EventId, limit: Act, above: int) -> bool:
        return any(act.level > above and limit.in_past(act.place) for act in self._admissions.get(event, ()))

    patch.setattr(Court, "admitted", lax)


BUGS: list[Callable[[Patch], None]] = [
    no_cut_reaches_anything,
    nothing_before_a_cut_counts,
    peers_remove_each_other,
    a_grant_does_not_outlive_what_it_knew,
    a_grant_outlives_everything,
    grants_reach_back,
    anybody_grants,
    nobody_admits,
    nothing_lifts_a_hold,
    anything_lifts_a_hold,
    any_device_ends_any_other,
    a_cut_may_name_the_unseen,
    a_late_act_changes_nothing_that_is_here,
    nobody_can_leave,
    a_thief_leaves_for_the_owner,
    forks_are_one_branch,
    walks_end_early,
    a_node_s_end_ends_nothing,
    a_node_s_end_binds_nobody,
    maintainers_redact_nothing,
    a_certificate_is_good_everywhere,
    who_admits_need_not_know_the_limit,
    anybody_admits,
    a_recovery_key_is_a_plain_one,
    an_ended_key_still_ends_others,
    protections_ask_nothing,
    a_protection_binds_deletions_only,
    pushers_need_no_role,
    everybody_forces,
    tags_are_branches,
    holds_reach_behind_their_cut,
    a_limit_reduces_to_guest_only,
    roots_can_be_removed,
    whoever_was_removed_leaves_long_before_that,
    who_leaves_loses_what_he_gets_later,
    anybody_lifts_a_hold,
    a_hold_is_lifted_behind_the_back,
    anybody_admits_in_spite_of_a_hold,
    a_grant_revives_a_device,
    a_root_key_ends_nobody,
    several_limits_do_not_intersect,
    a_blocked_author_keeps_his_words,
]


@pytest.mark.slow
@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_broken_rule_of_authority_breaks_a_law(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, AttributeError, KeyError)):
        run_quickly(EXAMPLES, seed=1)


BAN_BUGS: list[Callable[[Patch], None]] = [
    whoever_may_grant_lifts_any_block,
    a_block_once_lifted_stays_in_force,
    who_blocked_matters_to_no_admission,
]


@pytest.mark.parametrize("plant", BAN_BUGS, ids=lambda plant: plant.__name__)
def test_a_broken_rule_of_blocks_breaks_a_law(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_bans(80, seed=1, shrink=False)
