"""`gitant backup`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitant.backup.check import check
from gitant.backup.take import take
from gitant.cli.node import folder_of
from gitant.cli.options import DataDir, Json
from gitant.cli.output import Ticker, clean, print_fields, print_json, tell

if TYPE_CHECKING:
    from gitant.backup.manifest import Manifest

app = typer.Typer()


@app.command()
def backup(
    out: Annotated[str, typer.Argument(metavar="OUT", help="The folder to make; with --verify, one that was made.")],
    onto: Annotated[
        str | None,
        typer.Option(
            "--onto",
            metavar="OLDER",
            help="An older backup of this node: unchanged packs and blobs are shared with it.",
            show_default=False,
        ),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Make nothing: check the backup OUT, all of it.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Copy a node as it is at one moment: while it runs and is written to, or while it is stopped.

    With --verify, ends with 1 and a line for each fault if there is one.
    """
    if verify:
        if onto is not None:
            raise typer.BadParameter("--onto is for making a backup, --verify for checking one")
        _verify(Path(out), json=json)
        return
    older = None if onto is None else Path(onto)
    made = take(folder_of(data_dir), Path(out), time.time_ns() // 1_000_000, older=older, tickers=Ticker)
    for name in made.lacking:
        tell(f"warning: the node lacks something that its log names: {name}")
    _show(Path(out), made, json=json)


def _verify(path: Path, *, json: bool) -> None:
    faults: list[str] = []

    def note(words: str) -> None:
        faults.append(words)
        if not json:
            print(clean(f"fault: {words}"))

    manifest = check(path, note, Ticker)
    if json:
        print_json({**_fields(path, manifest), "faults": faults})
    elif not faults:
        _show(path, manifest, json=False)
    if faults:
        raise typer.Exit(1)


def _show(path: Path, manifest: Manifest, *, json: bool) -> None:
    fields = _fields(path, manifest)
    if json:
        print_json(fields)
        return
    print_fields([(name.replace("_", " "), value) for name, value in fields.items() if name != "lacking"])


def _fields(path: Path, manifest: Manifest) -> dict[str, object]:
    return {
        "backup": str(path.resolve()),
        "made_at": manifest.made_at,
        "position": manifest.position,
        "streams": len(manifest.streams),
        "files": manifest.files,
        "bytes": manifest.bytes,
        "shared_bytes": manifest.linked_bytes,
        "lacking": manifest.lacking,
    }
