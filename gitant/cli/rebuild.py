"""`gitant rebuild`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitant.cli.node import folder_of
from gitant.cli.options import DataDir, Json
from gitant.cli.output import Ticker, clean, print_json, tell
from gitant.current import lags

if TYPE_CHECKING:
    from storage.datadir import DataDir as Folder

app = typer.Typer()


@app.command()
def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: rebuild beside the views and compare every table.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Throw the views away and make them again from the log. The node must be stopped.

    With --check, ends with 1 and a line for each difference if there is one.
    """
    folder = folder_of(data_dir)
    if check:
        _report(_differences(folder), json=json)
        return
    from gitant import rebuild as rebuilding

    with folder.lock(), Ticker("events read") as ticker:
        count = rebuilding.rebuild(folder, ticker)
        # Made from views that are gone; the next query makes them again.
        folder.analytics.unlink(missing_ok=True)
    if json:
        print_json({"events": count})
    else:
        tell(f"rebuilt the views from {count} events")


def _differences(folder: Folder) -> list[str]:
    from gitant import rebuild as rebuilding
    from gitant.analytics import checked

    if not folder.views.exists() or lags(folder):
        # Behind is not different: a node that is started goes on from there, too.
        with folder.lock(), Ticker("events into the views") as ticker:
            rebuilding.caught_up(folder, ticker)
    with folder.lock(), Ticker("events read") as ticker:
        differences = rebuilding.check(folder, ticker)
    if differences:
        return differences  # the analytics are made from these views
    with Ticker("events into the analytics") as ticker:
        return checked(folder, ticker)


def _report(differences: list[str], *, json: bool) -> None:
    if json:
        print_json({"differences": differences})
    else:
        for difference in differences:
            print(clean(difference))
        if not differences:
            tell("the views are what the log comes to")
    if differences:
        raise typer.Exit(1)
