"""`python -m tests.storage.log.appender FILE SEED BATCHES SIZE [SHARED] [FORGET]`: append, and say so each time.

A line on stdout is the greatest position of an acknowledged batch. With SHARED, every batch also carries rows of a
chain that is the same in all processes. With FORGET, the payload of a batch's first event is forgotten every so
often (which also empties the write-ahead log into the file).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from domain.ports_log import Receipt
from storage.log.eventlog import SQLiteEventLog
from tests.contracts.chains import Chain

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARED_SEED = 1_000_000
FORGET_EVERY = 7


def main(argv: Sequence[str]) -> None:
    seed, batches, size = map(int, argv[1:4])
    log = SQLiteEventLog(Path(argv[0]))
    chain, shared = Chain(seed), Chain(SHARED_SEED)
    last = shared_last = None
    for number in range(batches):
        rows = chain.run(size, after=last)
        last = rows[-1]
        if "SHARED" in argv:
            common = shared.run(3, after=shared_last)
            shared_last = common[-1]
            rows = [*rows, *common]
        key = f"{seed}/{number}".encode()
        positions = log.append(rows, [Receipt(key, b"", key, number)])
        if "FORGET" in argv and number % FORGET_EVERY == 0:
            log.forget_payloads(positions[:1])
        print(max(positions), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
