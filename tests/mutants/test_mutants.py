"""Mutants: a few by seed are noticed, and the explained ones are there and told of."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.mutants.__main__ import every
from tests.mutants.changes import mutants
from tests.mutants.explained import PAGE, filled, stale
from tests.mutants.run import ROOT


def test_explanations_are_of_mutants_and_on_the_page() -> None:
    """If the page is stale: python -m tests.mutants --page."""
    there_are = every()
    assert stale(there_are) == []
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page, there_are) == page


def test_a_name_outlives_what_moves_lines() -> None:
    source = "def f(a):\n    return a < 1 or a < 1\n"
    names = [mutant.name for mutant in mutants("x.py", source)]
    assert names == [mutant.name for mutant in mutants("x.py", f"# more\n\n{source}")]
    assert len(names) == len(set(names))
    assert "x.py:f: a < 1 → a <= 1 (2)" in names
    assert not set(names) & {mutant.name for mutant in mutants("x.py", source.replace("f(", "g("))}


@pytest.mark.slow
def test_a_few_mutants_are_noticed() -> None:
    words = [sys.executable, "-m", "tests.mutants", "--only", "domain/policy.py", "--sample", "6", "--seed", "1"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
