"""A bounded share of what `make soak` runs: some networks, the same for the same seed, and some planted bugs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.simulation.faults import FAULTS
from tests.simulation.liars import LIARS
from tests.simulation.many import find, run_seeds
from tests.simulation.options import draw
from tests.simulation.planted import planted
from tests.simulation.run import Ask, run

SEEDS = range(100, 103)
pytestmark = pytest.mark.slow


def test_networks_heal() -> None:
    lines: list[str] = []
    assert not run_seeds(SEEDS, Ask(), lines.append), "\n".join(lines)


def test_a_liar_gets_his_chance_in_a_small_network_where_everything_goes_wrong() -> None:
    """Of three nodes, on wires that lose one packet in ten, he sent two events at once in none of five minutes."""
    assert run(1665, Ask(), _nobody, _nobody).fired["signature-spoiler"]


def test_seeds_ask_for_everything_and_networks_are_of_every_size() -> None:
    drawn = [draw(seed) for seed in range(2_000)]
    assert {name for options in drawn for name in options.faults} == set(FAULTS)
    assert {name for options in drawn for name in options.liars} == set(LIARS)
    sizes = sorted(options.nodes for options in drawn)
    assert sizes[0] == 2
    assert sizes[len(sizes) // 2] >= 7
    assert sizes[-1] == 25
    assert min(options.events for options in drawn) >= 100
    assert 0.85 < sum(options.memoised for options in drawn) / len(drawn) < 0.95


def test_a_seed_says_everything() -> None:
    """In another process too, where sets and dictionaries of bytes have another order."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", "6", "--nodes", "3"]
    told = {
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    }
    traces = {line for out in told for line in out.splitlines() if b"trace" in line}
    assert len(traces) == 1


@pytest.mark.parametrize(
    "bug",
    [
        "anybody_may",
        "the_last_to_arrive_wins",
        "told_before_it_is_durable",
        "everybody_may_read",
        "a_lost_frame_is_a_crime",
    ],
)
def test_a_planted_bug_is_found(bug: str) -> None:
    """The others take longer: `python -m tests.simulation --plant all`."""
    with planted(bug):
        assert find(bug, Ask(nodes=5))


def test_a_failure_ends_with_the_command_that_reruns_it() -> None:
    lines: list[str] = []
    with planted("the_last_to_arrive_wins"):
        assert run_seeds(range(200), Ask(nodes=3), lines.append)
    command = lines[-1].split()
    assert command[:4] == ["python", "-m", "tests.simulation", "--seed"]
    assert command[5:] == ["--nodes", "3"]
    with planted("the_last_to_arrive_wins"), pytest.raises(AssertionError):
        run(int(command[4]), Ask(nodes=3), _nobody, _nobody)


def _nobody(_: str) -> None:
    """Nobody listens."""
