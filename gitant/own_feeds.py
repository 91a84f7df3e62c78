"""What a key file has signed last in each stream, kept beside it, so that a key of one's own never forks.

A node says where a feed ends as far as it knows. It may lie, lag behind another node, or still hold what came last for
somebody's decision; whoever believed it would sign two events at one place. So what was signed is noted here before it
is sent, and what may not have arrived is sent again first.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

import msgspec
from msgspec import structs

from domain.errors import Conflict, InvalidInput
from storage.files import replace

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from domain.ids import Did
    from gitant.signing import Heads

SUFFIX: Final = ".written"
_MODE: Final = 0o600


class Place(msgspec.Struct, frozen=True):
    """One event of a feed: where it is, and which."""

    seq: int
    id: str
    lamport: int


class Last(msgspec.Struct, frozen=True):
    """The last event of a feed; `unsent` has it as a node takes it until one has, and `before` what it goes on from."""

    place: Place
    unsent: dict[str, str] | None = None
    before: Place | None = None


class _Written(msgspec.Struct):
    did: str
    feeds: dict[str, Last] = {}


@final
class OwnFeeds:
    """The feeds of one key file; one process at a time has them `open`."""

    def __init__(self, key_file: Path, did: Did) -> None:
        self._path = key_file.with_suffix(SUFFIX)
        self._did = did
        self._feeds: dict[str, Last] = {}

    @contextmanager
    def open(self) -> Generator[None]:
        """Wait for other commands with this key, and read what it wrote."""
        lock = os.open(self._path.with_suffix(f"{SUFFIX}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._feeds = self._read()
            yield
        finally:
            os.close(lock)

    def last(self, stream: str) -> Last | None:
        """What was signed last in a stream."""
        return self._feeds.get(stream)

    def signed(self, stream: str, place: Place, event: dict[str, str]) -> None:
        """Note, before it is sent, that an event is signed."""
        last = self.last(stream)
        self._put(stream, Last(place, event, None if last is None else last.place))

    def sent(self, stream: str) -> None:
        """Note that a node has the last one."""
        self._put(stream, structs.replace(self._feeds[stream], unsent=None, before=None))

    def refused(self, stream: str) -> None:
        """Note that the last one is nowhere, and will be nowhere."""
        before = self._feeds[stream].before
        self._put(stream, None if before is None else Last(before))

    def _put(self, stream: str, last: Last | None) -> None:
        self._feeds.pop(stream, None)
        if last is not None:
            self._feeds[stream] = last
        replace(self._path, msgspec.json.encode(_Written(self._did, self._feeds)), _MODE)

    def _read(self) -> dict[str, Last]:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=_Written)
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError as fault:
            hint = "it says what the key has signed last; without it, write where all that is"
            raise InvalidInput(f"{self._path} is damaged", hint=hint) from fault
        return found.feeds if found.did == self._did else {}


def going_on(heads: Heads, last: Last | None) -> Heads:
    """Where a feed goes on: behind what its node knows, or behind what was signed last where that is further."""
    if last is None or heads.seq > last.place.seq + 1:
        return heads
    place = last.place
    if heads.seq == place.seq + 1:
        if heads.prev != place.id:
            hint = "look for a copy of the key file: two that write with one key make it fork"
            raise Conflict(f"the node has another event of this key where {place.id[:12]} is", hint=hint)
        return heads
    lamport = max(heads.lamport, place.lamport + 1)
    return structs.replace(heads, seq=place.seq + 1, prev=place.id, lamport=lamport)
