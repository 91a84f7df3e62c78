"""What every test run has in common: Hypothesis' profile, the seed on show, and the rules about a run as a whole.

Those rules (no unexplained skip in CI, no route that no test calls) need what all processes of a run saw, so each
process hands its notes to the first one at its end.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.api.calls import CALLED
from tests.house.routes import uncalled
from tests.house.skips import read_allowed_skips, unexplained

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_LONG = ("tests/namespaces", "tests/soak", "tests/transcripts", "tests/gitant", "tests/interop")
"""Folders whose files take long: begun first, or one process would have a last long file to itself."""
_skipped: set[tuple[str, str]] = set()
_run: set[str] = set()


def pytest_sessionstart() -> None:
    gc.disable()  # thousands of tests are being found, and none of them is garbage


def pytest_collection_finish() -> None:
    """What was imported and found stays until the end: nobody need look through it again and again."""
    gc.freeze()
    gc.enable()


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.getoption("--hypothesis-seed", default="none")
    return f"hypothesis seed: {seed} (look elsewhere with `make test SEED=…`)"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _run.add(report.nodeid.partition("::")[0])
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.add((report.nodeid, _reason(report.longrepr)))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.add((report.nodeid, _reason(report.longrepr)))


def _reason(longrepr: object) -> str:
    """The words of a skip: pytest hands over (path, line, "Skipped: …")."""
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Another process of this run has ended (pytest-xdist): take over its notes."""
    notes = getattr(node, "workeroutput", {})
    CALLED.update((method, route) for method, route in notes.get("called", ()))
    _skipped.update((test, reason) for test, reason in notes.get("skipped", ()))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    gc.unfreeze()  # or what native libraries hold would seem to leak
    if (notes := getattr(session.config, "workeroutput", None)) is not None:
        notes["called"] = [list(call) for call in CALLED]
        notes["skipped"] = [list(skip) for skip in _skipped]
    elif exitstatus == pytest.ExitCode.OK and any(_faults(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for title, lines in _faults(config):
        terminalreporter.section(title, red=True)
        for line in lines:
            terminalreporter.line(line)


def _faults(config: pytest.Config) -> Iterator[tuple[str, list[str]]]:
    """What is wrong with the run as a whole: a title and its lines."""
    if os.environ.get("CI") == "true" and (skips := unexplained(_skipped, read_allowed_skips(_ALLOWED_SKIPS))):
        yield "skipped without leave (tests/house/allowed_skips.txt)", skips
    narrowed = (
        config.getoption("keyword")
        or config.getoption("markexpr")
        or config.getoption("collectonly")
        or any("::" in word for word in config.args)
    )
    if not narrowed and (routes := uncalled(_run, CALLED)):
        yield "routes that no test in tests/api calls", routes
