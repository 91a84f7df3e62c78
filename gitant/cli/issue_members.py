"""`gitant issue label` and `gitant issue assign`: what is put on an issue and taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitant.cli.api import Api, ApiProblem, segment
from gitant.cli.checkout import repository
from gitant.cli.options import DataDir, Issue, Json, Repo, Url
from gitant.cli.output import print_json, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

app = typer.Typer()

_TRIES = 5
_PRECONDITION_FAILED = 412


@app.command()
def label(
    issue: Issue,
    add: Annotated[list[str] | None, typer.Argument(metavar="[LABEL]...", help="Labels to put on it.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", "-r", help="A label to take off; repeat for more.")
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Take every other label off.")] = False,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Put labels on an issue, or take them off."""
    change = _change(add or [], remove or [], only=only)
    changed = _put(issue, "labels", change, repo, data_dir, url)
    _say(changed, "labels", json=json)


@app.command()
def assign(
    issue: Issue,
    add: Annotated[list[str] | None, typer.Argument(metavar="[PERSON]...", help="Whom to assign.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", "-r", help="Somebody to unassign; repeat for more.")
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Unassign everybody else.")] = False,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Assign people to an issue, or unassign them. A person is a user name or a did."""
    change = _change(add or [], remove or [], only=only)
    changed = _put(issue, "assignees", change, repo, data_dir, url)
    _say(changed, "assignees", json=json)


def _change(add: Sequence[str], remove: Sequence[str], *, only: bool) -> Callable[[Sequence[str]], list[str]]:
    if not add and not remove and not only:
        raise typer.BadParameter("say what to add or to --remove")

    def changed(members: Sequence[str]) -> list[str]:
        kept = [] if only else [member for member in members if member not in remove]
        return [*kept, *(member for member in add if member not in kept)]

    return changed


def _put(
    issue: str,
    what: str,
    change: Callable[[Sequence[str]], list[str]],
    repo: str | None,
    data_dir: str | None,
    url: str | None,
) -> dict[str, Any]:
    """Read, change, write on condition that nobody else has written meanwhile; again if somebody has."""
    with Api.open(data_dir, url) as api:
        path = f"/api/v1/repos/{segment(repository(repo))}/issues/{segment(issue.removeprefix('#'))}"
        for attempt in range(1, _TRIES + 1):
            found, tag = api.get_with_tag(path)
            try:
                done: dict[str, Any] = api.send("PUT", f"{path}/{what}", {what: change(found[what])}, if_match=tag)
            except ApiProblem as problem:
                if problem.status != _PRECONDITION_FAILED or attempt == _TRIES:
                    raise
            else:
                return done
    raise AssertionError("the last attempt returns or raises")


def _say(issue: dict[str, Any], what: str, *, json: bool) -> None:
    if json:
        print_json(issue)
    else:
        tell(f"#{issue['number']} {what}: {', '.join(issue[what]) or 'none'}")
