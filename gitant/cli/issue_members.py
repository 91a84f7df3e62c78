"""`gitant issue label` and `gitant issue assign`: what is put on an issue and taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitant.cli.api import Api
from gitant.cli.issue_words import issue_path
from gitant.cli.issue_write import change_many
from gitant.cli.options import DataDir, Issue, Json, Repo, Url
from gitant.cli.output import print_json, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer()


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
    changed = _put(issue, "labels", add or [], remove or [], only=only, repo=repo, data_dir=data_dir, url=url)
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
    changed = _put(issue, "assignees", add or [], remove or [], only=only, repo=repo, data_dir=data_dir, url=url)
    _say(changed, "assignees", json=json)


def _put(
    issue: str,
    what: str,
    add: Sequence[str],
    remove: Sequence[str],
    *,
    only: bool,
    repo: str | None,
    data_dir: str | None,
    url: str | None,
) -> dict[str, Any]:
    """Add and take away, or set; the issue as it is then."""
    if not add and not remove and not only:
        raise typer.BadParameter("say what to add or to --remove")
    change = {what: add} if only else {f"add_{what}": add, f"remove_{what}": remove}
    with Api.open(data_dir, url) as api:
        (row,) = change_many(api, repo, [issue], change)
        found: dict[str, Any] = api.get(issue_path(api, repo, row["id"]))
    return found


def _say(issue: dict[str, Any], what: str, *, json: bool) -> None:
    if json:
        print_json(issue)
    else:
        tell(f"#{issue['number']} {what}: {', '.join(issue[what]) or 'none'}")
