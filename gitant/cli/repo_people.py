"""`gitant repo …`: what a repository is to you: your star, and what of it you want to hear."""

from __future__ import annotations

from typing import Annotated

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, RepoName, Url
from gitant.cli.output import print_json, print_table, tell

app = typer.Typer()


@app.command()
def star(repo: RepoName = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Give a repository your star."""
    _star(repo, data_dir, url, "star", json=json)


@app.command()
def unstar(repo: RepoName = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Take your star back."""
    _star(repo, data_dir, url, "unstar", json=json)


@app.command()
def stars(
    repo: RepoName = None, limit: Limit = 100, data_dir: DataDir = None, url: Url = None, json: Json = False
) -> None:
    """List who starred a repository, newest first."""
    with Api.open(data_dir, url) as api:
        found = api.listed(f"{_path(api, repo)}/stars", "stars", limit)
    if json:
        print_json(found)
        return
    rows = [(each["name"] or each["did"], each["starred_at"]) for each in found]
    print_table(("Who", "When"), rows, empty="it has no stars")


@app.command()
def watch(
    repo: RepoName = None,
    level: Annotated[
        str | None,
        typer.Option(
            "--level",
            "-l",
            metavar="LEVEL",
            help="all, participating or ignore; without it, what holds now is shown.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Choose what of a repository you want to hear, or show what you chose."""
    with Api.open(data_dir, url) as api:
        path = f"{_path(api, repo)}/subscription"
        told = api.get(path) if level is None else api.send("PUT", path, {"level": level})
    if json:
        print_json(told)
        return
    print(told["level"])
    if not told["chosen"]:
        tell("that holds where nothing is chosen; choose with: gitant repo watch --level all")


@app.command()
def unwatch(repo: RepoName = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Choose nothing any more: you hear what concerns you."""
    with Api.open(data_dir, url) as api:
        path = f"{_path(api, repo)}/subscription"
        api.send("DELETE", path)
        told = api.get(path)
    if json:
        print_json(told)
    else:
        print(told["level"])


def _path(api: Api, named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}"


def _star(repo: str | None, data_dir: str | None, url: str | None, verb: str, *, json: bool) -> None:
    with Api.open(data_dir, url) as api:
        told = api.send("POST", f"{_path(api, repo)}/{verb}")
    if json:
        print_json(told)
    else:
        print(told["stars"])
