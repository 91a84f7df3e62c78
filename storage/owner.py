"""Whose data folder it is: the identity that its log was begun under, and no other may go on with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from domain.errors import Unavailable
from domain.ids import Did
from storage.local import LocalStore

if TYPE_CHECKING:
    from domain.ids import DeviceKey
    from storage.datadir import DataDir

_FACT: Final = "node.identity"
_FIRST: Final = "SELECT originator_id FROM stored_events ORDER BY rowid LIMIT 1"
_OF_DEVICE: Final = "SELECT 1 FROM stored_events WHERE originator_id LIKE ? LIMIT 1"


def claim(folder: DataDir, did: Did, device: DeviceKey) -> None:
    """Write down that the folder is this identity's; raises `Unavailable` if it is another's."""
    with closing(LocalStore(folder.local)) as local:
        if local.get(_FACT) is None:
            _check_log(folder, did, device)
        owner = Did(local.put_if_absent(_FACT, did.encode()).decode())
    if owner != did:
        raise _another(folder, did, f"the node's is {owner}")


def owner_of(folder: DataDir) -> Did | None:
    """Whose folder it is, as far as that was written down. Changes nothing."""
    if not folder.local.exists():
        return None
    with closing(sqlite3.connect(f"{folder.local.as_uri()}?mode=ro", uri=True)) as local:
        if not local.execute("SELECT 1 FROM sqlite_master WHERE name='facts'").fetchone():
            return None
        row = local.execute("SELECT value FROM facts WHERE name = ?", (_FACT,)).fetchone()
    return None if row is None else Did(bytes(row[0]).decode())


def has_signed(folder: DataDir, device: DeviceKey) -> bool:
    """Whether the log is empty or holds an event of this device. Looks at every row only where the first is not its."""
    if not folder.log.exists() or not folder.log.stat().st_size:
        return True
    with closing(sqlite3.connect(f"{folder.log.as_uri()}?mode=ro", uri=True)) as log:
        if not log.execute("SELECT 1 FROM sqlite_master WHERE name='stored_events'").fetchone():
            return True
        first = log.execute(_FIRST).fetchone()
        wanted = f"/{device.hex()}/"
        return first is None or wanted in first[0] or log.execute(_OF_DEVICE, (f"%{wanted}%",)).fetchone() is not None


def _check_log(folder: DataDir, did: Did, device: DeviceKey) -> None:
    """A folder from before identities were written down tells by what is signed in it."""
    try:
        ours = has_signed(folder, device)
    except sqlite3.DatabaseError:
        return  # a damaged log: whoever opens it says so
    if not ours:
        raise _another(folder, did, "nothing in the log is signed with it")


def _another(folder: DataDir, did: Did, why: str) -> Unavailable:
    return Unavailable(
        f"{folder.identity_key} is the key of {did}, and this folder belongs to another identity: {why}",
        hint=f"put the node's own {folder.identity_key.name} back from a backup; "
        "a node with another identity needs a data folder of its own",
    )
