"""What the replication core asks of this node's log, answered from the views and from memory.

Where each stream ends is read once and then kept up to date by what the log has taken since: comparing two copies asks
for it again and again, and a stream may have thousands of feeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from domain.attachment.added import KIND as ATTACHMENT_ADDED
from domain.attachment.added import AttachmentAdded
from domain.chain import Link
from domain.fold.kind import PayloadFault, read_payload
from domain.identity.created import KIND as IDENTITY_CREATED
from domain.ids import DeviceKey, Did, EventId, StreamId
from domain.ports_replication import GitObject, Held, Tip
from domain.refs.moved import KIND as REFS_MOVED
from gitant.network.custodians import KEYS, Custodians
from gitant.refs_shown import refs_shown
from replication.digests import log_digest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from domain.envelope import Event
    from domain.ports_blobs import Blobs
    from domain.ports_git import GitStore
    from domain.ports_held import HeldEvents
    from storage.log.eventlog import SQLiteEventLog

_STREAMS_KEPT: Final = 4_096
_ROW_BYTES: Final = 700
"""About what an event takes, for budgets: nobody needs to look at every row for that."""


@dataclass(slots=True)
class _Ends:
    """Where one stream ends."""

    tips: dict[int, Tip]
    events: int
    digest: bytes | None = None
    shared: set[DeviceKey] = field(default_factory=set[DeviceKey])


@final
class ViewsIndex:
    """`replication`'s `Index`. Everything in one thread; `refresh` takes in what the log has taken."""

    def __init__(
        self,
        views: sqlite3.Connection,
        log: SQLiteEventLog,
        held: HeldEvents,
        store: GitStore,
        blobs: Blobs,
    ) -> None:
        self._views = views
        self._log = log
        self._strangers = held
        self._store = store
        self._blobs = blobs
        self._custodians = Custodians(views, log)
        self.keys_changed = False
        """Whether somebody's keys or rights have changed, and with them perhaps which nodes may have what; the reader
        sets it back."""
        self._ends: dict[StreamId, _Ends] = {}
        self.position = self._reached()

    def refresh(self) -> list[tuple[int, EventId]]:
        """Look at what has come since the last time; positions and ids."""
        found: list[tuple[int, EventId]] = []
        rows = self._views.execute(
            "SELECT pos, stream, branch, device, seq, id, kind FROM events WHERE pos > ? ORDER BY pos", (self.position,)
        )
        for position, stream, branch, device, seq, name, kind in rows.fetchall():
            self.position = position
            self.keys_changed |= kind in KEYS
            found.append((position, name))
            ends = self._ends.get(stream)
            if ends is not None:
                ends.tips[branch] = Tip(device, seq, name)
                ends.events += 1
                ends.digest = None
        if self.keys_changed:
            self._custodians.forget()
        return found

    def forget(self, stream: StreamId) -> None:
        """A stream's copy may be removed from here, or come anew: look where it ends."""
        self._ends.pop(stream, None)

    # --- the port ---------------------------------------------------------------------------------

    def streams(self) -> Iterable[StreamId]:
        return [StreamId(row[0]) for row in self._views.execute("SELECT stream FROM streams").fetchall()]

    def held(self, stream: StreamId) -> Held | None:
        row = self._views.execute("SELECT roots, kind FROM streams WHERE stream=?", (stream,)).fetchone()
        if row is None:
            return None
        ends = self._of(stream)
        if ends.digest is None:
            heads = self._views.execute("SELECT id FROM frontier WHERE stream=? AND head=1", (stream,)).fetchall()
            ends.digest = log_digest(head[0] for head in heads)
        roots = tuple(Did(did) for did in row[0].split())
        size, mine = ends.events * _ROW_BYTES, row[1] == IDENTITY_CREATED.name
        return Held(ends.digest, ends.events, size, self._is_public(stream), roots, len(ends.tips), mine)

    def unnamed(self, limit: int) -> frozenset[Did]:
        """People who act in streams that are here, or have a role in a private one, and whose identities are not."""
        rows = self._views.execute(
            "SELECT principal FROM (SELECT principal FROM branches UNION SELECT did FROM roles JOIN repos "
            "USING (stream) WHERE private = 1) WHERE principal NOT IN (SELECT did FROM identities) LIMIT ?",
            (limit,),
        )
        return frozenset(Did(row[0]) for row in rows.fetchall())

    def tips(self, stream: StreamId) -> Sequence[Tip]:
        return list(self._of(stream).tips.values())

    def link(self, name: EventId) -> Link | None:
        row = self._views.execute("SELECT stream, device, seq, lamport FROM events WHERE id=?", (name,)).fetchone()
        if row is not None:
            return Link(*row)
        held = self._strangers.get(name)
        return None if held is None else Link(held.stream, held.device, held.seq, held.lamport)

    def slot(self, stream: StreamId, device: DeviceKey, seq: int) -> Sequence[EventId]:
        rows = self._views.execute(
            "SELECT events.id FROM branches JOIN events ON events.branch = branches.n AND events.seq = ?3 "
            "WHERE branches.stream = ?1 AND branches.device = ?2",
            (stream, device, seq),
        )
        return [EventId(row[0]) for row in rows.fetchall()]

    def redacted(self, name: EventId) -> bool:
        return self._views.execute("SELECT 1 FROM redactions WHERE target=?", (name,)).fetchone() is not None

    def uncovered(self, stream: StreamId, limit: int) -> Sequence[EventId]:
        found: list[EventId] = []
        for position in self._log.hollow(stream):
            row = self._views.execute("SELECT id FROM events WHERE pos=?", (position,)).fetchone()
            if row is not None and not self.redacted(row[0]):
                found.append(EventId(row[0]))
            if len(found) == limit:
                break
        return found

    def may_read(self, stream: StreamId, peer: Did) -> bool:
        row = self._views.execute("SELECT private, roots FROM repos WHERE stream=?", (stream,)).fetchone()
        return row is None or not row[0] or self._custodians.may_hold(peer, stream, [*map(Did, row[1].split())])

    def objects(self, event: Event) -> Sequence[GitObject]:
        if event.payload is None:
            return []
        try:
            if event.kind == REFS_MOVED.name:
                shown = self._shown(event.stream)
                payload = read_payload(REFS_MOVED, event.payload)
                return [GitObject(move.new) for move in payload.moves if move.new in shown]  # type: ignore[attr-defined]
            if event.kind == ATTACHMENT_ADDED.name:
                added = read_payload(ATTACHMENT_ADDED, event.payload)
                assert isinstance(added, AttachmentAdded)
                return [GitObject(added.sha256, blob=True)]
        except PayloadFault:
            pass  # it is void, and needs nothing
        return []

    def lacking(self, stream: StreamId, limit: int) -> Sequence[GitObject]:
        shown = sorted(self._shown(stream))
        here: Mapping[str, str] = {}
        if shown and self._store.holds(stream):
            here = self._store.kinds(stream, [oid.hex() for oid in shown])
        found = [GitObject(oid) for oid in shown if oid.hex() not in here]
        found += [GitObject(name, blob=True) for name in self._attached(stream) if self._blobs.size(name) is None]
        return found[:limit]

    def present(self, stream: StreamId) -> Sequence[GitObject]:
        """What refs and attachments of a stream need that can be served from here."""
        shown = sorted(self._shown(stream))
        here: Mapping[str, str] = {}
        if shown and self._store.holds(stream):
            here = self._store.kinds(stream, [oid.hex() for oid in shown])
        blobs = [name for name in self._attached(stream) if self._blobs.size(name) is not None]
        return [GitObject(bytes.fromhex(oid)) for oid in here] + [GitObject(name, blob=True) for name in blobs]

    def have(self, stream: StreamId, wanted: GitObject) -> bool:
        if wanted.blob:
            return self.attached(stream, wanted.name) and self._blobs.size(wanted.name) is not None
        return self._store.holds(stream) and self._store.has(stream, wanted.name.hex())

    def attached(self, stream: StreamId, sha256: bytes) -> bool:
        """Whether something in a stream attaches these bytes, here or not, and that was not redacted."""
        held = self._views.execute(
            "SELECT 1 FROM attachments WHERE stream=? AND sha256=? AND redacted=0 LIMIT 1", (stream, sha256)
        )
        return held.fetchone() is not None

    # --- what is behind it ------------------------------------------------------------------------

    def _of(self, stream: StreamId) -> _Ends:
        ends = self._ends.get(stream)
        if ends is None:
            if len(self._ends) >= _STREAMS_KEPT:
                self._ends.clear()
            ends = self._ends[stream] = self._read(stream)
        return ends

    def _read(self, stream: StreamId) -> _Ends:
        rows = self._views.execute(
            # One seek for each branch: the greatest seq of it is the last entry of its part of the index.
            "SELECT b.n, b.device, e.seq, e.id FROM branches b JOIN events e ON e.branch = b.n "
            "AND e.seq = (SELECT max(seq) FROM events WHERE branch = b.n) WHERE b.stream = ? AND e.pos <= ?",
            (stream, self.position),
        )
        tips = {number: Tip(device, seq, name) for number, device, seq, name in rows.fetchall()}
        counted = "SELECT count(*) FROM events WHERE stream = ? AND pos <= ?"
        return _Ends(tips, self._views.execute(counted, (stream, self.position)).fetchone()[0])

    def _is_public(self, stream: StreamId) -> bool:
        row = self._views.execute("SELECT private FROM repos WHERE stream=?", (stream,)).fetchone()
        return row is None or not row[0]

    def _attached(self, stream: StreamId) -> list[bytes]:
        rows = self._views.execute("SELECT DISTINCT sha256 FROM attachments WHERE stream=? AND redacted=0", (stream,))
        return [row[0] for row in rows.fetchall()]

    def _shown(self, stream: StreamId) -> set[bytes]:
        """The objects that refs point to, by what the log says."""
        return {bytes.fromhex(oid) for oid in refs_shown(self._views, stream).values()}

    def _reached(self) -> int:
        return int(self._views.execute("SELECT value FROM meta WHERE name='position'").fetchone()[0])
