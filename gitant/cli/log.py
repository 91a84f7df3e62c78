"""`gitant log`."""

from __future__ import annotations

from typing import Annotated

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import print_json, print_table

app = typer.Typer()


@app.command()
def log(
    kind: Annotated[
        str, typer.Option("--kind", "-k", help="Only events of this kind, like issue.opened.v1.", show_default=False)
    ] = "",
    limit: Limit = 30,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List a repository's signed events, newest first."""
    with Api.open(data_dir, url) as api:
        path = f"/api/v1/repos/{segment(repository(repo))}/events"
        events = api.listed(path, "events", limit, {"kind": kind} if kind else None)
    if json:
        print_json(events)
        return
    rows = [
        (event["id"][:16], event["lamport"], event["kind"], event["author"], event["time"], _verdict(event))
        for event in events
    ]
    print_table(("Event", "Lamport", "Kind", "Author", "Claimed time", "Verdict"), rows, empty="there are none")


def _verdict(event: dict[str, str]) -> str:
    return f"{event['verdict']}: {event['reason']}" if event.get("reason") else event["verdict"]
