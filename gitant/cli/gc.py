"""`gitant gc`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from gitant.cli.checkout import repository
from gitant.cli.node import addresses_of, folder_of, settings_of
from gitant.cli.options import DataDir, Json, RepoName
from gitant.cli.output import Ticker, clean, print_json, print_table, tell

if TYPE_CHECKING:
    from gitant.care.tend import Outcome

app = typer.Typer()


@app.command()
def gc(
    repo: RepoName = None,
    everything: Annotated[bool, typer.Option("--all", help="All repositories of the node.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Merge large packs, too: one is left.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing: say what would be done.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Merge the packs of repositories, make tables that are missing, and clear up: while the node runs, or is stopped.

    Nothing that was pushed is dropped. Ends with 1 if a repository could not be tended.
    """
    from gitant.care.found import find, named_views
    from gitant.care.one import outcome_of
    from gitant.care.tend import Rules, would_tend
    from storage.git.care.merging import LINGER_S

    if everything and repo is not None:
        raise typer.BadParameter("name a repository, or say --all")
    folder = folder_of(data_dir)
    runs = folder.running() is not None
    memory = settings_of(data_dir).gc_memory_max
    rules = Rules(1, memory, linger_s=LINGER_S if runs else 0.0, everything=full)
    done: list[tuple[str, Outcome]] = []
    with Ticker("events into the views") as ticker, named_views(folder, ticker) as views:
        found = find(folder, views, None if everything else repository(repo, addresses_of(data_dir)))
    for number, each in enumerate(found, 1):
        place = f"{number} of {len(found)}: " if len(found) > 1 else ""
        with Ticker(f"{place}{clean(each.name)}: objects") as ticker:
            outcome = would_tend(each.path, rules) if dry_run else outcome_of(each.path, rules, ticker)
        done.append((each.name, outcome))
    if json:
        print_json([_plain(name, outcome) for name, outcome in done])
    else:
        _show(done, dry_run=dry_run, runs=runs)
    if any(outcome.fault for _, outcome in done):
        raise typer.Exit(1)


def _plain(name: str, outcome: Outcome) -> dict[str, Any]:
    return {"name": name, **msgspec.to_builtins(outcome)}


def _show(done: list[tuple[str, Outcome]], *, dry_run: bool, runs: bool) -> None:
    rows = [
        (name, outcome.packs_before, outcome.packs_after, f"{outcome.saved_bytes:,}", outcome.fault)
        for name, outcome in done
    ]
    print_table(("Repository", "Packs", "after", "Bytes saved", ""), rows, empty="there are no repositories")
    for _, outcome in done:
        if outcome.hint:
            tell(f"hint: {outcome.hint}")
    if dry_run:
        tell("nothing was changed; how many bytes it saves is known afterwards")
        return
    saved, freed = (sum(getattr(outcome, name) for _, outcome in done) for name in ("saved_bytes", "freed_bytes"))
    if runs and any(outcome.merged for _, outcome in done):
        tell(f"saved {saved:,} bytes; the node removes the packs that were replaced within two minutes")
    else:
        tell(f"saved {saved:,} bytes; removed {freed:,} bytes of replaced packs")
