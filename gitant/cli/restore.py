"""`gitant restore`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from gitant.backup.restore import restore as restore_from
from gitant.cli.node import folder_of, settings_of
from gitant.cli.options import DataDir, Json
from gitant.cli.output import Ticker, print_json, tell
from storage.local import LocalStore
from storage.restored import RestoredFeeds

app = typer.Typer()


@app.command()
def restore(
    backup: Annotated[
        str | None, typer.Argument(metavar="[BACKUP]", help="A folder that `gitant backup` made.", show_default=False)
    ] = None,
    alone: Annotated[
        bool,
        typer.Option(
            "--alone",
            help="Let the node write: the original runs no more, and no other node has what it wrote after the backup.",
        ),
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make of a backup a node's data folder, which must not be there yet or be empty.

    The restored node can be served, read and fetched from. It writes in a repository once its copy is equal with that
    of a peer, or anywhere after somebody says --alone: now, or later without BACKUP, and then of a node that may run.
    """
    if backup is None:
        if not alone:
            raise typer.BadParameter("name a backup; or say --alone, to let a node write that was restored")
        _release(data_dir, json=json)
        return
    target = settings_of(data_dir).data_dir
    manifest = restore_from(Path(backup), target, alone=alone, tickers=Ticker)
    if json:
        told = {"data_dir": str(target), "position": manifest.position, "made_at": manifest.made_at, "writes": alone}
        print_json(told)
        return
    tell(f"restored {manifest.position} events as they were at {manifest.made_at} into {target}")
    if not alone:
        tell(
            "It can be served and read, and writes in a repository once a peer has sent what came after the backup. If "
            "the original runs no more, and no other node has what it wrote after the backup, let it write with: "
            f"gitant restore --alone --data-dir {target}"
        )


def _release(data_dir: str | None, *, json: bool) -> None:
    with closing(LocalStore(folder_of(data_dir).local)) as local:
        count = RestoredFeeds(local).clear_all()
    if json:
        print_json({"released": count})
    else:
        tell("the node writes again" if count else "the node was free to write already")
