"""`gitant init`: from a folder with git in it to one whose pushes go to the node."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from domain.errors import Conflict, InvalidInput
from domain.ids import is_segment
from gitant.cli.api import Api, ApiProblem, segment
from gitant.cli.checkout import REMOTE, git, git_done, remote_url, work_tree
from gitant.cli.node import helper_options
from gitant.cli.options import DataDir, Json, Url
from gitant.cli.output import print_json, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer()

_NOT_FOUND = 404


@app.command()
def init(
    name: Annotated[
        str | None, typer.Option("--name", "-n", help="What to call it [else as the folder].", show_default=False)
    ] = None,
    description: Annotated[str, typer.Option("--description", "-d", help="What it is.", show_default=False)] = "",
    private: Annotated[bool, typer.Option("--private", help="Hide it from everybody else.")] = False,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Make this git repository one of the node's: `git push gitant` works from then on.

    Creates it on the node if it is not there, adds the remote `gitant`, and lets git ask Gitant for the token.
    """
    top = work_tree()
    branch = _branch()
    with Api.open(data_dir, url) as api:
        me = api.user or "operator"
        name = name or _name_of(top, cloned_from=remote_url("origin"), mine=f"{api.url.rstrip('/')}/{me}/")
        wishes = {"description": description, "private": private, "default_branch": branch}
        repo, created = _ensure(api, me, name, wishes)
    clone_url = str(repo["clone_url"])
    added = _add_remote(clone_url)
    _set_helper(clone_url, data_dir, api.user)
    if json:
        print_json({"repository": repo, "created": created, "remote": REMOTE, "remote_added": added})
        return
    tell(f"{'created' if created else 'found'} {repo['full_name']} on the node")
    tell(f"{'added' if added else 'kept'} the remote {REMOTE}: {clone_url}")
    tell("git asks Gitant for the token when it talks to that node; it is not in .git/config")
    tell(f"next: git push {REMOTE} {branch}")


def _name_of(top: Path, *, cloned_from: str, mine: str) -> str:
    """What a clone of one's own, whose addresses begin with `mine`, is called there; else as the folder."""
    if cloned_from.startswith(mine):
        return cloned_from.rpartition("/")[2].removesuffix(".git")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", top.name).strip("-.")
    if not is_segment(name):
        raise InvalidInput(f"a repository cannot be called {top.name!r}", hint="choose a name with --name")
    return name


def _branch() -> str:
    run = git("symbolic-ref", "--short", "HEAD")
    return run.stdout.strip() or "main"


def _ensure(api: Api, me: str, name: str, wishes: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """One's own repository of that name, and whether it had to be made."""
    try:
        return api.get(f"/api/v1/repos/{segment(f'{me}~{name}')}"), False
    except ApiProblem as problem:
        if problem.status != _NOT_FOUND:
            raise
    return api.send("POST", "/api/v1/repos", {"name": name, **wishes}), True


def _add_remote(clone_url: str) -> bool:
    there = remote_url()
    if there == clone_url:
        return False
    if there:
        raise Conflict(
            f"the remote {REMOTE} points to {there} already",
            hint=f"if it should not, run: git remote set-url {REMOTE} {clone_url}",
        )
    git_done("remote", "add", REMOTE, clone_url)
    return True


def _set_helper(clone_url: str, data_dir: str | None, user: str) -> None:
    parts = urlsplit(clone_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    words = [*_own_command(), "credential", *helper_options(data_dir, origin, user=user)]
    key = f"credential.{origin}.helper"
    # The empty value drops helpers set elsewhere, which would store the token in a file of theirs.
    git_done("config", "--local", "--replace-all", key, "")
    git_done("config", "--local", "--add", key, f"!{shlex.join(words)}")


def _own_command() -> Sequence[str]:
    """How git can start this program, whatever its PATH is when it pushes."""
    started = Path(sys.argv[0])
    found = shutil.which("gitant")
    if found and started.exists() and Path(found).samefile(started):
        return ["gitant"]
    if started.name == "gitant" and started.exists():
        return [str(started.absolute())]
    return [sys.executable, "-P", "-m", "gitant"]
