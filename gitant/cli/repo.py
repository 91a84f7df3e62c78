"""`gitant repo …`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Json, Limit, RepoName, Url
from gitant.cli.output import clean, print_fields, print_json, print_table, tell

app = typer.Typer()


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called: 1 to 64 of A-Z a-z 0-9 . _ -", show_default=False)],
    description: Annotated[str, typer.Option("--description", "-d", help="What it is.", show_default=False)] = "",
    private: Annotated[bool, typer.Option("--private", help="Hide it from everybody else.")] = False,
    default_branch: Annotated[str, typer.Option("--default-branch", help="The branch that clones check out.")] = "main",
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Create a repository."""
    body = {"name": name, "description": description, "private": private, "default_branch": default_branch}
    with Api.open(data_dir, url) as api:
        made = api.send("POST", "/api/v1/repos", body)
    if json:
        print_json(made)
        return
    print(clean(made["clone_url"]))
    tell(f"created {made['full_name']}; push to it with: git push {made['clone_url']} {default_branch}")


@app.command("list")
def list_repos(
    search: Annotated[
        str, typer.Option("--search", "-S", help="Only those with these words.", show_default=False)
    ] = "",
    limit: Limit = 30,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List repositories, newest first."""
    with Api.open(data_dir, url) as api:
        repos = api.listed("/api/v1/repos", "repos", limit, {"q": search} if search else None)
    if json:
        print_json(repos)
        return
    rows = [(repo["full_name"], repo["description"], _marks(repo), repo["updated_at"]) for repo in repos]
    print_table(
        ("Repository", "Description", "", "Updated"), rows, empty="there are none; make one with: gitant repo create"
    )


@app.command()
def view(repo: RepoName = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Show a repository."""
    with Api.open(data_dir, url) as api:
        found = api.get(_path(repo))
    if json:
        print_json(found)
        return
    print_fields(
        [
            ("name", found["full_name"]),
            ("id", found["id"]),
            ("description", found["description"]),
            ("clone", found["clone_url"]),
            ("default branch", found["default_branch"]),
            ("marks", _marks(found) or "public"),
            ("created", found["created_at"]),
            ("updated", found["updated_at"]),
            ("open issues", found["open_issues"]),
            ("closed issues", found["closed_issues"]),
        ]
    )


@app.command()
def edit(
    repo: RepoName = None,
    description: Annotated[
        str | None, typer.Option("--description", "-d", help="What it is now.", show_default=False)
    ] = None,
    default_branch: Annotated[
        str | None, typer.Option("--default-branch", help="The branch that clones check out.", show_default=False)
    ] = None,
    private: Annotated[
        bool | None, typer.Option("--private/--public", help="Who may see it.", show_default=False)
    ] = None,
    archived: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Whether it is read-only.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Change what is said of a repository."""
    given = {"description": description, "default_branch": default_branch, "private": private, "archived": archived}
    change = {name: value for name, value in given.items() if value is not None}
    if not change:
        raise typer.BadParameter("say what to change, for example --description or --archive")
    with Api.open(data_dir, url) as api:
        changed = api.send("PATCH", _path(repo), change)
    if json:
        print_json(changed)
    else:
        print(clean(changed["full_name"]))


@app.command()
def delete(
    repo: RepoName = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: DataDir = None,
    url: Url = None,
) -> None:
    """Delete a repository: it is shown no more; its events stay in the log."""
    with Api.open(data_dir, url) as api:
        path = _path(repo)
        found = api.get(path)
        if not yes:
            if not sys.stdin.isatty():
                raise typer.BadParameter("deleting asks first; say --yes where nobody can answer")
            typer.confirm(f"Delete {clean(found['full_name'])}?", abort=True, err=True)
        api.send("DELETE", path)
    tell(f"deleted {found['full_name']}")


def _path(named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named))}"


def _marks(repo: dict[str, Any]) -> str:
    return ", ".join(mark for mark in ("private", "archived") if repo.get(mark))
