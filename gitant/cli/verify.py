"""`gitant verify`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from gitant.cli.node import folder_of
from gitant.cli.options import DataDir, Json
from gitant.cli.output import Ticker, clean, print_fields, print_json
from gitant.current import seen_beyond
from gitant.verify import verify as verify_log
from storage.blobs import DiskBlobs
from storage.git.store import DiskGitStore
from storage.log.eventlog import SQLiteEventLog

if TYPE_CHECKING:
    from gitant.verify import Fork, Report

app = typer.Typer()


@app.command()
def verify(data_dir: DataDir = None, json: Json = False) -> None:
    """Check every hash, signature, chain, Lamport time and payload in the log, and every attachment.

    Works while the node is stopped, and while it runs. Ends with 1 and a line for each fault if there is one.
    """
    folder = folder_of(data_dir)
    log = SQLiteEventLog(folder.log, create=False)
    faults: list[str] = []
    try:
        with Ticker("events checked") as ticker:
            report = verify_log(
                log,
                lambda words: _note(words, faults, json=json),
                ticker,
                blobs=DiskBlobs(folder.blobs),
                is_here=DiskGitStore(folder.repos).holds,
            )
        if (missing := seen_beyond(folder, log)) > 0:
            report.faults += 1
            _note(f"log: its last {missing} events are missing: the views have seen them", faults, json=json)
    finally:
        log.close()
    if json:
        print_json({**asdict(report), "forks": [_fork(fork) for fork in report.forks], "fault_list": faults})
    else:
        _print_report(report)
    if report.faults:
        raise typer.Exit(1)


def _note(words: str, faults: list[str], *, json: bool) -> None:
    if json:
        faults.append(words)
    else:
        print(clean(f"fault: {words}"))


def _print_report(report: Report) -> None:
    print_fields(
        [
            ("events", report.events),
            ("streams", report.streams),
            ("feeds", report.feeds),
            ("signatures", report.signatures),
            ("payloads", report.payloads),
            ("redacted", report.holes),
            ("blobs", report.blobs),
            ("forks", len(report.forks)),
            ("faults", report.faults),
        ]
    )
    for fork in report.forks:
        told = _fork(fork)
        print(f"fork of {told['device']} in {told['stream']} at {told['seq']}: {told['low']} and {told['high']}")


def _fork(fork: Fork) -> dict[str, Any]:
    return {
        "stream": fork.stream.hex(),
        "device": fork.device.hex(),
        "seq": fork.seq,
        "low": fork.low.hex(),
        "high": fork.high.hex(),
    }
