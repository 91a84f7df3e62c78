"""The short list of tests that CI may skip, each with its reason."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def read_allowed_skips(path: Path) -> dict[str, str]:
    """Pattern of test ids to reason, from lines of `pattern: reason`; `#` opens a comment."""
    allowed: dict[str, str] = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pattern, separator, reason = line.partition(": ")
        if not separator or not reason.strip():
            raise ValueError(f"{path.name}: no reason given in {line!r}")
        allowed[pattern.strip()] = reason.strip()
    return allowed


def unexplained(skipped: Iterable[tuple[str, str]], allowed: Mapping[str, str]) -> list[str]:
    """Lines for the skips (test id, reason) that no pattern of `allowed` covers."""
    return [
        f"{test_id}: {reason}"
        for test_id, reason in skipped
        if not any(fnmatchcase(test_id, pattern) for pattern in allowed)
    ]
