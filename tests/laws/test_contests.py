"""The laws of authority hold for contests, which have all of it in them."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from domain.verdict import VOIDS
from tests.laws.contest import contest
from tests.laws.contests import run_bans, run_contests
from tests.laws.laws import fold

CONTESTS = 120
BANS = 20


@pytest.mark.slow
def test_the_laws_of_authority_hold(request: pytest.FixtureRequest) -> None:
    run_contests(CONTESTS, int(request.config.getoption("--hypothesis-seed") or 0))


def test_the_laws_of_blocks_hold(request: pytest.FixtureRequest) -> None:
    run_bans(BANS, int(request.config.getoption("--hypothesis-seed") or 0))


def test_contests_hold_what_they_are_for() -> None:
    """Every reason that authority has, forks of feeds, and acts that count."""
    chance = random.Random(1)
    reasons: Counter[str] = Counter()
    forks = 0
    for _ in range(80):
        events = contest(chance.randbytes(300)).events
        node = fold(events)
        reasons.update(node.verdict(event).reason for event in events)
        places = Counter((event.device, event.seq) for event in events)
        forks += sum(count > 1 for count in places.values())
    others = ("payload", "salt", "number", "too-large", "redaction", "entity", "not-enrolled", "enrolment-invalid")
    assert {code for code in VOIDS if not code.startswith(others)} <= set(reasons)
    assert forks > 80
    assert reasons[""] > sum(reasons.values()) / 2
