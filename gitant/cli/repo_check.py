"""`gitant repo check`: whether what is on the disk is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from gitant.cli.checkout import repository
from gitant.cli.node import addresses_of, folder_of, settings_of
from gitant.cli.options import DataDir, Json, RepoName
from gitant.cli.output import Ticker, clean, print_json, tell

if TYPE_CHECKING:
    from gitant.care.examine import Report

app = typer.Typer()

_REPAIR: Final = "what can be made again is, by: gitant repo check --repair"
_LOST: Final = (
    "objects are only in packs: restore the repository's folder from a backup (gitant restore), "
    "or push it again from a whole clone"
)


@app.command()
def check(
    repo: RepoName = None,
    everything: Annotated[bool, typer.Option("--all", help="All repositories of the node.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make again what can be: tables, packs kept for clones, refs.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Check repositories on the disk: every object by its hash, every link, tables, and refs against the log.

    Works while the node runs, and while it is stopped; refs are repaired while it is stopped. Ends with 1 and a
    line for each fault if there is one.
    """
    from gitant.care.examine import Examiner
    from gitant.care.found import find, named_views

    if everything and repo is not None:
        raise typer.BadParameter("name a repository, or say --all")
    folder = folder_of(data_dir)
    memory = settings_of(data_dir).push_check_memory_max
    reports: list[Report] = []
    with Ticker("events into the views") as ticker, named_views(folder, ticker) as views:
        found = find(folder, views, None if everything else repository(repo, addresses_of(data_dir)))
        examiner = Examiner(folder, views, mends=repair, memory_bytes_max=memory)
        with Ticker("repositories checked") as ticker_:
            for number, each in enumerate(found, 1):
                reports.append(examiner.look(each))
                ticker_(number, len(found))
                if not json:
                    _show(reports[-1])
    if json:
        print_json([msgspec.to_builtins(report) for report in reports])
    else:
        _sum_up(reports, repair=repair)
    if any(report.faults for report in reports):
        raise typer.Exit(1)


def _show(report: Report) -> None:
    for words in report.repaired:
        print(clean(f"{report.name}: {words}"))
    for fault in report.faults:
        print(clean(f"{report.name}: {fault.part}: {fault.words}"))


def _sum_up(reports: list[Report], *, repair: bool) -> None:
    faults = [fault for report in reports for fault in report.faults]
    packs, size = sum(report.packs for report in reports), sum(report.bytes for report in reports)
    tell(f"{len(reports)} repositories, {packs:,} packs, {size:,} bytes: {len(faults) or 'no'} faults")
    if not repair and any(fault.can_be_made_again for fault in faults):
        tell(f"hint: {_REPAIR}")
    if any(not fault.can_be_made_again for fault in faults):
        tell(f"hint: {_LOST}")
