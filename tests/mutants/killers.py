"""Who looks for a mutant, the quickest first: each raises when it notices something."""

from __future__ import annotations

from typing import Final

import pytest

from tests.laws.contests import run_contests, run_quickly
from tests.laws.laws import run_laws

TESTS: Final = (
    "tests/domain/authority",
    "tests/domain/replay",
    "tests/domain/test_policy.py",
    "tests/domain/test_vectors.py",
    "tests/domain/test_verdicts.py",
    "tests/exploits/authority/test_keys.py",
    "tests/exploits/authority/test_old_parents.py",
)
_QUIET: Final = (
    "-q",
    "-x",
    "--assert=plain",
    "--noconftest",
    "-o",
    "addopts=",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:randomly",
)


def few_contests() -> None:
    """Most mutants are in plain sight."""
    run_quickly(8, seed=3)


def few_laws() -> None:
    """Kinds and streams that contests do not have."""
    run_laws(8, seed=3, shrink=False)


def tests_of_authority() -> None:
    """Exploits, cases, vectors, and the tests of single modules."""
    code = pytest.main([*_QUIET, *TESTS])
    assert code == pytest.ExitCode.OK, "a test failed"


def whole_contests() -> None:
    """All orders of arrival."""
    run_contests(12, seed=4, shrink=False)


def many_contests() -> None:
    """The rarer reasons."""
    run_quickly(60, seed=1)


def many_laws() -> None:
    """What is seldom judged again."""
    run_laws(40, seed=1, shrink=False)
