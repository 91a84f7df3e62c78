"""`gitant issue …`: opening, showing and writing. Labels and people are in `issue_members`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gitant.cli import issue_conversation, issue_members
from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.issue_show import print_issue
from gitant.cli.options import Body, BodyFile, DataDir, Issue, Json, Limit, Repo, Url
from gitant.cli.output import clean, print_json, print_table, tell

app = typer.Typer()
app.add_typer(issue_members.app)
app.add_typer(issue_conversation.app)

Title = Annotated[str | None, typer.Option("--title", "-t", help="The title.", show_default=False)]


class State(StrEnum):
    """Which issues to list."""

    open = "open"
    closed = "closed"
    all = "all"


@app.command()
def create(
    title: Annotated[str, typer.Option("--title", "-t", help="The title.", show_default=False)],
    body: Body = None,
    body_file: BodyFile = None,
    label: Annotated[list[str] | None, typer.Option("--label", "-l", help="A label; repeat for more.")] = None,
    assignee: Annotated[
        list[str] | None, typer.Option("--assignee", "-a", help="Who is to work on it; repeat for more.")
    ] = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Open an issue."""
    words = {"title": title, "body": text_of(body, body_file) or "", "labels": label or [], "assignees": assignee or []}
    with Api.open(data_dir, url) as api:
        opened = api.send("POST", _path(repo), words)
    if json:
        print_json(opened)
    else:
        print(clean(f"#{opened['number']}"))


@app.command("list")
def list_issues(
    state: Annotated[State, typer.Option("--state", "-s", help="Which ones.")] = State.open,
    label: Annotated[
        list[str] | None, typer.Option("--label", "-l", help="Only with this label; repeat for more.")
    ] = None,
    assignee: Annotated[str, typer.Option("--assignee", "-a", help="Only assigned to them.", show_default=False)] = "",
    author: Annotated[str, typer.Option("--author", "-A", help="Only written by them.", show_default=False)] = "",
    search: Annotated[str, typer.Option("--search", "-S", help="Only with these words.", show_default=False)] = "",
    limit: Limit = 30,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List issues, newest first."""
    given = {"labels": ",".join(label or []), "assignee": assignee, "author": author, "q": search}
    which = {"state": state.value, **{name: value for name, value in given.items() if value}}
    with Api.open(data_dir, url) as api:
        issues = api.listed(_path(repo), "issues", limit, which)
    if json:
        print_json(issues)
        return
    rows = [
        (f"#{issue['number']}", issue["state"], issue["title"], ", ".join(issue["labels"]), issue["updated_at"])
        for issue in issues
    ]
    print_table(("Issue", "State", "Title", "Labels", "Updated"), rows, empty="there are none")


@app.command()
def view(issue: Issue, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Show an issue and what was said about it."""
    with Api.open(data_dir, url) as api:
        path = issue_path(repo, issue)
        found = api.get(path)
        comments = api.listed(f"{path}/comments", "comments", found["comments"] or 1)
    if json:
        print_json({**found, "comment_list": comments})
    else:
        print_issue(found, comments)


@app.command()
def edit(
    issue: Issue,
    title: Title = None,
    body: Body = None,
    body_file: BodyFile = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Write an issue's title or text again."""
    text = text_of(body, body_file)
    change = {name: value for name, value in (("title", title), ("body", text)) if value is not None}
    if not change:
        raise typer.BadParameter("say what to change: --title, --body or --body-file")
    with Api.open(data_dir, url) as api:
        changed = api.send("PATCH", issue_path(repo, issue), change)
    _say(changed, json=json, did="edited")


@app.command()
def comment(
    issue: Issue,
    body: Body = None,
    body_file: BodyFile = None,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say something on an issue."""
    text = text_of(body, body_file)
    if text is None:
        raise typer.BadParameter("say it with --body or --body-file")
    with Api.open(data_dir, url) as api:
        said = api.send("POST", f"{issue_path(repo, issue)}/comment", {"body": text})
    if json:
        print_json(said)
    else:
        print(clean(said["id"]))


@app.command()
def close(
    issue: Issue,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why, in a few words.", show_default=False)] = "",
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Close an issue."""
    with Api.open(data_dir, url) as api:
        closed = api.send("POST", f"{issue_path(repo, issue)}/close", {"reason": reason} if reason else None)
    _say(closed, json=json, did="closed")


@app.command()
def reopen(issue: Issue, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Open a closed issue again."""
    with Api.open(data_dir, url) as api:
        opened = api.send("POST", f"{issue_path(repo, issue)}/reopen")
    _say(opened, json=json, did="reopened")


def text_of(body: str | None, body_file: str | None) -> str | None:
    """The text given on the command line or in a file; None for none."""
    if body is not None and body_file is not None:
        raise typer.BadParameter("give --body or --body-file, not both")
    if body_file is None:
        return body
    try:
        return sys.stdin.read() if body_file == "-" else Path(body_file).read_text(encoding="utf-8")
    except OSError as fault:
        raise typer.BadParameter(f"{body_file} cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise typer.BadParameter(f"{body_file} is not UTF-8 text") from fault


def _path(named: str | None) -> str:
    return f"/api/v1/repos/{segment(repository(named))}/issues"


def issue_path(repo: str | None, issue: str) -> str:
    """Where the API has an issue."""
    return f"{_path(repo)}/{segment(issue.removeprefix('#'))}"


def _say(issue: dict[str, Any], *, json: bool, did: str) -> None:
    if json:
        print_json(issue)
    else:
        tell(f"{did} #{issue['number']} {issue['title']}")
