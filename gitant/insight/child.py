"""`python -m gitant.insight.child PARENT`: reads a job, brings the analytics up to date, answers, and ends.

It is a process of its own because DuckDB takes a process's memory and processors, and because only a process can be
ended whatever it does. Others of the node wait for their turn: one process at a time may have the file.
"""

from __future__ import annotations

import fcntl
import math
import os
import resource
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from domain.errors import LocalFault, TooLarge, Unavailable
from domain.ports_insight import Table
from gitant.insight.limits import (
    ADDRESS_BYTES_MAX,
    FEED_S_MAX,
    GRACE_S,
    MEMORY_MB_MAX,
    NICE,
    SPILL_MB_MAX,
    THREADS_MAX,
    TURN_POLL_S,
)
from gitant.insight.wire import FED, Fault, Job, Told, decode_job, encode_told
from gitant.parent import die_with

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from projections.analytics.ask import Result

_JSON_INT_MAX: Final = 2**63 - 1
_SMALLER: Final = "ask for less: fewer columns, a narrower WHERE, an aggregate; `gitant query` takes what is longer"


def main(argv: list[str]) -> None:
    """Do one job."""
    die_with(int(argv[0]))
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = decode_job(sys.stdin.buffer.read())
    try:
        told = Told(tables=_answers(job))
    except TooLarge as fault:
        told = Told(fault=Fault(fault.code, fault.message, _SMALLER))
    except LocalFault as fault:
        told = Told(fault=Fault(fault.code, fault.message, fault.hint))
    except MemoryError:
        told = Told(fault=Fault(TooLarge.code, "the query needs too much memory", _SMALLER))
    sys.stdout.buffer.write(encode_told(told))


def _answers(job: Job) -> dict[str, Table]:
    # Slow to import: what is wrong with a job is found before.
    from pathlib import Path

    from gitant.analytics import fed_beside, scratch
    from projections.analytics.ask import asking
    from projections.analytics.connection import Room
    from storage.datadir import DataDir

    folder = DataDir(Path(job.folder))
    with _turn(folder.cache / "analytics.lock"):
        _patiently(lambda: fed_beside(folder))
        _confine(job)
        sys.stdout.buffer.write(FED)
        sys.stdout.buffer.flush()
        room = Room(MEMORY_MB_MAX, SPILL_MB_MAX, THREADS_MAX)
        with scratch(folder) as spill, asking(folder.analytics, spill, timeout_s=job.timeout_s, room=room) as asked:
            return {
                each.name: _table(asked(each.sql, each.values), filled_in(each.sql, each.values), job)
                for each in job.questions
            }


def _confine(job: Job) -> None:
    """From here on the words of others are carried out: what goes wrong then ends this process and nothing else."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = THREADS_MAX * (job.timeout_s * len(job.questions) + GRACE_S) + used.ru_utime + used.ru_stime
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_BYTES_MAX),
        (resource.RLIMIT_FSIZE, SPILL_MB_MAX << 21),
        (resource.RLIMIT_CPU, math.ceil(seconds)),
    ):
        resource.setrlimit(what, (most, most))


@contextmanager
def _turn(path: Path) -> Generator[None]:
    """Wait until no other child of this node has the analytics."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _patiently(act: Callable[[], None]) -> None:
    """Again and again while somebody at the command line has the file, who takes no turns."""
    from projections.analytics.connection import InUse

    until = time.monotonic() + FEED_S_MAX
    while True:
        try:
            act()
        except InUse as fault:
            if time.monotonic() > until:
                raise Unavailable(fault.message, hint=fault.hint) from fault
            time.sleep(TURN_POLL_S)
        else:
            return


def _table(result: Result, sql: str, job: Job) -> Table:
    rows: list[tuple[str | int | float | None, ...]] = []
    left = job.bytes_max
    for row in result.rows:
        cells = tuple(map(_cell, row))
        left -= sum(len(each) if isinstance(each, str) else 8 for each in cells)
        if len(rows) == job.rows_max or left < 0:
            return Table(sql, tuple(result.columns), tuple(rows), more=True)
        rows.append(cells)
    return Table(sql, tuple(result.columns), tuple(rows))


def _cell(value: Any) -> str | int | float | None:
    """As `gitant query` writes it; numbers stay numbers where JSON has them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _JSON_INT_MAX else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    from gitant.cli.rows import as_text

    return as_text(value)


def filled_in(sql: str, values: Mapping[str, str]) -> str:
    """A question with its values in the place of their names, to be asked again by hand."""
    for name, value in values.items():
        quoted = value.replace("'", "''")
        sql = sql.replace(f"${name}", f"'{quoted}'")
    return sql


if __name__ == "__main__":
    main(sys.argv[1:])
