"""Where a stream ends, as somebody needs it who signs the next event elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.ids import EventId
from domain.limits import PARENTS_MAX
from domain.ports_views import StreamHeads

if TYPE_CHECKING:
    import sqlite3

    from domain.ids import DeviceKey, Did, StreamId

_ENDS = (
    # In one statement, so that both are of one moment.
    "SELECT 0, id, lamport, 0, citable FROM frontier WHERE stream=?1"
    " UNION ALL SELECT 1, id, lamport, seq, 1 FROM feeds WHERE stream=?1 AND device=?2"
)


def heads_of(connection: sqlite3.Connection, stream: StreamId, device: DeviceKey) -> StreamHeads:
    """What the device's next event in a stream names as its past."""
    ends: dict[bytes, int] = {}
    citable: dict[bytes, int] = {}
    seq, prev, latest = 0, None, 0
    for feed, name, lamport, at, cited in connection.execute(_ENDS, (stream, device)):
        if feed:
            seq, prev, latest = at, EventId(name), lamport
        else:
            ends[name] = lamport
            if cited:
                citable[name] = lamport
    past = citable or ends
    parents = sorted(past, key=lambda name: (past[name], name))[-PARENTS_MAX:]
    lamport = 1 + max([latest, *(past[name] for name in parents)])
    return StreamHeads(stream, tuple(map(EventId, sorted(parents))), seq + 1, prev, lamport)


def identity_of(connection: sqlite3.Connection, did: Did) -> tuple[StreamId, bytes] | None:
    """A principal's identity stream and its document; of several, the first by (lamport, id)."""
    row = connection.execute(
        "SELECT stream, doc FROM identities WHERE did=? ORDER BY lamport, stream LIMIT 1", (did,)
    ).fetchone()
    return None if row is None else (row[0], row[1])
