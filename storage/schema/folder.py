"""The versions of a whole data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.schema.versions import ACCOUNTS, AUDIT, LOCAL, LOG, refuse_later, version_of

if TYPE_CHECKING:
    from storage.datadir import DataDir


def refuse_later_folder(folder: DataDir) -> None:
    """Raise `Unavailable` if a later Gitant wrote one of the databases, before anything in the folder is changed."""
    for path, schema in (
        *((folder.log, LOG), (folder.local, LOCAL)),
        *((folder.accounts, ACCOUNTS), (folder.audit, AUDIT)),
    ):
        refuse_later(path, version_of(path), schema)
