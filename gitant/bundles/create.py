"""Making a bundle of streams that a node holds; it may be running and written to meanwhile."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, final

from domain.authority.ancestry import covers, vector
from domain.envelope import SIGNATURE_TAG, read_own
from domain.errors import TooLarge, Unavailable
from domain.ids import EventId, StreamId
from domain.keys import verify
from domain.ports_serving import PackRequest
from gitant.bundles.base import Held
from gitant.network.reads import rows_at
from gitant.refs_shown import refs_shown
from projections.history import ViewHistory
from projections.shelf import Shelf
from projections.source import LogSource
from replication.bundle.filing import BundleWriter
from replication.bundle.limits import HEADS_MAX, PIECE_BYTES, ROWS_BYTES, TIPS_MAX
from replication.bundle.parts import VERSION, Blob, Bundle, Objects, Pack, Piece, Rows, Stream, packed
from replication.limits import ROWS_MAX

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from domain.authority.ancestry import Vector
    from domain.ports_blobs import Blobs
    from domain.ports_serving import ServedRepo, ServingStore
    from gitant.bundles.choice import Chosen
    from replication.effects import Row
    from replication.messages import Message
    from storage.log.eventlog import SQLiteEventLog

_PAGE_ROWS: Final = 512


class Sink(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


@final
@dataclass(slots=True)
class Made:
    """What a bundle holds. `lacking` names what the log knows of and this node does not have."""

    bytes: int = 0
    digest: str = ""
    streams: int = 0
    events: int = 0
    objects: int = 0
    blobs: int = 0
    lacking: list[str] = field(default_factory=list[str])


@final
class Maker:
    """Writes bundles of what the views show. `views` stays at one moment if the caller has begun a transaction."""

    def __init__(
        self,
        views: sqlite3.Connection,
        log: SQLiteEventLog,
        serving: ServingStore,
        blobs: Blobs,
        holds: Callable[[StreamId], bool],
    ) -> None:
        self._views = views
        self._log = log
        self._history = ViewHistory(Shelf(views), LogSource(log))
        self._serving = serving
        self._blobs = blobs
        self._holds = holds

    def make(
        self,
        sink: Sink,
        streams: Sequence[Chosen],
        base: Mapping[bytes, Held],
        progress: Callable[[int, int], None],
        *,
        frontier: bool = False,
    ) -> Made:
        """Write these streams from `base` on, or (`frontier`) only how far they go."""
        draft = _Draft(sink)
        draft.put(Bundle(version=VERSION, frontier=frontier))
        counting = "SELECT count(*) FROM events WHERE stream=?"
        events = sum(self._views.execute(counting, (each.stream,)).fetchone()[0] for each in streams)
        for each in sorted(streams, key=lambda chosen: chosen.stream):
            held = Held() if frontier else base.get(each.stream, Held())
            one = _Stream(self._views, self._history, each, held)
            draft.put(one.begin())
            if not frontier:
                self._rows(draft, one, lambda: progress(draft.made.events, events))
            if each.repository and not each.deleted:
                self._objects(draft, one, frontier=frontier)
            if not frontier:
                self._attachments(draft, one)
            draft.made.streams += 1
        return draft.end()

    def _rows(self, draft: _Draft, one: _Stream, told: Callable[[], None]) -> None:
        rows: list[Row] = []
        size = 0
        for page in one.pages():
            for row in rows_at(self._views, self._log, page):
                rows.append(row)
                size += len(row.raw.header) + len(row.raw.payload or b"")
                if size >= ROWS_BYTES or len(rows) == ROWS_MAX:
                    draft.rows(rows)
                    rows, size = [], 0
            told()
        if rows:
            draft.rows(rows)

    def _objects(self, draft: _Draft, one: _Stream, *, frontier: bool) -> None:
        wanted = set(refs_shown(self._views, one.stream).values())
        if not wanted:
            return
        name = one.stream.hex()
        if not self._holds(one.stream):
            draft.made.lacking += [f"{name} {oid}" for oid in sorted(wanted)]
            return
        served = self._serving.open(one.stream)
        try:
            gone = served.missing(wanted)
            draft.made.lacking += [f"{name} {oid}" for oid in sorted(gone)]
            tips = sorted(wanted - gone)
            haves = [oid.hex() for oid in one.held.tips if not frontier and served.has(oid.hex())]
            if max(len(tips), len(haves)) > TIPS_MAX:
                raise TooLarge(f"refs of {name} lead to {len(tips):,} objects; a bundle has room for {TIPS_MAX:,}")
            draft.put(Objects(haves=packed([*map(bytes.fromhex, haves)]), tips=packed([*map(bytes.fromhex, tips)])))
            if not frontier and (fresh := [oid for oid in tips if oid not in set(haves)]):
                draft.pack(served, fresh, haves)
        finally:
            served.close()

    def _attachments(self, draft: _Draft, one: _Stream) -> None:
        for name in one.attached():
            size = self._blobs.size(name)
            if size is None:
                draft.made.lacking.append(f"blob {name.hex()}")
                continue
            with closing(self._blobs.open(name)) as file:
                draft.put(Blob(sha256=name, size=size))
                while piece := file.read(PIECE_BYTES):
                    draft.put(Piece(data=piece))
            draft.made.blobs += 1


@final
class _Draft:
    """A bundle that is being written, and what is in it by now."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._writer = BundleWriter()
        self.made = Made()

    def put(self, part: Message) -> None:
        self._write(self._writer.put(part))

    def end(self) -> Made:
        self.made.digest = self._writer.digest().hex()
        self._write(self._writer.end())
        return self.made

    def rows(self, rows: Sequence[Row]) -> None:
        _check_ends(rows)
        self.put(Rows(rows=[(row.raw.header, row.raw.signature, row.raw.payload) for row in rows]))
        self.made.events += len(rows)

    def pack(self, served: ServedRepo, wants: Sequence[str], haves: Sequence[str]) -> None:
        pack = served.pack(PackRequest(tuple(wants), tuple(haves), thin=False, ofs_delta=True), lambda _: None)
        if not pack.objects:
            return
        self.made.objects += pack.objects
        for data in _pieces(pack.chunks()):
            self.put(Pack(data=data))

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self.made.bytes += len(data)


@final
class _Stream:
    """What one stream adds to what somebody holds of it."""

    def __init__(self, views: sqlite3.Connection, history: ViewHistory, chosen: Chosen, held: Held) -> None:
        self.stream = chosen.stream
        self.held = held
        self._private = chosen.private
        self._views = views
        known = [EventId(name) for name in held.heads if self._is_here(name)]
        self._base = known
        self._reach: Vector = vector(history, known) if known else {}

    def begin(self) -> Stream:
        rows = self._views.execute("SELECT id FROM frontier WHERE stream=? AND head=1", (self.stream,))
        heads = [row[0] for row in rows.fetchall()]
        if len(heads) > HEADS_MAX:
            raise TooLarge(f"{self.stream.hex()} has {len(heads):,} heads; a bundle has room for {HEADS_MAX:,}")
        base = packed([*map(bytes, self._base)])
        return Stream(stream=self.stream, private=self._private, base=base, heads=packed(heads))

    def pages(self) -> Iterator[list[int]]:
        """Positions of what is added, each event after its past, the same on every node."""
        rows = self._views.execute(
            "SELECT pos, branch, seq FROM events WHERE stream=? ORDER BY lamport, id", (self.stream,)
        )
        while page := rows.fetchmany(_PAGE_ROWS):
            fresh = [pos for pos, branch, seq in page if not covers(self._reach, branch, seq)]
            if fresh:
                yield fresh

    def attached(self) -> list[bytes]:
        """The SHA-256 of what added events attach, in order."""
        rows = self._views.execute(
            "SELECT a.sha256, e.branch, e.seq FROM attachments a JOIN events e ON e.id = a.id "
            "WHERE a.stream=? AND a.redacted=0",
            (self.stream,),
        )
        return sorted({name for name, branch, seq in rows.fetchall() if not covers(self._reach, branch, seq)})

    def _is_here(self, name: bytes) -> bool:
        found = self._views.execute("SELECT 1 FROM events WHERE id=? AND stream=?", (name, self.stream))
        return found.fetchone() is not None


def _check_ends(rows: Sequence[Row]) -> None:
    """Each run ends with a signature that was checked, here if not before: what is linked to it needs none."""
    if not any(row.vouched for row in rows):
        return
    linked: set[EventId | None] = set()
    for row in reversed(rows):
        if row.vouched and row.id not in linked:
            raw = row.raw
            if not verify(row.device, raw.signature, SIGNATURE_TAG + raw.header):
                raise Unavailable(
                    f"the signature of event {row.id.hex()} is not whole on this node",
                    hint="another node may have it: gitant sync",
                )
        linked.add(read_own(row.raw.header, row.raw.signature, row.raw.payload).prev)


def _pieces(chunks: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    """The same bytes in pieces of one size."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PIECE_BYTES:
            yield bytes(held[:PIECE_BYTES])
            del held[:PIECE_BYTES]
    if held:
        yield bytes(held)
