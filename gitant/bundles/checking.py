"""Reading a bundle from end to end before anything of it is kept: what is wrong with it is found here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from domain.errors import Conflict, InvalidInput
from domain.fold.kind import PayloadFault, read_payload
from domain.ids import EventId, StreamId
from domain.ports_git import PackRefused
from domain.repository.imported import KIND as IMPORTED
from domain.repository.imported import RepositoryImported
from gitant.bundles.dry import DryIndex
from gitant.bundles.files import refused
from replication.bundle.parts import (
    ID_BYTES,
    OID_BYTES,
    Blob,
    Bundle,
    BundleFault,
    Objects,
    Pack,
    Piece,
    Rows,
    Stream,
    unpacked,
)
from replication.bundle.unpacking import Unpacking
from replication.effects import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from domain.envelope import Event
    from domain.ports_git import GitStore, Quarantine, Staging
    from domain.ports_replication import Index
    from replication.messages import Message
    from replication.records import Follows, Identity


@final
@dataclass(slots=True)
class Waiting:
    """Git objects of one repository that were checked: in a quarantine of it, or `staged` for one that is to come."""

    quarantine: Quarantine | Staging
    staged: bool

    @property
    def excused(self) -> list[bytes]:
        """Of what was staged, the objects with old faults."""
        excused: Mapping[str, Iterable[str]] = getattr(self.quarantine, "excused", {}) if self.staged else {}
        return sorted({bytes.fromhex(oid) for oids in excused.values() for oid in oids})


@final
@dataclass(slots=True)
class Findings:
    """What a bundle comes to."""

    streams: int = 0
    events: int = 0
    """In it; `new` are those of them that are not here, `declined` those that this node leaves out."""
    new: int = 0
    declined: int = 0
    blobs: int = 0
    private: int = 0
    """Streams of which its maker said that not everybody may read them."""
    hidden: list[str] = field(default_factory=list[str])
    """Repositories that were removed from this node, and do not come back by a bundle."""
    objects: dict[StreamId, Waiting] = field(default_factory=dict[StreamId, Waiting])


@final
class Checker:
    """Looks at part after part, and at the end; raises `InvalidInput` or `Conflict` for the first thing that is wrong.

    Leaves checked packs apart from the repositories; `discard` drops them.
    """

    def __init__(
        self, index: Index, store: GitStore, identity: Identity, follows: Follows, blob_bytes_max: int
    ) -> None:
        self.found = Findings()
        self._index = index
        self._store = store
        self._identity = identity
        self._follows = follows
        self._blob_bytes_max = blob_bytes_max
        self._stream: _Stream | None = None
        self._tips: list[str] = []
        self._pack: Waiting | None = None
        self._blob: _Blob | None = None

    def see(self, part: Message) -> None:
        """The next part."""
        try:
            self._see(part)
        except BundleFault as fault:
            raise refused(fault) from fault

    def discard(self) -> None:
        """Drop what waits to be published, or was. Harmless for what was."""
        for waiting in [*self.found.objects.values(), *([self._pack] if self._pack is not None else [])]:
            waiting.quarantine.discard()
        self._pack = None
        if self._stream is not None:
            self._stream.close()

    def _see(self, part: Message) -> None:
        match part:
            case Bundle():
                if part.frontier:
                    raise InvalidInput(
                        "this is a frontier: it says what a node has, and holds nothing of it",
                        hint="whoever has more makes a bundle of the rest: gitant bundle create --since FRONTIER",
                    )
            case Rows():
                assert self._stream is not None
                self._stream.take(part)
            case Pack():
                if self._pack is not None:
                    self._git(lambda waiting: waiting.quarantine.feed(part.data))
            case Piece():
                assert self._blob is not None
                self._blob.digest.update(part.data)
            case _:
                self._finish()
                self._begin(part)

    def _begin(self, part: Message) -> None:
        match part:
            case Stream():
                self._end_stream()
                self._stream = _Stream(part, self._index, self._identity, self._follows)
            case Objects():
                self._objects(part)
            case Blob():
                if part.size > self._blob_bytes_max:
                    raise BundleFault(f"a blob of {part.size:,} bytes, and this node takes {self._blob_bytes_max:,}")
                self.found.blobs += 1
                self._blob = _Blob(part.sha256)
            case _:
                self._end_stream()

    def _finish(self) -> None:
        """What came in pieces is whole."""
        if self._blob is not None:
            if self._blob.digest.digest() != self._blob.name:
                raise BundleFault(f"the bytes of blob {self._blob.name.hex()} are not those of its name")
            self._blob = None
        if self._pack is not None:
            assert self._stream is not None
            self._git(lambda waiting: waiting.quarantine.finish(self._tips))
            if faulty := set(self._pack.excused) - self._stream.skips:
                raise BundleFault(f"object {min(faulty).hex()} has a fault that nobody has excused")
            self.found.objects[self._stream.id] = self._pack
            self._pack = None

    def _end_stream(self) -> None:
        if self._stream is None:
            return
        one, found = self._stream, self.found
        one.end()
        found.streams += 1
        found.events += one.unpacking.events
        found.new += one.new
        found.declined += one.unpacking.declined
        found.private += one.private
        if one.hidden:
            found.hidden.append(one.id.hex())
        one.close()
        self._stream = None

    # --- git ------------------------------------------------------------------------------------

    def _objects(self, part: Objects) -> None:
        assert self._stream is not None
        stream = self._stream.id
        holds = self._store.holds(stream)
        self._tips = [oid.hex() for oid in unpacked(part.tips, OID_BYTES)]
        haves = [oid.hex() for oid in unpacked(part.haves, OID_BYTES)]
        here: Mapping[str, str] = self._store.kinds(stream, [*self._tips, *haves]) if holds else {}
        if all(tip in here for tip in self._tips) or self._stream.hidden:
            return
        if lacking := [oid for oid in haves if oid not in here]:
            raise Conflict(
                f"the bundle goes on from git objects of {stream.hex()} that are not on this node: {lacking[0]}"
                f"{f' and {len(lacking) - 1:,} more' if len(lacking) > 1 else ''}",
                hint="take in the bundle before it first, or ask for one from the beginning",
            )
        if holds:
            self._pack = Waiting(self._store.quarantine(stream), staged=False)
        else:
            self._pack = Waiting(self._store.stage(), staged=True)

    def _git(self, work: Callable[[Waiting], object]) -> None:
        assert self._pack is not None
        assert self._stream is not None
        try:
            work(self._pack)
        except PackRefused as fault:
            raise BundleFault(f"git objects of {self._stream.id.hex()}: {fault}") from fault


@final
class _Blob:
    """A blob whose pieces come."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.digest = hashlib.sha256()


@final
class _Stream:
    """One stream of the bundle, against an index that forgets."""

    def __init__(self, part: Stream, index: Index, identity: Identity, follows: Follows) -> None:
        self.id = StreamId(part.stream)
        self.private = part.private
        self.hidden = self.id in follows.hidden
        self.new = 0
        self.skips: set[bytes] = set()
        """Objects that imports among its events excuse."""
        self._heads = unpacked(part.heads, ID_BYTES)
        self._index = DryIndex(index, self.id)
        self.unpacking = Unpacking(self.id, identity, self._index, follows)
        if not self.hidden:
            self._check_base(unpacked(part.base, ID_BYTES))

    def take(self, rows: Rows) -> None:
        if not self.hidden:
            self.unpacking.take(rows)
            self._store()

    def end(self) -> None:
        if self.hidden:
            return
        self.unpacking.end()
        self._store()
        self.unpacking.check_end()
        if not self.unpacking.declined and any(self._index.link(EventId(head)) is None for head in self._heads):
            raise BundleFault(f"it holds less of {self.id.hex()} than it says")

    def close(self) -> None:
        self._index.close()

    def _store(self) -> None:
        while stores := self.unpacking.stores():
            for store in stores:
                self._index.keep(store.events, store.holes)
                self.new += len(store.events)
                for event in store.events:
                    self._note(event)
                self.unpacking.stored(store.token, Outcome.STORED)

    def _note(self, event: Event) -> None:
        if event.kind != IMPORTED.name or event.payload is None:
            return
        try:
            payload = read_payload(IMPORTED, event.payload)
        except PayloadFault:
            return
        assert isinstance(payload, RepositoryImported)
        self.skips.update(bytes(oid) for skip in payload.skips for oid in skip.objects)

    def _check_base(self, base: list[bytes]) -> None:
        missing = [name for name in base if self._index.link(EventId(name)) is None]
        if missing:
            raise Conflict(
                f"the bundle goes on from events of {self.id.hex()} that are not on this node: {missing[0].hex()}"
                f"{f' and {len(missing) - 1:,} more' if len(missing) > 1 else ''}",
                hint="take in the bundle before it first, or ask for one from the beginning",
            )
