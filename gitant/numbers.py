"""What of a node is worth watching beside its requests: writer, processes, files, certificate."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from api.ports import Number, Spread
from domain.errors import LocalFault
from gitant.asgi import WORKER_CELLS
from gitant.backup.outcome import read_outcome
from gitant.care.numbers import care_numbers
from gitant.cells import read_cells
from gitant.network.numbers import network_numbers
from gitant.plan import worker_counts, writer_counts
from gitant.tls import end_of_life
from gitant.writer.tally import NAMES, SECONDS, SIZES
from projections.database import open_readonly
from storage.held import waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.datadir import DataDir

_PROC: Final = Path("/proc")
_NS_PER_S: Final = 1e9


@final
@dataclass(frozen=True, slots=True)
class NodeNumbers:
    """Asked in a worker; `main` is the process that started it, in which the writer is."""

    folder: DataDir
    main: int
    cert: str

    def __call__(self) -> list[Number | Spread]:
        pids = [pid for pid in _children(self.main) if worker_counts(self.folder, pid).exists()]
        return [
            *self._writer(),
            *self._under_way(pids),
            *_processes(self.main, pids),
            *self._held(),
            *self._overturned(),
            *self._files(),
            *self._backup(),
            *care_numbers(self.folder),
            *network_numbers(self.folder),
            *self._tls(),
        ]

    def _writer(self) -> Iterator[Number | Spread]:
        told = read_cells(NAMES, writer_counts(self.folder))
        if not told:
            return
        yield Number("gitant_log_position", "The position at which the log ends.", told["position"])
        yield Number("gitant_writer_waiting_requests", "Requests that wait for the writer.", told["waiting"])
        yield Number("gitant_writer_requests_total", "Requests carried out by the writer.", told["requests"])
        yield Number("gitant_writer_refused_requests_total", "Those of them that were refused.", told["refused"])
        yield Spread(
            "gitant_writer_batch_requests",
            "How many requests shared one commit.",
            SIZES,
            tuple(told[f"size_{bound}"] for bound in (*SIZES, "more")),
            told["requests"],
        )
        yield Spread(
            "gitant_writer_batch_duration_seconds",
            "How long a batch took until it was durable, shown and answered.",
            SECONDS,
            tuple(told[f"took_{bound}"] for bound in (*SECONDS, "more")),
            told["busy_ns"] / _NS_PER_S,
        )

    def _under_way(self, pids: list[int]) -> Iterator[Number]:
        told = [read_cells(WORKER_CELLS, worker_counts(self.folder, pid)) for pid in pids]
        for kind in WORKER_CELLS:
            count = sum(cells.get(kind, 0) for cells in told)
            yield Number("gitant_requests_under_way", "Requests that are being answered.", count, (("kind", kind),))

    def _held(self) -> Iterator[Number]:
        try:
            found = waiting(self.folder.local)
        except sqlite3.Error:
            return  # the doctor says why
        yield Number("gitant_held_events", "Events of strangers that wait for a decision.", found.events)
        yield Number("gitant_held_bytes", "Their size.", found.bytes)

    def _overturned(self) -> Iterator[Number]:
        try:
            with closing(open_readonly(self.folder.views)) as views:
                count = views.execute("SELECT count(*) FROM alarms").fetchone()[0]
                forks = views.execute("SELECT count(*) FROM forks").fetchone()[0]
        except sqlite3.Error:
            return  # they are being made again
        yield Number("gitant_overturned_events", "Events that had counted until an act of authority.", count)
        yield Number("gitant_proven_forks", "Places where a device signed two events in one place of its feed.", forks)

    def _files(self) -> Iterator[Number]:
        for path in (
            *(self.folder.log, self.folder.views, self.folder.local),
            *(self.folder.accounts, self.folder.audit, self.folder.analytics),
        ):
            for name in (path, path.with_name(f"{path.name}-wal")):
                try:
                    size = name.stat().st_size
                except OSError:
                    continue
                yield Number("gitant_file_bytes", "Sizes of the node's databases.", size, (("file", name.name),))

    def _backup(self) -> Iterator[Number]:
        outcome = read_outcome(self.folder)
        if outcome is None:
            return
        failed = float(bool(outcome.fault))
        yield Number("gitant_backup_failed", "Whether the last scheduled backup failed: 1 if so.", failed)
        if outcome.good_ms:
            last = "gitant_backup_last_success"
            yield Number(f"{last}_timestamp_seconds", "When the last good one ended.", outcome.good_ms / 1000)
            yield Number(f"{last}_position", "The log position it has.", outcome.good_position)
            yield Number(f"{last}_bytes", "Its size, shared files included.", outcome.bytes)
            yield Number(f"{last}_duration_seconds", "How long it took.", outcome.took_ms / 1000)

    def _tls(self) -> Iterator[Number]:
        if not self.cert:
            return
        try:
            ends = end_of_life(Path(self.cert)).timestamp()
        except LocalFault:
            return  # the certificate in use is in memory; that its file is gone is the doctor's to tell
        name = "gitant_tls_certificate_expiry_timestamp_seconds"
        yield Number(name, "When the certificate in its file expires.", ends)


def _children(main: int) -> list[int]:
    try:
        return sorted(map(int, (_PROC / str(main) / "task" / str(main) / "children").read_text().split()))
    except OSError:
        return []


def _processes(main: int, pids: list[int]) -> Iterator[Number]:
    """By what they are and not by their numbers, or each new life would begin new series."""
    named = [("main", main), *((f"worker-{place}", pid) for place, pid in enumerate(pids, 1))]
    found = [(name, usage) for name, pid in named if (usage := _usage(pid)) is not None]
    for name, usage in found:
        label = (("process", name),)
        yield Number("gitant_process_resident_memory_bytes", "Memory of each process.", usage.memory_bytes, label)
    for name, usage in found:
        yield Number("gitant_process_cpu_seconds_total", "Processor time used.", usage.cpu_s, (("process", name),))
    for name, usage in found:
        yield Number("gitant_process_open_fds", "Open file descriptors.", usage.open_files, (("process", name),))


@final
@dataclass(frozen=True, slots=True)
class _Usage:
    memory_bytes: int
    cpu_s: float
    open_files: int


def _usage(pid: int) -> _Usage | None:
    folder = _PROC / str(pid)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        # The name of the program may hold blanks and brackets; what follows its last bracket does not.
        ticks = (folder / "stat").read_text().rpartition(")")[2].split()
        files = sum(1 for _ in (folder / "fd").iterdir())
    except (OSError, IndexError, ValueError):
        return None
    cpu_s = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    return _Usage(pages * os.sysconf("SC_PAGE_SIZE"), cpu_s, files)
