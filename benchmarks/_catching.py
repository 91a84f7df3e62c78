"""A catch-up without its other half: what a peer with a big stream says is made beforehand and kept in a file."""

from __future__ import annotations

import gc
import hashlib
import struct
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, final

import cbor2

from domain.envelope import event_id, seal
from domain.ids import EventId, StreamId
from domain.keys import SigningKey
from domain.ports_log import new_row
from domain.ports_replication import Held
from gitant.collector import without_collector
from replication.compare import Record, pack_records
from replication.digests import log_digest
from replication.effects import LinkId, Outcome, Send, Store
from replication.frames import frame
from replication.limits import Limits
from replication.messages import Events, Feeds, Hello, Offers, Want, decoded, encoded
from replication.node import Replicator
from replication.prints import feed_tag, link_key, stream_tag
from replication.records import Follows, Identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.chain import Link
    from domain.envelope import Event
    from domain.ids import DeviceKey, Did
    from domain.ports_log import EventLog
    from domain.ports_replication import GitObject, Tip
    from replication.effects import Effect
    from replication.messages import Message

LINK = LinkId(1)


def devices(feeds: int) -> list[SigningKey]:
    """The keys of the stream's writers."""
    return [SigningKey(hashlib.sha256(b"device %d" % number).digest()) for number in range(feeds)]


def history(events: int, feeds: int) -> Iterator[Event]:
    """A stream in which the writers take turns, each after all before it."""
    keys = devices(feeds)
    base: dict[str, Any] = {"kind": "issue.commented.v1", "time": 1_700_000_000_000}
    first = {"kind": "repository.created.v1", "seq": 1, "parents": [], "lamport": 1, "time": 1_700_000_000_000}
    rights = {"roots": [keys[0].did], "threshold": 1, "nonce": bytes(16)}
    last: dict[int, Event] = {}
    event = last[0] = seal(
        {**first, **rights}, cbor2.dumps({"name": "big", "salt": bytes(16)}, canonical=True), keys[0]
    )
    genesis = event
    yield event
    for number in range(1, events):
        turn = number % feeds
        prev = last.get(turn)
        fields = {**base, "stream": genesis.id, "entity": genesis.id, "parents": [event.id], "lamport": number + 1}
        fields |= {"seq": prev.seq + 1, "prev": prev.id} if prev else {"seq": 1}
        payload = cbor2.dumps({"body": f"comment {number} " + "x" * 180, "salt": number.to_bytes(16, "big")})
        event = last[turn] = seal(fields, payload, keys[turn])
        yield event


def write_history(path: Path, events: int, feeds: int, batch_bytes: int) -> None:
    """Put a history into a file in the batches that it travels in; the first thing in it is the stream's id."""
    with path.open("wb") as file:
        rows: list[tuple[bytes, bytes, bytes | None]] = []
        size = 0
        for number, event in enumerate(history(events, feeds)):
            if not number:
                file.write(event.id)
            rows.append((event.header, event.signature, event.payload))
            size += len(event.header) + len(event.payload or b"")
            if size >= batch_bytes or number == events - 1:
                data = cbor2.dumps(rows)
                file.write(struct.pack(">I", len(data)) + data)
                rows, size = [], 0


@final
class LogIndex:
    """`Index` over an event log, for one stream that grows and is never forked."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.stored = 0
        self.links = 0

    def streams(self) -> Sequence[StreamId]:
        return []

    def held(self, stream: StreamId) -> Held | None:
        del stream
        return Held(log_digest(()), self.stored, 0, True, ()) if self.stored else None

    def tips(self, stream: StreamId) -> Sequence[Tip]:
        del stream
        return []

    def link(self, name: EventId) -> Link | None:
        del name
        self.links += 1
        return None

    def slot(self, stream: StreamId, device: DeviceKey, seq: int) -> Sequence[EventId]:
        return [event_id(row.header) for row in self._log.slot(stream, device, seq)]

    def redacted(self, name: EventId) -> bool:
        del name
        return False

    def uncovered(self, stream: StreamId, limit: int) -> Sequence[EventId]:
        del stream, limit
        return []

    def may_read(self, stream: StreamId, peer: Did) -> bool:
        del stream, peer
        return True

    def objects(self, event: Event) -> Sequence[GitObject]:
        del event
        return []

    def lacking(self, stream: StreamId, limit: int) -> Sequence[GitObject]:
        del stream, limit
        return []

    def have(self, stream: StreamId, wanted: GitObject) -> bool:
        del stream, wanted
        return False


@final
class Catcher:
    """A real core over a real log, and the words of a peer that has everything."""

    def __init__(self, path: Path, feeds: int, log: EventLog) -> None:
        self._file = path.open("rb")
        self._stream = StreamId(EventId(self._file.read(32)))
        self._feeds = devices(feeds)
        self._log = log
        self.index = LogIndex(log)
        own = SigningKey(bytes(32))
        follows = Follows(streams=frozenset({self._stream}))
        self._core = Replicator(Identity(own.did), self.index, Random(1), follows, Limits(window_bytes=1 << 40))
        self._sent = 0
        self.seconds = self.processor_seconds = 0.0

    def run(self) -> int:
        """Catch up; how many events came to be in the log."""
        hello = self._first(self._core.connected(LINK, self._feeds[0].did, 0), Hello)
        nonce, salt = bytes(16), bytes(range(16))
        self._hear(Hello(versions=[1], features=[], nonce=nonce, digest=bytes(32)))
        tag = stream_tag(link_key(hello.nonce, nonce), self._stream)
        self._hear(Offers(whole=True, streams=tag + bytes(8)))
        tips = [Record(feed_tag(salt, key.device), 1 << 30, bytes(8)) for key in self._feeds]
        answer = self._hear(Feeds(stream=tag, salt=salt, whole=True, records=pack_records(tips)))
        number = self._first(answer, Want).number
        for rows in self._batches():
            self._hear(Events(stream=tag, number=number, rows=rows, end=False))
        self._file.close()
        return self.index.stored

    def _batches(self) -> Iterator[list[tuple[bytes, bytes, bytes | None]]]:
        while head := self._file.read(4):
            data = self._file.read(struct.unpack(">I", head)[0])
            yield [(row[0], row[1], row[2]) for row in cbor2.loads(data)]

    def _hear(self, message: Message) -> list[Effect]:
        """Receive a message and carry out what comes of it; from its bytes to the log's commit is what is timed.

        Without Python's collector, as in both processes of a node that do this; what it does once it is back is timed.
        """
        data = frame(self._sent, encoded(message))
        self._sent += 1
        start, worked = time.perf_counter(), time.process_time()
        with without_collector():
            found = self._carried_out(self._core.received(LINK, data, self._sent))
        gc.collect(0)
        self.seconds += time.perf_counter() - start
        self.processor_seconds += time.process_time() - worked
        return found

    def _carried_out(self, todo: list[Effect]) -> list[Effect]:
        found: list[Effect] = []
        while todo:
            effect = todo.pop(0)
            found.append(effect)
            if isinstance(effect, Store):
                self._log.append([new_row(event) for event in effect.events], vouched=effect.vouched)
                self.index.stored += len(effect.events)
                todo += self._core.stored(effect.token, Outcome.STORED, self._sent)
        return found

    @staticmethod
    def _first(effects: Sequence[Effect], kind: type[Any]) -> Any:
        said = (decoded(effect.data[8:-8]) for effect in effects if isinstance(effect, Send))
        return next(message for message in said if isinstance(message, kind))


def main(argv: Sequence[str]) -> None:
    """`python -m benchmarks._catching FILE EVENTS FEEDS BYTES`, in a process whose memory does not count."""
    write_history(Path(argv[0]), int(argv[1]), int(argv[2]), int(argv[3]))


if __name__ == "__main__":
    main(sys.argv[1:])
