"""`gitant event`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitant.cli.api import Api, segment
from gitant.cli.options import DataDir, Json, Url
from gitant.cli.output import clean, print_fields, print_json

app = typer.Typer()


@app.command()
def event(
    name: Annotated[
        str, typer.Argument(metavar="EVENT", help="The event's id: 64 hexadecimal digits.", show_default=False)
    ],
    verify: Annotated[bool, typer.Option("--verify", help="Check hash, signature, past and verdict again.")] = False,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Show one event of the log, and how it stands up to every check."""
    with Api.open(data_dir, url) as api:
        found: dict[str, Any] = api.get(f"/api/v1/events/{segment(name)}", {"verify": "1"} if verify else None)
    checks: list[dict[str, Any]] = found.get("verification", [])
    if json:
        print_json(found)
    else:
        shown = ("id", "kind", "stream", "entity", "author", "device", "seq", "lamport", "time", "explanation")
        print_fields([(field, found[field]) for field in shown])
        if act := found.get("rests_on"):
            print_fields([("because", f"{act['author']} {act['words']} (event {act['id']})")])
        for check in checks:
            print(f"{'ok ' if check['ok'] else 'NOT'} {check['check']}: {clean(check['words'])}")
    # A void event is none that fails: its bytes are right, it only counts for nothing.
    if any(not check["ok"] for check in checks if check["check"] not in {"verdict", "effect"}):
        raise typer.Exit(1)
