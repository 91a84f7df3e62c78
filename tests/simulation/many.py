"""Many runs: seed after seed until one fails, or until a planted bug is found."""

from __future__ import annotations

import statistics
import time
import traceback
from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.simulation.errors import Broken
from tests.simulation.invariants import MODEL_ONE_IN
from tests.simulation.planted import PLANTED, planted
from tests.simulation.run import Ask, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.simulation.run import Report

FOUND_WITHIN_SEEDS: Final = 200
TRACE_LINES: Final = 40
LARGE_NODES: Final = 100
LARGE_LOSS_PERCENT: Final = 10


def run_seeds(seeds: Iterable[int], ask: Ask, say: Callable[[str], None], *, again: str = "") -> int:
    """Run them all; 1 at the first failure, whose last line is the command that shows it again."""
    began = time.perf_counter()
    reports: list[Report] = []
    one = isinstance(seeds, list) and len(seeds) == 1
    for seed in seeds:
        trace: list[str] = []
        try:
            reports.append(run(seed, ask, say if one else trace.append, trace.append))
        except Exception as fault:  # noqa: BLE001  # whatever it was, the last line says how to see it again
            for line in trace[: 0 if one else 1] + trace[-TRACE_LINES:]:
                say(line)
            say("".join(traceback.format_exception(fault)))
            say(f"python -m tests.simulation --seed {seed}{ask.words}{again}")
            return 1
        if len(reports) % 100 == 0:
            say(f"{len(reports)} seeds, up to {seed}: {60 * len(reports) / (time.perf_counter() - began):.0f} a minute")
    _sum_up(reports, time.perf_counter() - began, say)
    return 0


def run_networks(rounds: int, seed: int, say: Callable[[str], None]) -> int:
    """So many seeds, and one large network that loses a tenth of all packets."""
    large = Ask(nodes=LARGE_NODES, loss_percent=LARGE_LOSS_PERCENT)
    return run_seeds(range(seed, seed + rounds), Ask(), say) or run_seeds([seed], large, say)


def _sum_up(reports: Sequence[Report], seconds: float, say: Callable[[str], None]) -> None:
    fired: Counter[str] = Counter()
    for report in reports:
        fired.update(report.fired)
    say(f"fired: {', '.join(f'{name} {count}' for name, count in sorted(fired.items())) or 'nothing'}")
    say(
        f"{len(reports)} seeds, nodes: median {statistics.median(report.nodes for report in reports):g}, "
        f"at most {max(report.nodes for report in reports)}; "
        f"events: at least {min(report.events for report in reports)}; "
        f"healed within {max(report.healed_ms for report in reports) / 1000:.1f} simulated seconds; "
        f"{60 * len(reports) / seconds:.0f} seeds a minute"
    )


def hunt(bugs: Sequence[str], ask: Ask, say: Callable[[str], None]) -> int:
    """Break the core on purpose, bug by bug; 1 if one is not found within 200 seeds by the invariant it is about."""
    missed = 0
    for bug in bugs:
        with planted(bug):
            found = find(bug, ask)
        say(f"{bug}: {found}" if found else f"{bug}: not found within {FOUND_WITHIN_SEEDS} seeds")
        missed += not found
    return 1 if missed else 0


def find(bug: str, ask: Ask) -> str:
    """The first seed that finds a bug that is planted, and how; nothing if none does."""
    expected, also = PLANTED[bug].breaks, PLANTED[bug].also
    # What only the second telling of the rules can notice need not be looked for where it is not asked.
    step = MODEL_ONE_IN if expected == {"rules-said-twice"} else 1
    for seed in range(0, FOUND_WITHIN_SEEDS, step):
        try:
            run(seed, ask, _nobody, _nobody)
        except Broken as fault:
            if fault.name in expected:
                return f"seed {seed}, {fault.name}"
            if fault.name not in also:
                raise
    return ""


def _nobody(_: str) -> None:
    """Nobody listens."""
