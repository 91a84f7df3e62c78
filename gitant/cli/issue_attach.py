"""`gitant issue attach`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Issue, Json, Repo, Url
from gitant.cli.output import clean, print_json

app = typer.Typer()


@app.command()
def attach(
    issue: Issue,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="What to attach.", show_default=False)],
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Attach files to an issue, and print the Markdown to put into a text."""
    attached: list[dict[str, Any]] = []
    with Api.open(data_dir, url) as api:
        path = f"/api/v1/repos/{segment(repository(repo, api.addresses))}/attachments"
        for name in files:
            try:
                data = Path(name).read_bytes()
            except OSError as fault:
                raise typer.BadParameter(f"{name} cannot be read: {fault.strerror}") from fault
            told = api.upload(path, data, {"name": Path(name).name, "issue": issue.removeprefix("#")})
            attached.append(told)
            if not json:
                print(clean(told["markdown"]))
    if json:
        print_json(attached)
