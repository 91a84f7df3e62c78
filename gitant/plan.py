"""What all processes of a node have to know about it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, final

from domain.ids import Did
from gitant.cells import read_cells
from gitant.settings import Settings, from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from storage.datadir import DataDir

DISTRIBUTION: Final = "gitant-forge"


def version() -> str:
    """Which Gitant this is."""
    return metadata.version(DISTRIBUTION)


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker has to know about the node it works for; JSON on its way there."""

    settings: Settings
    did: Did
    version: str
    started_ms: int

    def plain(self) -> dict[str, Any]:
        return {
            "settings": self.settings.plain(),
            "did": self.did,
            "version": self.version,
            "started_ms": self.started_ms,
        }


def plan_from(plain: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.plain` took apart."""
    return Plan(from_plain(plain["settings"]), Did(plain["did"]), str(plain["version"]), int(plain["started_ms"]))


def imports_dir(folder: DataDir) -> Path:
    """Where it stands how far imports are."""
    return folder.cache / "imports"


def metrics_dir(folder: DataDir) -> Path:
    """Where the workers of one run share their counts."""
    return folder.cache / "metrics"


def writer_counts(folder: DataDir) -> Path:
    """Where the writer shows its counts."""
    return metrics_dir(folder) / "writer.cells"


OPENING_CELLS: Final = ("done", "total")
"""How many events of how many are in the views, while the writer brings them up to date."""


def opening_counts(folder: DataDir) -> Path:
    """Where the writer shows how far it is with opening the log."""
    return metrics_dir(folder) / "opening.cells"


def how_far(path: Path) -> tuple[int, int]:
    """What such a file says: (done, in all), zeros where it is not there."""
    told = read_cells(OPENING_CELLS, path)
    return told.get("done", 0), told.get("total", 0)


def worker_counts(folder: DataDir, pid: int) -> Path:
    """Where a worker shows what it is at."""
    return metrics_dir(folder) / f"{pid}.cells"
