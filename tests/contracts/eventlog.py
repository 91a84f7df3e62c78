"""What every `EventLog` must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from domain.errors import MissingParents, NotFound
from domain.ports_log import READ_BYTES_MAX, BadRow, DamagedRow, EventLog, Receipt, StoredRow, batches
from tests.contracts.chains import Chain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from domain.ports_log import NewRow


def stored(row: NewRow, position: int, branch: bytes = b"") -> StoredRow:
    """What the log should answer for `row`."""
    return StoredRow(
        position, row.stream, row.device, branch, row.seq, row.kind, row.header, row.signature, row.payload
    )


def in_order(rows: Sequence[NewRow], first: int = 1) -> list[StoredRow]:
    """`rows` as they are stored from position `first` on, without a fork."""
    return [stored(row, position) for position, row in enumerate(rows, first)]


class EventLogContract(ABC):
    """Subclass it in a `Test…` class and say how to make an empty log."""

    @abstractmethod
    def make(self, folder: Path) -> EventLog:
        """An empty log."""

    @abstractmethod
    def damage(self, log: EventLog, position: int) -> None:
        """Change the stored bytes of one event behind the log's back."""

    @pytest.fixture
    def log(self, tmp_path: Path) -> Iterator[EventLog]:
        log = self.make(tmp_path)
        yield log
        log.close()

    def test_starts_empty(self, log: EventLog) -> None:
        assert log.last_position() == 0
        assert log.read(0, 10) == []
        assert log.get(1) is None
        assert log.check(0, 10) == []
        assert log.check_storage() == []
        assert log.append([]) == []
        assert log.statistics().events == 0

    def test_gives_back_what_was_put_in(self, log: EventLog) -> None:
        rows = Chain(1).run(3)
        assert log.append(rows) == [1, 2, 3]
        assert log.read(0, 10) == in_order(rows)
        assert log.last_position() == 3
        assert log.statistics().events == 3

    def test_positions_follow_the_order_of_arrival(self, log: EventLog) -> None:
        one, other = Chain(1).run(4), Chain(2).run(4)
        mixed = [row for pair in zip(one, other, strict=True) for row in pair]
        assert log.append(mixed[:3]) == [1, 2, 3]
        assert log.append(mixed[3:]) == [4, 5, 6, 7, 8]
        assert log.read(0, 100) == in_order(mixed)

    def test_reads_in_portions(self, log: EventLog) -> None:
        rows = Chain(1).run(7)
        log.append(rows)
        assert log.read(2, 3) == in_order(rows)[2:5]
        assert log.read(7, 3) == []
        assert [len(batch) for batch in batches(log, 0, 3)] == [3, 3, 1]
        assert [row for batch in batches(log, 2, 2) for row in batch] == in_order(rows)[2:]

    def test_a_read_holds_only_so_many_bytes(self, log: EventLog) -> None:
        payload = bytes(60_000)
        rows = [_with_payload(row, payload) for row in Chain(1).run(READ_BYTES_MAX // len(payload) + 20)]
        log.append(rows)
        first = log.read(0, 10_000)
        assert len(first) < len(rows)
        assert sum(len(row.payload or b"") for row in first) < READ_BYTES_MAX + len(payload)
        assert [row for batch in batches(log) for row in batch] == in_order(rows)

    def test_finds_by_position(self, log: EventLog) -> None:
        rows = Chain(1).run(5)
        log.append(rows)
        expected = in_order(rows)
        assert log.get(4) == expected[3]
        assert log.get(0) is None
        assert log.get(6) is None
        assert log.by_positions([5, 1, 99, 3]) == [expected[4], expected[0], expected[2]]
        assert log.by_positions([]) == []

    def test_an_event_without_its_payload(self, log: EventLog) -> None:
        row = _with_payload(Chain(1).first(), None)
        log.append([row])
        assert log.read(0, 1) == [stored(row, 1)]

    # --- repeats ---------------------------------------------------------------------------------------

    def test_an_event_that_is_there_keeps_its_position(self, log: EventLog) -> None:
        rows = Chain(1).run(4)
        log.append(rows)
        assert log.append(rows) == [1, 2, 3, 4]
        assert log.append([rows[2], rows[0]]) == [3, 1]
        assert log.read(0, 10) == in_order(rows)

    def test_old_and_new_in_one_batch(self, log: EventLog) -> None:
        rows = Chain(1).run(6)
        log.append(rows[:4])
        assert log.append([rows[1], rows[4], rows[4], rows[3], rows[5], rows[0]]) == [2, 5, 5, 4, 6, 1]
        assert log.read(0, 10) == in_order(rows)

    def test_a_repeat_of_a_feed_s_first_in_one_batch(self, log: EventLog) -> None:
        row = Chain(1).first()
        assert log.append([row, row]) == [1, 1]
        assert log.last_position() == 1

    # --- forks -----------------------------------------------------------------------------------------

    def test_a_fork_opens_a_branch_named_by_its_first_event(self, log: EventLog) -> None:
        chain = Chain(1)
        rows = chain.run(3)
        log.append(rows)
        rival = chain.run(2, after=rows[0])
        assert log.append(rival) == [4, 5]
        name = rival[0].event_id
        assert log.read(3, 10) == [stored(rival[0], 4, name), stored(rival[1], 5, name)]

    def test_a_fork_in_a_batch_takes_nothing_else_down(self, log: EventLog) -> None:
        chain, honest = Chain(1), Chain(2).run(2)
        kept = chain.first()
        log.append([kept])
        rival = chain.first()
        assert log.append([honest[0], rival, honest[1]]) == [2, 3, 4]
        assert log.read(1, 10) == [stored(honest[0], 2), stored(rival, 3, rival.event_id), stored(honest[1], 4)]

    def test_a_fork_within_one_batch(self, log: EventLog) -> None:
        chain = Chain(1)
        root = chain.first()
        left, right = chain.run(2, after=root), chain.run(2, after=root)
        assert log.append([root, left[0], right[0], left[1], right[1]]) == [1, 2, 3, 4, 5]
        name = right[0].event_id
        assert log.read(0, 10) == [
            stored(root, 1),
            stored(left[0], 2),
            stored(right[0], 3, name),
            stored(left[1], 4),
            stored(right[1], 5, name),
        ]

    def test_interleaved_branches_over_many_batches(self, log: EventLog) -> None:
        chain = Chain(1)
        root = chain.first()
        branches = [chain.run(3, after=root) for _ in range(3)]
        log.append([root])
        for rows in zip(*branches, strict=True):
            for row in rows:
                log.append([row])
        names = [b"", branches[1][0].event_id, branches[2][0].event_id]
        found = {(row.branch, row.seq): row.header for row in log.read(1, 100)}
        assert found == {
            (name, row.seq): row.header for name, rows in zip(names, branches, strict=True) for row in rows
        }

    def test_a_fork_of_a_branch(self, log: EventLog) -> None:
        chain = Chain(1)
        rows = chain.run(3)
        rival = chain.run(3, after=rows[0])
        third = chain.run(2, after=rival[0])
        log.append([*rows, *rival, *third])
        assert [row.branch for row in log.read(6, 10)] == [third[0].event_id] * 2

    def test_three_firsts(self, log: EventLog) -> None:
        chain = Chain(1)
        firsts = [chain.first() for _ in range(3)]
        assert log.append(firsts) == [1, 2, 3]
        assert [row.branch for row in log.read(0, 9)] == [b"", firsts[1].event_id, firsts[2].event_id]
        assert log.append(firsts) == [1, 2, 3]

    def test_a_branch_is_repeated_without_effect(self, log: EventLog) -> None:
        chain = Chain(1)
        rows = chain.run(3)
        rival = chain.run(3, after=rows[0])
        log.append(rows + rival)
        assert log.append(rival + rows) == [4, 5, 6, 1, 2, 3]
        assert log.last_position() == 6

    def test_one_device_in_two_streams_is_two_feeds(self, log: EventLog) -> None:
        one, other = Chain(1), Chain(1, stream=b"s" * 32)
        other.device = one.device
        log.append([*one.run(2), *other.run(2)])
        assert {row.branch for row in log.read(0, 9)} == {b""}

    def test_a_row_whose_prev_is_nowhere_stores_nothing(self, log: EventLog) -> None:
        chain = Chain(1)
        rows = chain.run(3)
        with pytest.raises(MissingParents) as raised:
            log.append([Chain(2).first(), rows[0], rows[2]])
        assert raised.value.missing == (rows[1].event_id,)
        assert log.last_position() == 0
        assert log.append(rows) == [1, 2, 3]

    def test_a_prev_in_another_feed_is_nowhere(self, log: EventLog) -> None:
        mine, theirs = Chain(1), Chain(2)
        first = theirs.first()
        log.append([first, mine.first()])
        with pytest.raises(MissingParents):
            log.append([mine.after(first)])

    # --- feeds -----------------------------------------------------------------------------------------

    def test_a_feed_is_its_branches_one_after_another(self, log: EventLog) -> None:
        chain, other = Chain(1), Chain(2, stream=b"s" * 32)
        rows = chain.run(3)
        rival = chain.run(2, after=rows[1])
        log.append([*other.run(2), *rows, *rival])
        expected = in_order(rows, 3) + [stored(row, 6 + i, rival[0].event_id) for i, row in enumerate(rival)]
        assert list(log.feed(chain.stream, chain.device)) == expected
        assert [row.seq for row in log.feed(other.stream, other.device)] == [1, 2]
        assert list(log.feed(chain.stream, other.device)) == []

    def test_a_long_feed_comes_whole(self, log: EventLog) -> None:
        chain = Chain(1)
        rows = chain.run(1_203)
        log.append(rows)
        assert list(log.feed(chain.stream, chain.device)) == in_order(rows)

    def test_a_slot_shows_every_branch(self, log: EventLog) -> None:
        chain = Chain(1)
        rows = chain.run(3)
        rival = chain.run(2, after=rows[0])
        log.append([*rows, *rival])
        assert log.slot(chain.stream, chain.device, 1) == [stored(rows[0], 1)]
        assert log.slot(chain.stream, chain.device, 2) == [stored(rows[1], 2), stored(rival[0], 4, rival[0].event_id)]
        assert log.slot(chain.stream, chain.device, 9) == []

    # --- redaction, receipts, damage -------------------------------------------------------------------

    def test_forgets_payloads_and_nothing_else(self, log: EventLog) -> None:
        rows = Chain(1).run(3)
        log.append(rows)
        log.forget_payloads([2])
        log.forget_payloads([2])
        expected = in_order(rows)
        expected[1] = stored(_with_payload(rows[1], None), 2)
        assert log.read(0, 9) == expected
        assert log.append(rows) == [1, 2, 3]
        assert log.read(0, 9) == expected

    def test_forgetting_an_unknown_event_forgets_none(self, log: EventLog) -> None:
        rows = Chain(1).run(2)
        log.append(rows)
        with pytest.raises(NotFound):
            log.forget_payloads([1, 7])
        assert log.read(0, 9) == in_order(rows)

    def test_remembers_whose_signatures_were_vouched_for(self, log: EventLog) -> None:
        rows, others = Chain(1).run(4), Chain(2).run(2)
        log.append(rows, vouched={rows[1].event_id, rows[2].event_id})
        log.append([*rows, *others], vouched={row.event_id for row in (*rows, others[0])})
        assert log.are_vouched([1, 2, 3, 4, 5, 6, 9]) == {2, 3, 5}, "a row that was there stays what it was"
        assert log.vouched(rows[0].stream, 0, 1) == [stored(rows[1], 2)]
        assert log.vouched(rows[0].stream, 2, 9) == [stored(rows[2], 3)]
        log.note_checked([2, 4])
        assert log.are_vouched([1, 2, 3]) == {3}

    def test_mends_a_row(self, log: EventLog) -> None:
        rows = [_with_payload(row, None) if at == 1 else row for at, row in enumerate(Chain(1).run(3))]
        log.append(rows, vouched={rows[1].event_id})
        assert log.hollow(rows[1].stream) == [2]
        log.mend(2, b"s" * 64, None)
        assert log.hollow(rows[1].stream) == [2]
        log.mend(2, b"s" * 64, b"found")
        assert log.hollow(rows[1].stream) == []
        assert log.read(1, 1) == [stored(replace(rows[1], signature=b"s" * 64, payload=b"found"), 2)]
        assert not log.are_vouched([2])
        log.mend(1, b"t" * 64, None)
        assert log.read(0, 1) == [stored(replace(rows[0], signature=b"t" * 64), 1)]
        with pytest.raises(NotFound):
            log.mend(7, b"", None)

    def test_keeps_receipts_with_the_events(self, log: EventLog) -> None:
        receipt = Receipt(b"key", b"print", b"answer", 1_000)
        log.append(Chain(1).run(1), [receipt])
        assert log.receipt(b"key") == receipt
        assert log.receipt(b"other") is None
        assert log.statistics().receipts == 1

    def test_the_first_receipt_under_a_key_stays(self, log: EventLog) -> None:
        first = Receipt(b"key", b"print", b"answer", 1_000)
        log.append([], [first])
        log.append(Chain(1).run(1), [Receipt(b"key", b"other", b"other", 2_000)])
        assert log.receipt(b"key") == first
        assert log.last_position() == 1

    def test_receipts_fail_with_their_events(self, log: EventLog) -> None:
        with pytest.raises(MissingParents):
            log.append([Chain(1).run(2)[1]], [Receipt(b"key", b"", b"", 1)])
        assert log.receipt(b"key") is None

    def test_drops_old_receipts(self, log: EventLog) -> None:
        log.append([], [Receipt(bytes([n]), b"", b"", n) for n in range(5)])
        assert log.drop_receipts(3) == 3
        assert log.drop_receipts(3) == 0
        assert [log.receipt(bytes([n])) is None for n in range(5)] == [True, True, True, False, False]

    def test_a_stream_can_be_taken_out_and_come_again(self, log: EventLog) -> None:
        gone, kept = Chain(1).run(4), Chain(2).run(3)
        rows = [*gone[:3], kept[0], gone[3], *kept[1:]]
        receipts = [Receipt(b"one", b"", b"gone", 1), Receipt(b"two", b"", b"kept", 1)]
        log.append([_with_payload(rows[0], None), *rows[1:]], receipts, vouched=[row.event_id for row in rows[:5]])
        assert log.remove(gone[0].stream, lambda answer: answer == b"gone") == 4
        left = [stored(kept[0], 4), stored(kept[1], 6), stored(kept[2], 7)]
        assert log.last_position() == 8, "nobody who holds a position takes what is new for what was there"
        assert log.statistics().events == 3
        for limit in (1, 2, 100):
            assert [row for batch in batches(log, 0, limit) for row in batch] == left
        assert log.check(0, 100) == left
        assert log.check(7, 100) == log.read(7, 1) == []
        assert (log.get(3), log.get(4)) == (None, left[0])
        assert log.by_positions([5, 6, 1]) == [left[1]]
        assert log.slot(gone[0].stream, gone[0].device, 1) == [*log.feed(gone[0].stream, gone[0].device)] == []
        assert (log.vouched(gone[0].stream, 0, 9), log.hollow(gone[0].stream)) == ([], [])
        assert log.are_vouched(range(1, 9)) == {4}
        assert (log.receipt(b"one"), log.receipt(b"two")) == (None, receipts[1])
        assert log.check_storage() == []
        assert log.append(gone) == [9, 10, 11, 12]
        assert [*log.feed(gone[0].stream, gone[0].device)] == in_order(gone, 9)
        assert log.read(7, 9) == in_order(gone, 9)

    def test_a_damaged_row_is_named(self, log: EventLog) -> None:
        rows = Chain(1).run(3)
        log.append(rows)
        self.damage(log, 2)
        with pytest.raises(DamagedRow) as raised:
            log.read(0, 9)
        assert raised.value.position == 2
        found = log.check(0, 9)
        assert [found[0], found[2]] == [in_order(rows)[0], in_order(rows)[2]]
        assert isinstance(found[1], BadRow)
        assert found[1].position == 2


def _with_payload(row: NewRow, payload: bytes | None) -> NewRow:
    return replace(row, payload=payload)
