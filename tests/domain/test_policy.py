"""The role by action table: every row reads, every kind has one, and nobody below a role gets more than those above."""

from __future__ import annotations

from domain.authority.needs import HOLDS, need
from domain.authority.roles import Role
from domain.kinds import KINDS
from domain.policy import ACTIONS


def test_every_row_names_one_least_role() -> None:
    for action in ACTIONS:
        assert Role.GUEST <= need(action).role <= Role.ROOT, action


def test_every_kind_is_judged_by_a_row_and_every_row_judges_something() -> None:
    used = {kind.action for kind in KINDS.values()}
    assert used <= ACTIONS.keys()


def test_what_a_hold_closes_is_in_the_table_and_is_no_act_of_authority() -> None:
    acts = {kind.action for kind in KINDS.values() if kind.deed is not None}
    for free, closed in HOLDS.values():
        assert closed <= ACTIONS.keys()
        assert not closed & acts
        assert free > Role.GUEST
