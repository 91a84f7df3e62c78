"""What every test run has in common: Hypothesis' profile, the seed on show, and no unexplained skip in CI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.house.skips import read_allowed_skips, unexplained

if TYPE_CHECKING:
    from collections.abc import Sequence

# The seed alone decides the examples: no database of earlier failures, no deadline a slow machine misses.
hypothesis.settings.register_profile(
    "gitant",
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("gitant")

_ALLOWED_SKIPS = Path(__file__).parent / "house" / "allowed_skips.txt"
_skipped: list[tuple[str, str]] = []


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.getoption("--hypothesis-seed", default="none")
    return f"hypothesis seed: {seed} (look elsewhere with `make test SEED=…`)"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append((report.nodeid, _reason(report.longrepr)))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append((report.nodeid, _reason(report.longrepr)))


def _reason(longrepr: object) -> str:
    """The words of a skip: pytest hands over (path, line, "Skipped: …")."""
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


def _faults() -> Sequence[str]:
    if os.environ.get("CI") != "true":
        return ()
    return unexplained(_skipped, read_allowed_skips(_ALLOWED_SKIPS))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if faults := _faults():
        terminalreporter.section("skipped without leave (tests/house/allowed_skips.txt)", red=True)
        for fault in faults:
            terminalreporter.line(fault)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and _faults():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
