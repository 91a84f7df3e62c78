"""Keys that this node keeps for others, sealed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, final

from domain.canonical import decode_own, encode
from domain.ids import DeviceKey, Did
from domain.ports_accounts import KeptDevice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from domain.authority.enrolment import Chain
    from storage.accounts.shelf import Glance
    from storage.kept import KeptFile

DEVICE: Final = "SELECT device, did, sealed, chain, made_ms FROM devices "
_LATEST: Final = DEVICE + "WHERE did=? AND chain IS NOT NULL ORDER BY made_ms DESC, device LIMIT 1"


@final
class SqliteDevices:
    """`KeptDevices`. What is asked for with every command is answered from memory mostly."""

    def __init__(self, file: KeptFile, glance: Glance) -> None:
        self._file = file
        self._glance = glance

    def keep(self, device: KeptDevice) -> None:
        with self._file.changing() as db:
            put_device(db, device)

    def device_of(self, did: Did) -> KeptDevice | None:
        row = self._glance.row(_LATEST, did)
        return None if row is None else device_of(row)

    def device(self, device: DeviceKey) -> KeptDevice | None:
        rows = self._file.rows(DEVICE + "WHERE device=?", device)
        return device_of(rows[0]) if rows else None

    def drop(self, device: DeviceKey) -> None:
        with self._file.changing() as db:
            db.execute("DELETE FROM devices WHERE device=?", (device,))


def kept_devices(path: Path) -> list[DeviceKey]:
    """The public keys of all that are kept in the file at `path`, for those who only look."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        return [DeviceKey(row[0]) for row in db.execute("SELECT device FROM devices")]


def put_device(db: sqlite3.Connection, device: KeptDevice) -> None:
    """Keep one, in the transaction that is under way."""
    chain = None if device.chain is None else encode([list(link) for link in device.chain])
    db.execute(
        "INSERT INTO devices VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (device) DO UPDATE SET sealed=?3, chain=?4",
        (device.device, device.did, device.sealed, chain, device.made_ms),
    )


def device_of(row: Sequence[Any]) -> KeptDevice:
    """A row that `DEVICE` selects."""
    device, did, sealed, chain, made_ms = row
    return KeptDevice(DeviceKey(device), Did(did), sealed, None if chain is None else _chain(chain), made_ms)


def _chain(data: bytes) -> Chain:
    return tuple((link[0], link[1]) for link in decode_own(data))
