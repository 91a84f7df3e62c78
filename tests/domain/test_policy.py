"""The first policy table: a stream's roots, the author of the thing, and everyone else."""

from __future__ import annotations

import pytest

from domain.kinds import KINDS
from domain.policy import ACTIONS, Question, RootPolicy
from tests.making import key

ROOT, AUTHOR, STRANGER = (key(name).did for name in ("root", "author", "stranger"))


@pytest.mark.parametrize("action", ACTIONS)
def test_a_row_is_read_literally(action: str) -> None:
    row = ACTIONS[action]
    policy = RootPolicy()
    for who, role in ((ROOT, "root"), (AUTHOR, "author"), (STRANGER, "anyone")):
        expected = role in row or "anyone" in row
        assert policy.allows(Question(action, who, (ROOT,), AUTHOR)) == expected
        assert policy.allows(Question(action, who, (ROOT,), None)) == (
            (expected and role != "author") or "anyone" in row
        )


def test_every_action_is_asked_for_and_in_the_table() -> None:
    assert {kind.action for kind in KINDS.values()} == set(ACTIONS)


def test_an_action_that_is_not_in_the_table_is_a_bug() -> None:
    with pytest.raises(KeyError):
        RootPolicy().allows(Question("repository.steal", ROOT, (ROOT,), None))
