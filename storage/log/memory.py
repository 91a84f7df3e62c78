"""The event log in memory, on eventsourcing's plain-object recorder: same rules, nothing kept."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, final

from eventsourcing.persistence import StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from domain.envelope import event_id
from domain.errors import NotFound
from domain.ports_log import LogStatistics, StoredRow
from storage.log.placing import Held, Tip, place
from storage.log.rows import GONE, all_sound, decode_state, encode_state, originator, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from domain.ports_log import BadRow, NewRow, Receipt


@final
class MemoryRecorder(POPOApplicationRecorder):
    """The library's recorder, with the two things the log asks for beyond it."""

    def replace_state(self, position: int, state: bytes) -> None:
        """Put other bytes into the event at `position`."""
        with self._database_lock:
            old = self._stored_events[position - 1]
            self._stored_events[position - 1] = StoredEvent(old.originator_id, old.originator_version, old.topic, state)

    def empty(self, originator_id: str) -> list[int]:
        """Leave nothing of an originator's events but their positions, which those are."""
        found = sorted(self.positions(originator_id).values())
        with self._database_lock:
            for position in found:
                self._stored_events[position - 1] = StoredEvent(GONE, position, GONE, b"")
            self._stored_events_index.pop(originator_id, None)
        return found

    def positions(self, originator_id: str) -> dict[int, int]:
        """By version, the positions of an originator's events."""
        with self._database_lock:
            found = self._stored_events_index.get(originator_id, {})
            return {version: index + 1 for version, index in found.items()}


@final
class MemoryEventLog:
    """`EventLog` for tests, simulations and dry runs."""

    def __init__(self) -> None:
        self._recorder = MemoryRecorder()
        self._branches: dict[tuple[bytes, bytes], list[bytes]] = {}
        self._receipts: dict[bytes, Receipt] = {}
        self._vouched: dict[int, bytes] = {}
        self._hollow: dict[int, bytes] = {}
        self._removed = 0
        self._lock = RLock()

    def append(
        self, rows: Sequence[NewRow], receipts: Sequence[Receipt] = (), vouched: Collection[bytes] = ()
    ) -> list[int]:
        with self._lock:
            plan, before = place(rows, self), self.last_position()
            self._recorder.insert_events(
                [
                    StoredEvent(
                        originator(row.stream, row.device, branch),
                        row.seq,
                        row.kind,
                        encode_state(row.header, row.signature, row.payload),
                    )
                    for row, branch in plan.fresh
                ]
            )
            for position, (row, branch) in enumerate(plan.fresh, before + 1):
                if row.event_id in vouched:
                    self._vouched[position] = row.stream
                if row.payload is None:
                    self._hollow[position] = row.stream
                branches = self._branches.setdefault((row.stream, row.device), [])
                if branch not in branches:
                    branches.append(branch)
            for receipt in receipts:
                self._receipts.setdefault(receipt.key, receipt)
            return plan.positions

    def read(self, after: int, limit: int) -> list[StoredRow]:
        return all_sound(self.check(after, limit))

    def get(self, position: int) -> StoredRow | None:
        found = self.read(position - 1, 1) if position > 0 else []
        return found[0] if found and found[0].position == position else None

    def by_positions(self, positions: Sequence[int]) -> list[StoredRow]:
        found = [self.get(position) for position in positions]
        return [row for row in found if row is not None]

    def slot(self, stream: bytes, device: bytes, seq: int) -> list[StoredRow]:
        return self.by_positions([held.position for held in self.held(stream, device, seq)])

    def feed(self, stream: bytes, device: bytes) -> Iterator[StoredRow]:
        for branch in sorted(self._branches.get((stream, device), [])):
            yield from self.by_positions(list(self._branch(stream, device, branch).values()))

    def last_position(self) -> int:
        return self._recorder.max_notification_id() or 0

    def vouched(self, stream: bytes, after: int, limit: int) -> list[StoredRow]:
        found = [at for at, of in sorted(self._vouched.items()) if of == stream and at > after]
        return self.by_positions(found[:limit])

    def are_vouched(self, positions: Sequence[int]) -> set[int]:
        return self._vouched.keys() & set(positions)

    def hollow(self, stream: bytes) -> list[int]:
        return [at for at, of in sorted(self._hollow.items()) if of == stream]

    def note_checked(self, positions: Sequence[int]) -> None:
        for position in positions:
            self._vouched.pop(position, None)

    def mend(self, position: int, signature: bytes, payload: bytes | None) -> None:
        with self._lock:
            row = self.get(position)
            if row is None:
                raise NotFound(f"there is no event at position {position}")
            kept = row.payload if payload is None else payload
            self._recorder.replace_state(position, encode_state(row.header, signature, kept))
            self._vouched.pop(position, None)
            if payload is not None:
                self._hollow.pop(position, None)

    def forget_payloads(self, positions: Sequence[int]) -> None:
        with self._lock:
            rows = self.by_positions(positions)
            if len(rows) < len(positions):
                missing = set(positions) - {row.position for row in rows}
                raise NotFound(f"there is no event at position {min(missing)}")
            for row in rows:
                self._recorder.replace_state(row.position, encode_state(row.header, row.signature, None))

    def remove(self, stream: bytes, tells_of: Callable[[bytes], bool]) -> int:
        with self._lock:
            feeds = [feed for feed in self._branches if feed[0] == stream]
            emptied = [
                position
                for feed in feeds
                for branch in self._branches.pop(feed)
                for position in self._recorder.empty(originator(*feed, branch))
            ]
            for places in (self._vouched, self._hollow):
                for position in emptied:
                    places.pop(position, None)
            self._receipts = {key: each for key, each in self._receipts.items() if not tells_of(each.answer)}
            self._removed += len(emptied) + 1
            self._recorder.insert_events([StoredEvent(GONE, self.last_position() + 1, GONE, b"")])
            return len(emptied)

    def receipt(self, key: bytes) -> Receipt | None:
        return self._receipts.get(key)

    def drop_receipts(self, before_ms: int) -> int:
        with self._lock:
            old = [key for key, receipt in self._receipts.items() if receipt.made_at_ms < before_ms]
            for key in old:
                del self._receipts[key]
            return len(old)

    def check(self, after: int, limit: int) -> list[StoredRow | BadRow]:
        while True:
            noted = self._recorder.select_notifications(after, limit, inclusive_of_start=False)
            rows = ((n.id, n.originator_id, n.originator_version, n.topic, n.state) for n in noted)
            found, reached = read_rows(rows, after, limit)
            if found or reached == after:
                return found
            after = reached

    def check_storage(self) -> list[str]:
        return []

    def statistics(self) -> LogStatistics:
        return LogStatistics(self.last_position() - self._removed, len(self._receipts), 0)

    def close(self) -> None:
        """There is nothing to let go of."""

    def tips(self, stream: bytes, device: bytes) -> dict[bytes, Tip]:
        """For placing: the last event of each branch of a feed."""
        tips: dict[bytes, Tip] = {}
        for branch in self._branches.get((stream, device), []):
            seq, position = max(self._branch(stream, device, branch).items())
            tips[event_id(self._header(position))] = Tip(branch, seq)
        return tips

    def held(self, stream: bytes, device: bytes, seq: int) -> list[Held]:
        """For placing: the events with this place in a feed."""
        held: list[Held] = []
        for branch in sorted(self._branches.get((stream, device), [])):
            position = self._branch(stream, device, branch).get(seq)
            if position is not None:
                held.append(Held(position, branch, self._header(position)))
        return held

    def _branch(self, stream: bytes, device: bytes, branch: bytes) -> dict[int, int]:
        return self._recorder.positions(originator(stream, device, branch))

    def _header(self, position: int) -> bytes:
        (found,) = self._recorder.select_notifications(position, 1)
        return decode_state(found.state)[0]
