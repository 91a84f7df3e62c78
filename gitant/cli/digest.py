"""`gitant digest`."""

from __future__ import annotations

import typer

from gitant.cli.node import folder_of
from gitant.cli.options import DataDir, Json
from gitant.cli.output import Ticker, print_json
from gitant.current import current_views
from gitant.digests import stream_digests

app = typer.Typer()


@app.command()
def digest(data_dir: DataDir = None, json: Json = False) -> None:
    """Print a line for each stream: its id and the digests of its log, its views and its refs.

    Two nodes that hold the same log print the same lines.
    """
    with Ticker("events into the views") as ticker, current_views(folder_of(data_dir), ticker) as views:
        rows = stream_digests(views)
    if json:
        print_json([row._asdict() for row in rows])
        return
    for row in rows:
        print(*row)
