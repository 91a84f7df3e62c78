"""`gitant repo fork`, `forks` and `import`: repositories that begin with somebody else's history."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from domain.errors import InvalidInput
from gitant.cli.api import Api, ApiProblem, segment
from gitant.cli.checkout import repository
from gitant.cli.node import folder_of
from gitant.cli.options import DataDir, Json, Limit, RepoName, Url
from gitant.cli.output import Ticker, clean, print_json, print_table, tell

app = typer.Typer()
_LOOK_EVERY_S: Final = 0.2
_INTERRUPTED: Final = 130
_SHOWN_MAX: Final = 10

Name = Annotated[str, typer.Option("--name", "-n", help="What it is to be called here.", show_default=False)]
Owner = Annotated[str, typer.Option("--owner", help="Whose it is to be: yours, for now.", show_default=False)]
Description = Annotated[str, typer.Option("--description", "-d", help="What it is.", show_default=False)]


@app.command()
def fork(
    repo: RepoName = None,
    name: Name = "",
    owner: Owner = "",
    private: Annotated[
        bool, typer.Option("--private", help="Hide it; a private repository's forks always are.")
    ] = False,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make a repository of your own with the branches and tags of another one."""
    body = {"name": name, "owner": owner} | ({"private": True} if private else {})
    with Api.open(data_dir, url) as api:
        made = api.send("POST", f"/api/v1/repos/{segment(repository(repo, api.addresses))}/fork", body)
    _say(made, "forked", json=json)


@app.command()
def forks(
    repo: RepoName = None, limit: Limit = 30, data_dir: DataDir = None, url: Url = None, json: Json = False
) -> None:
    """List the forks of a repository on this node, newest first."""
    with Api.open(data_dir, url) as api:
        found = api.listed(f"/api/v1/repos/{segment(repository(repo, api.addresses))}/forks", "repos", limit)
    if json:
        print_json(found)
        return
    rows = [(each["full_name"], each["description"], each["updated_at"]) for each in found]
    print_table(("Repository", "Description", "Updated"), rows, empty="there are none; make one with: gitant repo fork")


@app.command("import")
def import_repo(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A git URL (https://, http:// or git://), or a folder on the node's machine.",
            show_default=False,
        ),
    ],
    name: Name = "",
    owner: Owner = "",
    description: Description = "",
    private: Annotated[bool, typer.Option("--private", help="Hide it from everybody else.")] = False,
    username: Annotated[
        str, typer.Option("--username", "-u", help="Who you are at the source; its password is asked for.")
    ] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read that password, or a token, from standard input.")
    ] = False,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make a repository of one that is somewhere else: its branches and tags with everything they need.

    Ctrl-C calls it off, leaving nothing.
    """
    body: dict[str, Any] = {"name": name, "owner": owner, "description": description, "private": private}
    with Api.open(data_dir, url) as api:
        if "://" in source:
            body |= {"url": source, "username": username, "password": _password(username, stdin=password_stdin)}
        else:
            body["ticket"] = _ticket(source, data_dir)
        job = _follow(api, api.send("POST", "/api/v1/import", body)["id"])
        if job["error"]:
            raise ApiProblem(job["error"]["detail"], hint=job["error"]["hint"])
        if job["state"] == "cancelled":
            raise ApiProblem("the import was called off")
        made = api.get(f"/api/v1/repos/{job['repo']}")
    if json:
        print_json(job)
        return
    _report(job)
    _say(made, "imported", json=False)


def _follow(api: Api, job: str) -> dict[str, Any]:
    """Wait for the end, showing how far it is."""
    path = f"/api/v1/import/{job}"
    try:
        with Ticker("objects received") as ticker:
            while True:
                told: dict[str, Any] = api.get(path)
                if told["phase"] == "ended":
                    return told
                if told["objects_total"]:
                    ticker(told["objects"], told["objects_total"])
                time.sleep(_LOOK_EVERY_S)
    except KeyboardInterrupt:
        api.send("DELETE", path)
        tell("called off")
        raise typer.Exit(_INTERRUPTED) from None


def _ticket(source: str, data_dir: str | None) -> str:
    """Tell the node beside us of a folder; over the network nobody can."""
    from gitant.imports.book import Book
    from gitant.plan import imports_dir

    path = Path(source).expanduser().resolve()
    if not path.is_dir():
        raise InvalidInput(f"there is no folder {source}", hint="a URL begins with https://, http:// or git://")
    return Book(imports_dir(folder_of(data_dir))).leave_ticket(path)


def _password(username: str, *, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not username:
        return ""
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked for the password; say --password-stdin and send it there")
    return str(typer.prompt("Password", hide_input=True, err=True))


def _report(job: dict[str, Any]) -> None:
    """What is not as it was there."""
    for prefix, count in job["left_out"].items():
        tell(f"left out: {count} under {prefix}/")
    for ref in job["skipped_refs"][:_SHOWN_MAX]:
        tell(f"left out: {ref['name']}: {ref['reason']}")
    for fault, count in job["excused"].items():
        tell(f"taken although old: {count} objects with {fault}")


def _say(made: dict[str, Any], verb: str, *, json: bool) -> None:
    if json:
        print_json(made)
        return
    print(clean(made["clone_url"]))
    tell(f"{verb} {made['full_name']}")
