"""Everything in a data folder is either in a backup or can be made again, and somebody has decided which."""

from __future__ import annotations

from pathlib import Path

from storage.datadir import DataDir

IN_A_BACKUP = {"log", "local", "accounts", "audit", "repos", "blobs", "identity_key", "operator_token", "config"}
MADE_AGAIN = {"views", "analytics", "cache", "node_info", "lock_file"}


def test_every_path_of_a_data_folder_is_kept_or_made_again() -> None:
    """A new one must be added to `gitant.backup.take` or, if it can be made again, only here."""
    paths = {name for name, value in vars(DataDir(Path("node"))).items() if isinstance(value, Path)} - {"path"}
    assert paths == IN_A_BACKUP | MADE_AGAIN
