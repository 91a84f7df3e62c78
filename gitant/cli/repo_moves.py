"""`gitant repo …`: where a repository is found, and whether it is there at all."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitant.cli.api import Api, segment
from gitant.cli.checkout import REMOTE, remote_url, repository, selector
from gitant.cli.confirm import Yes, confirm_by_name
from gitant.cli.options import DataDir, Json, Repo, RepoName, Url
from gitant.cli.output import clean, print_json, tell

app = typer.Typer()

_ALONE = "warning: no connected node holds all that is here, so this may be the only copy there is"


@app.command()
def rename(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it from now on.", show_default=False)],
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Rename a repository. Its old addresses lead to it until another one takes its place there."""
    with Api.open(data_dir, url) as api:
        _print_moved(api.send("PATCH", _path(api, repo), {"name": name}), json=json)


@app.command()
def transfer(
    owner: Annotated[
        str | None,
        typer.Argument(metavar="[OWNER]", help="Whose it is to be: a user name or a did.", show_default=False),
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Offer it to nobody any more.")] = False,
    yes: Yes = False,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Offer a repository to somebody. It is theirs, under their name, once they accept."""
    if (owner is None) != withdraw:
        raise typer.BadParameter("say to whom, or --withdraw")
    with Api.open(data_dir, url) as api:
        path = f"{_path(api, repo)}/transfer"
        if owner is None:
            told = api.send("DELETE", path)
        else:
            confirm_by_name("handing over", api.get(_path(api, repo))["full_name"], yes=yes)
            told = api.send("POST", path, {"owner": owner})
    if json:
        print_json(told)
        return
    print(clean(told["full_name"]))
    tell(f"offered to {owner}; they take it with: gitant repo accept" if owner else "it is offered to nobody")


@app.command()
def accept(repo: RepoName = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Take over a repository that is offered to you."""
    with Api.open(data_dir, url) as api:
        _print_moved(api.send("POST", f"{_path(api, repo)}/transfer/accept"), json=json)


@app.command()
def succeed(
    repo: RepoName = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="REPO", help="What it goes on as: a name, owner/name or id.", show_default=False),
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what you said.")] = False,
    yes: Yes = False,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say as a root what a repository goes on as; once enough roots do, it takes no more changes."""
    if (to is None) != withdraw:
        raise typer.BadParameter("say --to which repository, or --withdraw")
    with Api.open(data_dir, url) as api:
        path = _path(api, repo)
        if to is None:
            told = api.send("DELETE", f"{path}/successor")
        else:
            confirm_by_name("closing", api.get(path)["full_name"], yes=yes)
            told = api.send("PUT", f"{path}/successor", {"to": selector(to)})
    if json:
        print_json(told)
        return
    print(clean(told["full_name"]))
    tell(goes_on(told) or "nobody says that it goes on as another one")


def goes_on(repo: dict[str, Any]) -> str:
    """What a repository goes on as, in words; empty while no root says so."""
    if "succession" not in repo:
        return ""
    if "succeeded_by" in repo:
        to = repo.get("successor", {}).get("full_name") or repo["succeeded_by"]
        rivals = len(repo.get("conflicts", {}).get("succeeded_by", []))
        return f"goes on as {to}" + (f", and {rivals - 1} others are named by as many roots" if rivals else "")
    named, threshold = repo["succession"]["named"], repo["succession"]["threshold"]
    says = ", ".join(f"{word['author']} names {word['value'][:16]}" for word in named)
    return f"goes on as no other until {threshold} roots name the same: {says}"


@app.command()
def delete(repo: RepoName = None, yes: Yes = False, data_dir: DataDir = None, url: Url = None) -> None:
    """Delete a repository. It can be undeleted for some days; its events stay in the log."""
    with Api.open(data_dir, url) as api:
        path = _path(api, repo)
        found = api.get(path)
        confirm_by_name("deleting", found["full_name"], yes=yes)
        # By id: in between, another one may have taken the name.
        api.send("DELETE", f"/api/v1/repos/{found['id']}")
    tell(f"deleted {found['full_name']}; bring it back with: gitant repo undelete {found['id']}")


@app.command("remove-here")
def remove_here(
    repo: Annotated[str, typer.Argument(metavar="REPO", help="A name, owner/name or id.", show_default=False)],
    yes: Yes = False,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Remove this node's copy of a repository and free its room on the disk. The copies of others stay."""
    with Api.open(data_dir, url) as api:
        path = f"/api/v1/repos/{segment(selector(repo))}"
        found = api.get(path)
        peers = api.get(f"{path}/sync")["peers"]
        equal = sum(peer["state"] == "equal" for peer in peers)
        tell(f"connected nodes that hold all that is here: {equal}" if equal else _ALONE)
        confirm_by_name("removing", found["full_name"], yes=yes)
        gone = api.send("DELETE", f"/api/v1/network/copies/{found['id']}")
    if json:
        print_json(gone)
        return
    tell(
        f"removed {found['full_name']} from this node: {gone['events']:,} events, {gone['attachments']:,} attachments; "
        f"to have it back: gitant peer follow {found['id']}"
    )


@app.command()
def undelete(
    repo: Annotated[str, typer.Argument(metavar="REPO", help="A name, owner/name or id.", show_default=False)],
    name: Annotated[
        str, typer.Option("--name", "-n", help="What to call it, if its name is taken.", show_default=False)
    ] = "",
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Bring back a deleted repository, with its issues and its code."""
    with Api.open(data_dir, url) as api:
        back = api.send("POST", f"/api/v1/repos/{segment(selector(repo))}/undelete", {"name": name})
    if json:
        print_json(back)
        return
    print(clean(back["clone_url"]))
    tell(f"{back['full_name']} is back")


def _path(api: Api, named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}"


def _print_moved(moved: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(moved)
        return
    print(clean(moved["clone_url"]))
    tell(f"it is {moved['full_name']} now")
    if (remote := remote_url()) and not remote.endswith(f"/{moved['full_name']}.git"):
        tell(f"if this is its checkout, name the new place: git remote set-url {REMOTE} {moved['clone_url']}")
