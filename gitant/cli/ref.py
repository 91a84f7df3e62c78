"""`gitant ref …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import clean, print_json, print_table

app = typer.Typer()


@app.command("list")
def list_refs(
    diverged: Annotated[bool, typer.Option("--diverged", help="Only those that are at several places.")] = False,
    repo: Repo = None,
    limit: Limit = 1_000,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List a repository's branches and tags with all their places."""
    with Api.open(data_dir, url) as api:
        found = [each for each in api.listed(_path(api, repo), "refs", limit) if each["diverged"] or not diverged]
    if json:
        print_json(found)
        return
    rows = [(each["name"], place, "diverged" if each["diverged"] else "") for each in found for place in _places(each)]
    print_table(("Ref", "Commit", ""), rows, empty="there are none")


@app.command()
def resolve(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A branch's name, or a full ref.", show_default=False)],
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="COMMIT", help="Which of its places [else the one that shows].", show_default=False
        ),
    ] = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Settle a branch or tag that nodes moved to different places while they were apart."""
    body = {"ref": ref, **({} if to is None else {"commit": to})}
    with Api.open(data_dir, url) as api:
        found: dict[str, Any] = api.send("POST", f"{_path(api, repo)}/resolve", body)
    if json:
        print_json(found)
    else:
        print(clean(f"{found['name']}\t{found['hash']}"))


def _places(ref: dict[str, Any]) -> list[str]:
    return [str(value["hash"]) for value in ref.get("values") or [ref] if value["hash"]]


def _path(api: Api, repo: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(repo, api.addresses))}/refs"
