"""Both event logs keep the contract, and answer alike whatever is thrown at them."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.log.eventlog import SQLiteEventLog
from storage.log.memory import MemoryEventLog
from tests.contracts.chains import Chain
from tests.contracts.eventlog import EventLogContract

if TYPE_CHECKING:
    from domain.ports_log import EventLog, NewRow


class TestSQLiteEventLog(EventLogContract):
    def make(self, folder: Path) -> EventLog:
        self.path = folder / "log.sqlite"
        return SQLiteEventLog(self.path)

    def damage(self, log: EventLog, position: int) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE stored_events SET state = substr(state, 2) WHERE rowid = ?", (position,))
        connection.close()


class TestMemoryEventLog(EventLogContract):
    def make(self, folder: Path) -> EventLog:
        return MemoryEventLog()

    def damage(self, log: EventLog, position: int) -> None:
        assert isinstance(log, MemoryEventLog)
        log._recorder.replace_state(position, b"\x83\x00")


def batches_of(chance: random.Random) -> list[list[NewRow]]:
    """Batches in which feeds fork at random and events come again."""
    chains = [Chain(seed) for seed in range(2)]
    written: dict[Chain, list[NewRow]] = {chain: [] for chain in chains}
    batches: list[list[NewRow]] = []
    for _ in range(chance.randrange(1, 6)):
        batch: list[NewRow] = []
        for _ in range(chance.randrange(8)):
            chain = chance.choice(chains)
            rows = written[chain]
            if rows and chance.random() < 0.2:
                batch.append(chance.choice(rows))
                continue
            # Mostly after the last, so that chains grow; else anywhere, which forks.
            after = rows[-1] if rows and chance.random() < 0.7 else chance.choice([None, *rows])
            row = chain.first() if after is None else chain.after(after)
            rows.append(row)
            batch.append(row)
        batches.append(batch)
    return batches


@given(st.integers(0, 2**32))
@settings(max_examples=150)
def test_the_twins_answer_alike(seed: int) -> None:
    batches = batches_of(random.Random(seed))
    with TemporaryDirectory() as folder:
        logs: list[EventLog] = [SQLiteEventLog(Path(folder) / "log.sqlite"), MemoryEventLog()]
        for batch in batches:
            one, other = (log.append(batch) for log in logs)
            assert one == other
        one_rows, other_rows = (log.read(0, 1_000) for log in logs)
        assert one_rows == other_rows
        events = {row.event_id: row for batch in batches for row in batch}
        assert len(one_rows) == len(events)
        for row in events.values():
            assert logs[0].slot(row.stream, row.device, row.seq) == logs[1].slot(row.stream, row.device, row.seq)
            assert list(logs[0].feed(row.stream, row.device)) == list(logs[1].feed(row.stream, row.device))
        for log in logs:
            log.close()
