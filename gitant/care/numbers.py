"""What the care of repositories counts, for whoever asks for metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.ports import Number
from gitant.cells import read_cells
from gitant.plan import metrics_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.datadir import DataDir

CARE_CELLS: Final = (
    "runs",
    "failures",
    "merged_packs",
    "saved_bytes",
    "under_way",
    "repositories",
    "disk_bytes",
    "tableless",
    "tables",
)
FAR_CELLS: Final = ("done", "commits")
"""Of the repository that is being tended: the commits whose tables are made."""


def care_counts(folder: DataDir) -> Path:
    """Where the main process shows them."""
    return metrics_dir(folder) / "care.cells"


def far_counts(folder: DataDir) -> Path:
    """Where whoever tends a repository shows how far it is."""
    return metrics_dir(folder) / "tables.cells"


def care_numbers(folder: DataDir) -> Iterator[Number]:
    """Nothing where no node runs."""
    told = read_cells(CARE_CELLS, care_counts(folder))
    if not told:
        return
    yield Number("gitant_repositories_disk_bytes", "What all repositories take on the disk.", told["disk_bytes"])
    yield Number("gitant_repositories_on_disk", "How many repositories have files on this node.", told["repositories"])
    yield Number("gitant_care_under_way", "Whether a repository is being tended: 1 if so.", told["under_way"])
    yield Number("gitant_care_runs_total", "How often a repository was tended.", told["runs"])
    yield Number("gitant_care_failures_total", "How often that failed.", told["failures"])
    yield Number("gitant_care_merged_packs_total", "Packs that were merged.", told["merged_packs"])
    yield Number("gitant_care_saved_bytes_total", "By how much merged packs are smaller.", told["saved_bytes"])
    waiting, made = told["tableless"], told["tables"]
    yield Number(
        "gitant_tables_waiting", "Repositories with packs that have no tables yet: they answer slower.", waiting
    )
    yield Number("gitant_tables_made_total", "Packs for which tables were made apart.", made)
    far = read_cells(FAR_CELLS, far_counts(folder)) or dict.fromkeys(FAR_CELLS, 0)
    yield Number("gitant_tables_commits", "Commits of the packs whose tables are being made.", far["commits"])
    yield Number("gitant_tables_commits_done", "How many of those are done.", far["done"])
