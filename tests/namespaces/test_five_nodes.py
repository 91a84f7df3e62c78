"""One partition of five real nodes in bad weather, with a kill and a full disk, and one node from an old backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.namespaces.outside import run_namespaces, why_not

if TYPE_CHECKING:
    from pathlib import Path

SEED = 1


@pytest.mark.slow
def test_five_nodes_come_to_the_same_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """More of it: `python -m tests.soak namespaces --rounds 20`."""
    if reason := why_not():
        pytest.skip(reason)
    lines: list[str] = []
    run_namespaces(1, SEED, tmp_path, lines.append)
    assert len(lines) == 3
    print(f"seed {SEED}:", *lines, sep="\n")
