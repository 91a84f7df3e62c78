"""Which nodes keep a key for somebody, as their own certificates say: those may hold what these may read.

A principal's root key (or a recovery key) signs that a device is his and which node keeps it; his identity stream has
the certificate, judged like everything. So nobody becomes a custodian by saying so. What a repository's own people have
ended there, a device or all that a node keeps, does not count for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, final

import msgspec

from domain.device import custodian_revoked, revoked
from domain.fold.kind import read_payload
from domain.identity import created, device_enrolled, device_revoked
from domain.ids import DeviceKey, Did, StreamId
from domain.keys import did_of
from domain.sight import may_hold
from projections.queries.heads import identity_of

if TYPE_CHECKING:
    import sqlite3

    from storage.log.eventlog import SQLiteEventLog

ENDS: Final = {kind.name: kind for kind in (custodian_revoked.KIND, revoked.KIND)}
KEYS: Final = frozenset({created.KIND.name, device_enrolled.KIND.name, device_revoked.KIND.name, *ENDS})
"""The kinds after which it may be another who keeps whose keys, or what that counts for."""


class _Device(msgspec.Struct):
    did: str
    node: str = ""
    repo: str = ""


class _Identity(msgspec.Struct):
    devices: list[_Device] = []


class _Ended(NamedTuple):
    nodes: frozenset[Did]
    devices: frozenset[Did]


@final
class Custodians:
    """Asked for each private stream on each link, so it remembers until `forget`."""

    def __init__(self, views: sqlite3.Connection, log: SQLiteEventLog) -> None:
        self._views = views
        self._log = log
        self._devices: dict[Did, tuple[_Device, ...]] = {}
        self._ended: dict[StreamId, _Ended] = {}

    def forget(self) -> None:
        """Something about keys, or about who may what, has changed."""
        self._devices.clear()
        self._ended.clear()

    def may_hold(self, node: Did, stream: StreamId, readers: list[Did]) -> bool:
        """Whether a node may have a private repository whose readers these are."""
        return may_hold(node, readers, lambda reader: self._keepers(reader, stream))

    def _keepers(self, reader: Did, stream: StreamId) -> frozenset[Did]:
        """The nodes that keep a key of somebody's which counts in this repository."""
        devices = self._devices.get(reader)
        if devices is None:
            found = identity_of(self._views, reader)
            read = _Identity() if found is None else msgspec.json.decode(found[1], type=_Identity)
            devices = self._devices[reader] = tuple(device for device in read.devices if device.node)
        if not devices:
            return frozenset()
        ended = self._ended_in(stream)
        return frozenset(
            Did(device.node)
            for device in devices
            if device.repo in {"", stream.hex()} and device.did not in ended.devices and device.node not in ended.nodes
        )

    def _ended_in(self, stream: StreamId) -> _Ended:
        found = self._ended.get(stream)
        if found is None:
            found = self._ended[stream] = self._read_ended(stream)
        return found

    def _read_ended(self, stream: StreamId) -> _Ended:
        rows = self._views.execute(
            "SELECT events.pos FROM acts JOIN events ON events.id = acts.event "
            "WHERE acts.stream = ? AND events.standing = 'accepted' AND events.kind IN (?, ?)",
            (stream, *ENDS),
        ).fetchall()
        nodes, devices = set[Did](), set[Did]()
        for row in self._log.by_positions([position for (position,) in rows]):
            assert row.payload is not None, "such acts cannot be redacted"
            match read_payload(ENDS[row.kind], row.payload):
                case custodian_revoked.CustodianRevoked(node=node):
                    nodes.add(Did(node))
                case revoked.DeviceRevoked(device=device):
                    devices.add(did_of(DeviceKey(device)))
                case _:
                    pass
        return _Ended(frozenset(nodes), frozenset(devices))
