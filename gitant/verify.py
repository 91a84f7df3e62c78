"""Re-checking a log from its bytes alone: hashes, signatures, chains, Lamport times, payloads, and the row around each.

Nothing is believed because it was checked before it was stored. What is kept in memory is one link an event.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast, final

from domain.attachment.added import KIND as ATTACHED
from domain.attachment.added import AttachmentAdded
from domain.authority.ancestry import past_of
from domain.canonical import NotCanonical, decode
from domain.chain import Link, check_links
from domain.envelope import Event, RawEvent, open_event, read_own
from domain.errors import MissingParents, Rejected
from domain.fold.kind import PayloadFault, read_payload
from domain.header import check_fields
from domain.ids import DeviceKey, EventId, StreamId
from domain.ports_log import BadRow, DamagedRow
from domain.replay.engine import Engine
from domain.replay.memory import MemoryHistory
from domain.verdict import REJECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.ports_blobs import Blobs
    from domain.ports_log import EventLog, StoredRow

BATCH_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Fork:
    """Two events that one device signed for one place of its feed: the lowest ids of those there."""

    stream: StreamId
    device: DeviceKey
    seq: int
    low: EventId
    high: EventId


@dataclass(slots=True)
class Report:
    """What was checked. `faults` counts what `verify` called its `fault` with."""

    events: int = 0
    streams: int = 0
    feeds: int = 0
    signatures: int = 0
    payloads: int = 0
    holes: int = 0
    blobs: int = 0
    faults: int = 0
    forks: list[Fork] = field(default_factory=list[Fork])


def verify(
    log: EventLog,
    fault: Callable[[str], None],
    progress: Callable[[int, int], None] | None = None,
    *,
    blobs: Blobs | None = None,
    is_here: Callable[[StreamId], bool] = lambda _: True,
) -> Report:
    """Check every stored event; `fault` gets one line for each thing that is wrong.

    With `blobs`, every blob that a standing attachment names is read, too, in the repositories that `is_here` knows.
    """
    check = _Check(log, fault)
    after, last = 0, log.last_position()
    while rows := log.check(after, BATCH_ROWS):
        for row in rows:
            if isinstance(row, BadRow):
                check.fault(f"event {row.position}: its row is damaged: {row.fault}")
            else:
                check.row(row)
        after = rows[-1].position
        if progress:
            progress(after, last)
    check.holes()
    if blobs is not None:
        check.blobs(blobs, is_here)
    for complaint in log.check_storage():
        check.fault(f"storage: {complaint}")
    return check.finished()


@final
class _Links:
    """The link of every event seen, in about 150 bytes each."""

    def __init__(self) -> None:
        self._number: dict[bytes, int] = {}
        self._feeds: dict[tuple[bytes, bytes], int] = {}
        self._feed_names: list[tuple[StreamId, DeviceKey]] = []
        self._feed = array("L")
        self._seq = array("Q")
        self._lamport = array("Q")
        self._position = array("Q")

    def add(self, event: Event, position: int) -> None:
        key = (event.stream, event.device)
        feed = self._feeds.setdefault(key, len(self._feeds))
        if feed == len(self._feed_names):
            self._feed_names.append(key)
        self._number[event.id] = len(self._feed)
        self._feed.append(feed)
        self._seq.append(event.seq)
        self._lamport.append(event.lamport)
        self._position.append(position)

    def link(self, name: EventId) -> Link | None:
        number = self._number.get(name)
        if number is None:
            return None
        stream, device = self._feed_names[self._feed[number]]
        return Link(stream, device, self._seq[number], self._lamport[number])

    def stream(self, name: bytes) -> bytes:
        return self._feed_names[self._feed[self._number[EventId(name)]]][0]

    def positions(self, stream: bytes) -> list[int]:
        feeds = {number for number, key in enumerate(self._feed_names) if key[0] == stream}
        return [position for position, feed in zip(self._position, self._feed, strict=True) if feed in feeds]

    def position(self, name: bytes) -> int | None:
        number = self._number.get(name)
        return None if number is None else self._position[number]

    @property
    def feeds(self) -> int:
        return len(self._feed_names)

    @property
    def streams(self) -> int:
        return len({stream for stream, _ in self._feed_names})


@final
class _Check:
    def __init__(self, log: EventLog, fault: Callable[[str], None]) -> None:
        self._log = log
        self._say = fault
        self._links = _Links()
        self._tips: dict[tuple[bytes, bytes], dict[bytes, bytes]] = {}
        self._forked: set[tuple[bytes, bytes, int]] = set()
        self._holes: list[tuple[bytes, int]] = []
        self._attached: dict[bytes, list[int]] = {}
        self._histories: dict[bytes, MemoryHistory] = {}
        self._report = Report()

    def fault(self, words: str) -> None:
        self._report.faults += 1
        self._say(words)

    def row(self, row: StoredRow) -> None:
        """Check one row, and remember its event for those that name it."""
        self._report.events += 1
        try:
            event = open_event(RawEvent(row.header, row.signature, row.payload))
        except Rejected as rejected:
            words = REJECTIONS.get(rejected.reason, rejected.detail)
            self.fault(f"event {row.position}: {rejected.reason}: {words}{_detail(rejected)}")
            self._remember_unsound(row)
            return
        self._report.signatures += 1
        where = f"event {row.position} ({event.id.hex()})"
        self._check_columns(row, event, where)
        self._check_past(event, where)
        if self._links.position(event.id) is not None:
            self.fault(f"{where}: it is stored twice")
        self._check_branch(row, event, where)
        self._links.add(event, row.position)
        if event.payload is None:
            self._holes.append((event.id, row.position))
            return
        self._report.payloads += 1
        if event.kind == ATTACHED.name:
            self._note_attachment(event, row.position)

    def holes(self) -> None:
        """Every absent payload must be covered by an accepted redaction."""
        for name, position in self._holes:
            if self._replayed(name).redacted(EventId(name)):
                self._report.holes += 1
            else:
                words = REJECTIONS["payload-missing"]
                self.fault(f"event {position} ({name.hex()}): payload-missing: {words}")

    def blobs(self, blobs: Blobs, is_here: Callable[[StreamId], bool]) -> None:
        """Every blob that a standing attachment names must be here, and be what it is named by."""
        for sha256, positions in self._attached.items():
            standing = next((each for each in positions if self._stands(each, is_here)), None)
            if standing is None:
                continue
            self._report.blobs += 1
            where = f"event {standing}: the blob {sha256.hex()} that it names"
            if blobs.size(sha256) is None:
                self.fault(f"{where} is missing")
            elif not blobs.is_sound(sha256):
                self.fault(f"{where} is damaged: its bytes have another hash")

    def _stands(self, position: int, is_here: Callable[[StreamId], bool]) -> bool:
        event = self._at(position)
        if event is None or not is_here(event.stream):
            return False
        known = self._replayed(event.id).known(event.id)
        return known is not None and known.accepted and not self._replayed(event.id).redacted(event.id)

    def finished(self) -> Report:
        report = self._report
        report.streams, report.feeds = self._links.streams, self._links.feeds
        for stream, device, seq in sorted(self._forked):
            try:
                rows = self._log.slot(stream, device, seq)
            except DamagedRow:
                continue  # it was reported where it stands
            ids = sorted(read_own(row.header, row.signature, row.payload).id for row in rows)
            if len(ids) > 1:
                report.forks.append(Fork(StreamId(stream), DeviceKey(device), seq, ids[0], ids[1]))
        return report

    def _check_columns(self, row: StoredRow, event: Event, where: str) -> None:
        for column, stored, signed in (
            ("stream", row.stream, event.stream),
            ("device", row.device, event.device),
            ("seq", row.seq, event.seq),
            ("kind", row.kind, event.kind),
        ):
            if stored != signed:
                self.fault(f"{where}: its row says another {column} than its header")

    def _check_past(self, event: Event, where: str) -> None:
        try:
            check_links(event, self._links.link)
        except MissingParents as missing:
            names = ", ".join(name.hex()[:16] for name in missing.missing)
            self.fault(f"{where}: its past is not in the log before it: {names}")
        except Rejected as rejected:
            self.fault(f"{where}: {rejected.reason}: {REJECTIONS[rejected.reason]}")

    def _check_branch(self, row: StoredRow, event: Event, where: str) -> None:
        """The branch follows from the order of arrival: the first keeps the empty name, a fork takes its own id."""
        tips = self._tips.setdefault((event.stream, event.device), {})
        branch = tips.pop(event.prev, None) if event.prev is not None else None
        if branch is None:
            branch = event.id if tips or event.prev is not None else b""
            if branch:
                self._forked.add((event.stream, event.device, event.seq))
        tips[event.id] = branch
        if row.branch != branch:
            self.fault(f"{where}: its row says another branch of the feed")

    def _remember_unsound(self, row: StoredRow) -> None:
        """Where only the signature or payload is off, later events still find their past."""
        try:
            event = open_header(row)
        except Rejected:
            return
        tips = self._tips.setdefault((event.stream, event.device), {})
        if event.prev is not None:
            tips.pop(event.prev, None)
        tips[event.id] = row.branch
        self._links.add(event, row.position)

    def _note_attachment(self, event: Event, position: int) -> None:
        assert event.payload is not None
        try:
            payload = read_payload(ATTACHED, event.payload)
        except PayloadFault:
            return  # void: it attaches nothing
        assert isinstance(payload, AttachmentAdded)
        self._attached.setdefault(payload.sha256, []).append(position)

    def _replayed(self, name: bytes) -> MemoryHistory:
        """The stream of an event, folded from the log alone, as far as it is sound."""
        stream = self._links.stream(name)
        history = self._histories.get(stream)
        if history is None:
            history = self._histories[stream] = MemoryHistory()
            engine = Engine(history)
            for position in self._links.positions(stream):
                event = self._at(position)
                if event is None or event.id in history.events:
                    continue
                if all(history.place(each) is not None for each in past_of(event)):
                    engine.apply(event)
        return history

    def _at(self, position: int) -> Event | None:
        try:
            row = self._log.get(position)
        except DamagedRow:
            return None
        return None if row is None else read_own(row.header, row.signature, row.payload)


def open_header(row: StoredRow) -> Event:
    """The event of a row whose header can be read, whatever is wrong with the rest; raises `Rejected`."""
    try:
        fields = decode(row.header)
    except NotCanonical as fault:
        raise Rejected("header-not-canonical", str(fault)) from fault
    if not isinstance(fields, dict):
        raise Rejected("header-not-a-map")
    check_fields(cast("dict[str, Any]", fields))
    return read_own(row.header, row.signature, row.payload)


def _detail(rejected: Rejected) -> str:
    return f" ({rejected.detail})" if rejected.detail else ""
