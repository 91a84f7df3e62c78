"""What a bundle says it holds, from the file alone; whether that is so is for `gitant bundle verify`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from domain.envelope import RawEvent, open_unverified
from domain.errors import Rejected
from domain.fold.kind import PayloadFault, read_payload
from domain.kinds import KINDS
from gitant.bundles.files import opened_once, parts_of, refused
from replication.bundle.filing import BundleReader
from replication.bundle.parts import ID_BYTES, OID_BYTES, Blob, Bundle, BundleFault, Objects, Pack, Rows, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from replication.messages import Message

_SORTS: Final = ("repository", "identity")


@final
@dataclass(slots=True)
class Part:
    """One stream. `sort` and `name` are known where the bundle begins with the stream's first event."""

    stream: str
    private: bool
    heads: int
    base: int
    sort: str = ""
    name: str = ""
    events: int = 0
    refs: int = 0
    pack_bytes: int = 0
    blobs: int = 0
    blob_bytes: int = 0


@final
@dataclass(slots=True)
class Shown:
    """All of it. `digest` is what the bundle is known by."""

    version: int = 0
    frontier: bool = False
    digest: str = ""
    streams: list[Part] = field(default_factory=list[Part])

    def see(self, part: Message) -> None:
        """The next part."""
        last = self.streams[-1] if self.streams else None
        match part:
            case Bundle():
                self.version, self.frontier = part.version, part.frontier
            case Stream():
                heads, base = len(part.heads) // ID_BYTES, len(part.base) // ID_BYTES
                self.streams.append(Part(part.stream.hex(), part.private, heads, base))
            case Rows() if last is not None:
                if not last.events and not last.base:
                    last.sort, last.name = _what(part.rows[0])
                last.events += len(part.rows)
            case Objects() if last is not None:
                last.refs = len(part.tips) // OID_BYTES
            case Pack() if last is not None:
                last.pack_bytes += len(part.data)
            case Blob() if last is not None:
                last.blobs += 1
                last.blob_bytes += part.size
            case _:
                pass


def show(name: str, progress: Callable[[int, int], None]) -> Shown:
    """Read the bundle `name` to its end; raises `InvalidInput` for what is none, or is damaged."""
    reader, shown = BundleReader(), Shown()
    with opened_once(name) as file:
        for part in parts_of(file, reader, progress):
            try:
                shown.see(part)
            except Rejected as fault:
                raise refused(BundleFault(str(fault))) from fault
    shown.digest = reader.digest.hex()
    return shown


def _what(row: Sequence[bytes | None]) -> tuple[str, str]:
    """What the stream that begins with this event is, and what its first event calls it."""
    header, signature, payload = row
    assert header is not None
    assert signature is not None
    event = open_unverified(RawEvent(header, signature, payload))
    kind = KINDS.get(event.kind)
    if kind is None or kind.creates not in _SORTS or event.payload is None:
        return "", ""
    try:
        return kind.creates, str(getattr(read_payload(kind, event.payload), "name", ""))
    except PayloadFault:
        return kind.creates, ""
