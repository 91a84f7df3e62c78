"""Long runs: nodes killed at random under load, and disks cut off from power. `python -m tests.soak` runs them."""

from __future__ import annotations
