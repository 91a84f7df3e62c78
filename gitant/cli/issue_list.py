"""`gitant issue list`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from domain.issue.search import FIELDS, ME, Query, Term, write
from gitant.cli.api import Api
from gitant.cli.issue_words import issues_path
from gitant.cli.options import DataDir, Json, Limit, Repo, Url
from gitant.cli.output import print_json, print_table

app = typer.Typer()


class State(StrEnum):
    """Which issues to list."""

    open = "open"
    closed = "closed"
    all = "all"


_TURNED = re.compile(rf"-({'|'.join(FIELDS)}):", re.IGNORECASE)


class _Queries(TyperCommand):
    """Takes `-label:x` for the term that it is, not for the option `-l`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        turned = [word for word in args[:end] if _TURNED.match(word)]
        kept = [word for word in args[:end] if not _TURNED.match(word)]
        return super().parse_args(ctx, [*kept, "--", *turned, *args[end + 1 :]] if turned else args)


@app.command("list", cls=_Queries)
def list_issues(
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUERY]...", help="What to look for, like: is:open label:bug author:@me crash."),
    ] = None,
    state: Annotated[
        State | None, typer.Option("--state", "-s", help="Which ones [else those open].", show_default=False)
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", "-l", help="Only with this label; repeat for more.")
    ] = None,
    assignee: Annotated[str, typer.Option("--assignee", "-a", help="Only assigned to them.", show_default=False)] = "",
    author: Annotated[str, typer.Option("--author", "-A", help="Only written by them.", show_default=False)] = "",
    search: Annotated[str, typer.Option("--search", "-S", help="Only with these words.", show_default=False)] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only assigned to you.")] = False,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="Of every repository that you may read.")] = False,
    limit: Limit = 30,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List issues, newest first.

    A query's own quotes have to be kept from the shell: gitant issue list 'label:"help wanted"'
    """
    if everywhere and repo is not None:
        raise typer.BadParameter("--everywhere and --repo exclude each other")
    terms = [Term(name, "label") for name in label or []]
    terms += [Term(who, field) for field, who in (("assignee", assignee), ("author", author)) if who]
    if mine:
        terms.append(Term(ME, "assignee"))
    if state is not None:
        terms.append(Term(state.value, "state"))
    words = " ".join(filter(None, (*(query or ()), search, write(Query(tuple(terms))))))
    with Api.open(data_dir, url) as api:
        path = "/api/v1/issues" if everywhere else issues_path(api, repo)
        issues = api.listed(path, "issues", limit, {"q": words} if words else {})
    if json:
        print_json(issues)
        return
    rows = [
        (
            f"{issue.get('repo_full_name', '')}#{issue['number']}",
            issue["state"],
            issue["title"],
            ", ".join(issue["labels"]),
            issue["updated_at"],
        )
        for issue in issues
    ]
    print_table(("Issue", "State", "Title", "Labels", "Updated"), rows, empty="there are none")
