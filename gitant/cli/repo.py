"""`gitant repo …`: making, listing, showing and changing. The rest is in the files beside it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from gitant.cli import repo_check, repo_copies, repo_files, repo_moves, repo_people
from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.confirm import Yes, confirm_by_name
from gitant.cli.options import DataDir, Json, Limit, RepoName, Url
from gitant.cli.output import clean, print_fields, print_json, print_table, tell

_BEGUN: Final = (("fork of", "fork_of"), ("imported from", "imported_from"))
app = typer.Typer()
app.add_typer(repo_moves.app)
app.add_typer(repo_people.app)
app.add_typer(repo_copies.app)
app.add_typer(repo_files.app)
app.add_typer(repo_check.app)


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
    topic: Annotated[str, typer.Option("--topic", "-t", help="Only those with this topic.", show_default=False)] = "",
    owner: Annotated[
        str, typer.Option("--owner", help="Only those of this user name or did.", show_default=False)
    ] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only your own.")] = False,
    starred: Annotated[bool, typer.Option("--starred", help="Only those that have your star.")] = False,
    archived: Annotated[
        bool | None,
        typer.Option("--archived/--no-archived", help="Only those that are archived, or are not.", show_default=False),
    ] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that were deleted, and no others.")] = False,
    sort: Annotated[
        str, typer.Option("--sort", metavar="ORDER", help="created, updated or stars, the greatest first; or name.")
    ] = "created",
    limit: Limit = 30,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List repositories, newest first."""
    given = {"q": search, "topic": topic, "owner": owner, "mine": mine, "starred": starred, "deleted": deleted}
    params = {name: value for name, value in given.items() if value} | {"sort": sort}
    if archived is not None:
        params["archived"] = archived
    with Api.open(data_dir, url) as api:
        repos = api.listed("/api/v1/repos", "repos", limit, params)
    if json:
        print_json(repos)
        return
    rows = [(repo["full_name"], repo["description"], _marks(repo), repo["stars"], repo["updated_at"]) for repo in repos]
    print_table(
        ("Repository", "Description", "", "Stars", "Updated"),
        rows,
        empty="there are none; make one with: gitant repo create",
    )


@app.command()
def view(repo: RepoName = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Show a repository."""
    with Api.open(data_dir, url) as api:
        found = api.get(_path(api, repo))
    if json:
        print_json(found)
        return
    begun = [(words, found[name]) for words, name in _BEGUN if name in found]
    print_fields(
        [
            ("name", found["full_name"]),
            ("id", found["id"]),
            ("description", found["description"]),
            ("website", found["website"]),
            ("topics", " ".join(found["topics"])),
            ("clone", found["clone_url"]),
            *begun,
            ("default branch", found["default_branch"]),
            ("marks", _marks(found) or "public"),
            *([("succession", words)] if (words := repo_moves.goes_on(found)) else []),
            ("created", found["created_at"]),
            ("updated", found["updated_at"]),
            ("stars", found["stars"]),
            ("forks", found["forks_count"]),
            ("open issues", found["open_issues"]),
            ("closed issues", found["closed_issues"]),
            *([("on the disk", f"{found['disk_bytes']:,} bytes")] if "disk_bytes" in found else []),
        ]
    )


@app.command()
def edit(
    repo: RepoName = None,
    description: Annotated[
        str | None, typer.Option("--description", "-d", help="What it is now.", show_default=False)
    ] = None,
    website: Annotated[
        str | None, typer.Option("--website", "-w", help="Where more is to be read.", show_default=False)
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", "-t", help="A topic it has from now on; give it again for each.", show_default=False),
    ] = None,
    no_topics: Annotated[bool, typer.Option("--no-topics", help="Take all topics off.")] = False,
    default_branch: Annotated[
        str | None, typer.Option("--default-branch", help="The branch that clones check out.", show_default=False)
    ] = None,
    private: Annotated[
        bool | None, typer.Option("--private/--public", help="Who may see it.", show_default=False)
    ] = None,
    archived: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Whether it is read-only.", show_default=False)
    ] = None,
    yes: Yes = False,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Change what is said of a repository."""
    given = {
        "description": description,
        "website": website,
        "default_branch": default_branch,
        "private": private,
        "archived": archived,
    }
    change = {name: value for name, value in given.items() if value is not None}
    topics = [] if no_topics else topic
    if not change and topics is None:
        raise typer.BadParameter("say what to change, for example --description or --archive")
    with Api.open(data_dir, url) as api:
        path = _path(api, repo)
        changed = api.get(path)
        if private is False and changed["private"]:
            confirm_by_name("publishing", changed["full_name"], yes=yes)
        if change:
            changed = api.send("PATCH", path, change)
        if topics is not None:
            changed = api.send("PUT", f"{path}/topics", {"topics": topics})
    if json:
        print_json(changed)
    else:
        print(clean(changed["full_name"]))


def _path(api: Api, named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}"


def _marks(repo: dict[str, Any]) -> str:
    marks = [mark for mark in ("private", "archived", "deleted") if repo.get(mark)]
    return ", ".join([*marks, "succeeded"] if "succeeded_by" in repo else marks)
