"""The client's side of git's protocol, for somebody who has nothing yet: all refs, one request, one pack. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from domain.errors import InvalidInput, TooLarge, Unavailable
from transport.git.pktline import DATA, FATAL, FLUSH, PROGRESS, pkt, split_pkt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REFS_BYTES_MAX: Final = 64 << 20
REFS_MAX: Final = 500_000
WORDS_CHARS_MAX: Final = 300
_OID: Final = re.compile(rb"[0-9a-f]{40}")
_NEEDED: Final = "side-band-64k"


def words_of(data: bytes) -> str:
    """What the other side says, fit for a log and a terminal."""
    text = " ".join(data.decode("utf-8", "replace").split())
    return "".join(char if char.isprintable() else "?" for char in text)[:WORDS_CHARS_MAX]


@final
@dataclass(slots=True)
class Offer:
    """What a repository has: its refs, where HEAD points, and what its server can do."""

    refs: dict[str, str] = field(default_factory=dict[str, str])
    head: str = ""
    """The ref that HEAD is, if the server says so; else empty."""
    head_oid: str = ""
    capabilities: frozenset[str] = frozenset()


@final
class OfferReader:
    """Reads the list of refs; `offer` is there when `done`. With `service`, HTTP's heading comes first."""

    def __init__(self, *, service: bool) -> None:
        self.offer = Offer()
        self.done = False
        self._data = bytearray()
        self._size = 0
        self._heading = service
        self._first = True

    def feed(self, chunk: bytes) -> None:
        """Take more bytes; raises `InvalidInput`, `TooLarge`, or `Unavailable` with the server's words."""
        self._size += len(chunk)
        if self._size > REFS_BYTES_MAX:
            raise TooLarge(f"the list of refs has more than {REFS_BYTES_MAX >> 20} MiB, which is the limit")
        self._data += chunk
        at = 0
        while not self.done and (found := _split(self._data, at)) is not None:
            line, at = found
            if line is None:
                self.done = not self._heading
                self._heading = False
            elif self._heading:
                if line.rstrip(b"\n") != b"# service=git-upload-pack":
                    raise _not_git()
            else:
                self._take(line.rstrip(b"\n"))
        del self._data[:at]

    def _take(self, line: bytes) -> None:
        if line.startswith(b"ERR "):
            raise Unavailable(f"the other side says: {words_of(line[4:])}")
        if line.startswith(b"shallow "):
            raise InvalidInput("the source is a shallow clone, whose history is cut off", hint="fetch it whole first")
        if line.startswith(b"version ") and self._first:
            return
        line, _, capabilities = line.partition(b"\0")
        if self._first:
            self._learn(capabilities.decode("utf-8", "replace").split())
        self._first = False
        oid, _, name = line.partition(b" ")
        if not _OID.fullmatch(oid):
            raise _not_git()
        ref = name.decode("utf-8", "surrogateescape")
        if ref == "HEAD":
            self.offer.head_oid = oid.decode()
        elif ref.startswith("refs/") and not ref.endswith("^{}"):
            self.offer.refs[ref] = oid.decode()
            if len(self.offer.refs) > REFS_MAX:
                raise TooLarge(f"the source has more than {REFS_MAX:,} refs, which is the limit")

    def _learn(self, words: list[str]) -> None:
        self.offer.capabilities = frozenset(words)
        for word in words:
            if word.startswith("symref=HEAD:"):
                self.offer.head = word.removeprefix("symref=HEAD:")
            elif word.startswith("object-format=") and word != "object-format=sha1":
                raise InvalidInput("the source names its objects by another hash than SHA-1, which is not understood")


def request(offer: Offer, oids: Sequence[str], agent: str) -> bytes:
    """Ask for everything that these objects need."""
    if _NEEDED not in offer.capabilities:
        raise InvalidInput(f"the server is too old: it lacks {_NEEDED}")
    wished = [_NEEDED, "ofs-delta"] if "ofs-delta" in offer.capabilities else [_NEEDED]
    first = " ".join([*wished, f"agent={agent}"])
    lines = [
        pkt(f"want {oid} {first}\n".encode() if not at else f"want {oid}\n".encode()) for at, oid in enumerate(oids)
    ]
    return b"".join([*lines, FLUSH, pkt(b"done\n")])


@final
class PackReader:
    """Takes the answer apart; `progress` is the last thing the server said of what it is doing."""

    def __init__(self) -> None:
        self.done = False
        self.progress = ""
        self._data = bytearray()
        self._began = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces of the pack in these bytes."""
        self._data += chunk
        at = 0
        while not self.done and (found := _split(self._data, at)) is not None:
            line, at = found
            if line is None:
                self.done = self._began
            elif not self._began:
                self._begin(line)
            elif line[:1] == bytes([DATA]):
                yield line[1:]
            elif line[:1] == bytes([PROGRESS]):
                self.progress = words_of(re.split(rb"[\r\n]", line[1:].strip())[-1])
            elif line[:1] == bytes([FATAL]):
                raise Unavailable(f"the other side says: {words_of(line[1:])}")
            else:
                raise _not_git()
        del self._data[:at]

    def _begin(self, line: bytes) -> None:
        if line.startswith(b"ERR "):
            raise Unavailable(f"the other side says: {words_of(line[4:])}")
        if line.rstrip(b"\n") != b"NAK":
            raise _not_git()
        self._began = True


def _split(data: bytearray, at: int) -> tuple[bytes | None, int] | None:
    try:
        return split_pkt(data, at)
    except InvalidInput:
        raise _not_git() from None


def _not_git() -> InvalidInput:
    return InvalidInput(
        "what is there does not speak git's protocol", hint="give the address that `git clone` takes", field="url"
    )
