"""`gitant doctor`."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import LocalFault
from gitant.cli.node import settings_of
from gitant.cli.options import DataDir as DataDirOption
from gitant.cli.options import Json
from gitant.cli.output import clean, print_json
from gitant.doctor.checks import examine, look, mend
from gitant.doctor.finding import Patient, failed, ok
from gitant.settings import SETTINGS, Settings, from_plain
from storage.datadir import DataDir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitant.doctor.finding import Finding

app = typer.Typer()

_SIGNS = {"ok": "ok", "warning": "warn", "failed": "FAIL"}


@app.command()
def doctor(
    data_dir: DataDirOption = None,
    fix: Annotated[bool, typer.Option("--fix", help="Put right what can be put right without asking.")] = False,
    json: Json = False,
) -> None:
    """Look for what keeps a node from working, and say how to mend it.

    Ends with 1 if a check failed. Warnings are for you to judge.
    """
    findings: list[tuple[Finding, str]] = []
    for finding, done in _findings(data_dir, fix=fix):
        findings.append((finding, done))
        if not json:
            _print(finding, done)
    if json:
        print_json({"checks": [{**asdict(finding), "mended": done} for finding, done in findings]})
    if any(finding.state == "failed" for finding, _ in findings):
        raise typer.Exit(1)


def _print(finding: Finding, done: str) -> None:
    print(f"{_SIGNS[finding.state]:<5} {finding.check}: {clean(finding.seen)}")
    if finding.fix:
        print(f"      {clean(finding.fix)}")
    if done:
        print(f"      --fix: {clean(done)}")


def _findings(data_dir: str | None, *, fix: bool) -> Iterator[tuple[Finding, str]]:
    """Each finding, after it was mended if it could be, and what was done to that end."""
    try:
        settings = settings_of(data_dir)
        yield ok("settings", "every one can be used"), ""
    except LocalFault as fault:
        yield failed("settings", fault.message, fault.hint), ""
        settings = _defaults(data_dir)
    folder = DataDir(settings.data_dir)
    running = folder.running()
    patient = Patient(settings, folder, running, running.url if running else "", time.time_ns() // 1_000_000)
    for check, finding in examine(patient):
        if not fix or check.mend is None or finding.state == "ok":
            yield finding, ""
            continue
        done = mend(check, patient)
        yield look(check, patient), done


def _defaults(data_dir: str | None) -> Settings:
    """Something to go on with where the settings cannot be used."""
    plain = {row.name: row.default for row in SETTINGS}
    return from_plain(plain | ({"data_dir": data_dir} if data_dir else {}))
