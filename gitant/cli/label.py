"""`gitant label …`."""

from __future__ import annotations

from typing import Annotated

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import clean, print_json, print_table, tell

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="LABEL", help="The label's name.", show_default=False)]
Colour = Annotated[
    str | None, typer.Option("--color", "-c", metavar="HEX", help="Six hexadecimal digits.", show_default=False)
]
Description = Annotated[str | None, typer.Option("--description", "-d", help="What it is for.", show_default=False)]


@app.command("list")
def list_labels(
    repo: Repo = None, limit: Limit = 100, data_dir: DataDir = None, url: Url = None, json: Json = False
) -> None:
    """List a repository's labels."""
    with Api.open(data_dir, url) as api:
        labels = api.listed(_path(api, repo), "labels", limit)
    if json:
        print_json(labels)
        return
    rows = [(label["name"], f"#{label['color']}", label["description"]) for label in labels]
    print_table(("Label", "Color", "Description"), rows, empty="there are none; make one with: gitant label create")


@app.command()
def create(
    name: Name,
    color: Colour = None,
    description: Description = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make a label."""
    body = {"name": name, "color": color, "description": description}
    with Api.open(data_dir, url) as api:
        made = api.send("POST", _path(api, repo), {key: value for key, value in body.items() if value is not None})
    if json:
        print_json(made)
    else:
        print(clean(made["name"]))


@app.command()
def edit(
    label: Name,
    name: Annotated[str | None, typer.Option("--name", "-n", help="What to call it.", show_default=False)] = None,
    color: Colour = None,
    description: Description = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Rename, recolour or describe a label; issues that carry it show the change."""
    given = {"name": name, "color": color, "description": description}
    change = {key: value for key, value in given.items() if value is not None}
    if not change:
        raise typer.BadParameter("say what to change: --name, --color or --description")
    with Api.open(data_dir, url) as api:
        changed = api.send("PUT", f"{_path(api, repo)}/{segment(label)}", change)
    if json:
        print_json(changed)
    else:
        print(clean(changed["name"]))


@app.command()
def delete(label: Name, repo: Repo = None, data_dir: DataDir = None, url: Url = None) -> None:
    """Delete a label; it comes off every issue."""
    with Api.open(data_dir, url) as api:
        api.send("DELETE", f"{_path(api, repo)}/{segment(label)}")
    tell(f"deleted {label}")


def _path(api: Api, named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}/labels"
