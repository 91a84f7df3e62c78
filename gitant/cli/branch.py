"""`gitant branch …`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import clean, print_json, print_table, tell

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="BRANCH", help="The branch's name.", show_default=False)]


@app.command("list")
def list_branches(
    repo: Repo = None, limit: Limit = 100, data_dir: DataDir = None, url: Url = None, json: Json = False
) -> None:
    """List a repository's branches, by name."""
    with Api.open(data_dir, url) as api:
        branches = api.listed(_path(api, repo), "branches", limit)
    if json:
        print_json(branches)
        return
    rows = [
        (
            each["name"],
            (each["hash"] or "")[:12],
            "default" if each["default"] else "",
            "diverged" if each["diverged"] else "",
        )
        for each in branches
    ]
    print_table(("Branch", "Commit", "", ""), rows, empty="there are none; push one with: git push gitant main")


@app.command()
def create(
    name: Name,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="REF",
            help="A branch, tag or commit to begin at [else the default branch].",
            show_default=False,
        ),
    ] = "HEAD",
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make a branch at a commit that the node has."""
    with Api.open(data_dir, url) as api:
        made = api.send("POST", _path(api, repo), {"name": name, "commit": start})
    if json:
        print_json(made)
    else:
        print(clean(f"{made['name']} {made['hash'][:12]}"))


@app.command()
def delete(branch: Name, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Delete a branch; the default branch stays."""
    with Api.open(data_dir, url) as api:
        path = _path(api, repo)
        # To say afterwards where it was is what lets anybody make it again.
        found = next((each for each in api.listed(path, "branches", _BRANCHES_MAX) if each["name"] == branch), None)
        api.send("DELETE", f"{path}/{quote(branch, safe='')}")
    if json:
        print_json(found)
        return
    print(clean(branch))
    if found is not None and found["hash"]:
        tell(
            f"it was at {found['hash'][:12]}; make it again with: gitant branch create {branch} --from {found['hash']}"
        )


_BRANCHES_MAX = 10_000


def _path(api: Api, named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}/branches"
