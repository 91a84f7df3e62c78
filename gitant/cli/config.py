"""`gitant config`: what a node's settings are, where each comes from, and whether a file will do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Unavailable
from gitant.cli.options import DataDir, Json
from gitant.cli.output import clean, print_json, print_table
from gitant.given import CONFIG_FILE, data_folder, given, read_file
from gitant.settings import MASKED, SETTINGS

app = typer.Typer()


@app.command()
def show(data_dir: DataDir = None, json: Json = False) -> None:
    """List the settings that `gitant serve` would use now, and where each comes from.

    A node that is running has those of its start, or of its last reload.
    """
    found = given({"data_dir": data_dir})
    rows: list[tuple[str, str, str]] = []
    for row in SETTINGS:
        value, source = found[row.name].value, found[row.name].source
        shown = row.kind.show(value)
        rows.append((row.name, MASKED if row.secret and shown else shown, source))
    if json:
        print_json({"settings": [{"name": name, "value": value, "from": source} for name, value, source in rows]})
        return
    print_table(("setting", "value", "from"), rows, empty="")


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The file [else config.toml of the data folder].", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Read a config.toml as a node would, and list everything in it that will not do.

    Ends with 1 if there is something.
    """
    path = file or data_folder({"data_dir": data_dir}) / CONFIG_FILE
    if not path.exists():
        raise Unavailable(f"{path} is not there", hint="name a file, or the data folder with --data-dir")
    values, faults = read_file(path)
    if json:
        told = [{"fault": fault.message, "hint": fault.hint} for fault in faults]
        print_json({"file": str(path), "settings": sorted(values), "faults": told})
    else:
        for fault in faults:
            print(clean(f"fault: {fault.message}"))
            print(clean(f"       {fault.hint}"))
        if not faults:
            print(clean(f"{path}: {len(values)} settings, and every one can be used"))
    if faults:
        raise typer.Exit(1)
