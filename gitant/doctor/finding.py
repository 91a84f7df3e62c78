"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gitant.settings import Settings
    from storage.datadir import DataDir, NodeInfo


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome: what was seen, and what to do unless all is well."""

    check: str
    state: Literal["ok", "warning", "failed"]
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at."""

    settings: Settings
    folder: DataDir
    running: NodeInfo | None
    url: str
    now_ms: int

    @property
    def cert(self) -> str:
        """The running node's own certificate, if it has one."""
        return self.running.cert if self.running is not None else ""


def ok(check: str, seen: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", seen)


def warning(check: str, seen: str, fix: str) -> Finding:
    """It works, and could be better."""
    return Finding(check, "warning", seen, fix)


def failed(check: str, seen: str, fix: str) -> Finding:
    """It does not work, or will not for long."""
    return Finding(check, "failed", seen, fix)
