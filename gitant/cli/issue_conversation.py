"""`gitant issue react`, `lock`, `unlock`, `pin`, `unpin` and `timeline`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.keys import is_did
from gitant.cli.api import Api, segment
from gitant.cli.checkout import repository
from gitant.cli.names import names_of
from gitant.cli.options import DataDir, Issue, Json, Limit, Repo, Url
from gitant.cli.output import print_json, print_table, tell

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()

_SHORT_ID_CHARS = 12


@app.command(context_settings={"ignore_unknown_options": True})  # or -1 would be an option
def react(
    issue: Issue,
    content: Annotated[
        str,
        typer.Argument(metavar="REACTION", help="+1, -1, laugh, confused, heart, hooray, rocket or eyes."),
    ],
    comment: Annotated[
        str, typer.Option("--comment", "-c", help="React to this comment of it, by its id.", show_default=False)
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", "-r", help="Take the reaction back.")] = False,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """React to an issue or to a comment on it, or take a reaction back."""
    with Api.open(data_dir, url) as api:
        path = f"{_path(api, repo, issue)}/comments/{segment(comment)}" if comment else _path(api, repo, issue)
        reacted = api.send("DELETE" if remove else "PUT", f"{path}/reactions/{segment(content)}")
    if json:
        print_json(reacted)
    else:
        counts = ", ".join(f"{name} {count}" for name, count in reacted.get("reactions", {}).items())
        tell(f"reactions: {counts or 'none'}")


@app.command()
def lock(
    issue: Issue,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words.", show_default=False)] = "",
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Lock an issue: only those who manage issues go on commenting on it."""
    body = {"reason": reason} if reason else None
    _change("PUT", "lock", issue, body, repo, data_dir, url, json=json, did="locked")


@app.command()
def unlock(issue: Issue, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Let everybody comment on an issue again."""
    _change("DELETE", "lock", issue, None, repo, data_dir, url, json=json, did="unlocked")


@app.command()
def pin(issue: Issue, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Pin an issue; three of a repository can be."""
    _change("PUT", "pin", issue, None, repo, data_dir, url, json=json, did="pinned")


@app.command()
def unpin(issue: Issue, repo: Repo = None, data_dir: DataDir = None, url: Url = None, json: Json = False) -> None:
    """Unpin an issue."""
    _change("DELETE", "pin", issue, None, repo, data_dir, url, json=json, did="unpinned")


@app.command()
def timeline(
    issue: Issue,
    limit: Limit = 100,
    repo: Repo = None,
    data_dir: DataDir = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """List everything that happened to an issue, oldest first, each with its event."""
    with Api.open(data_dir, url) as api:
        rows = api.listed(f"{_path(api, repo, issue)}/timeline", "timeline", limit)
        names = {} if json else names_of(api, _people_in(rows))
    if json:
        print_json(rows)
        return
    cells = [
        (row["time"], names[row["author"]], _named(words(row), names), row["id"][:_SHORT_ID_CHARS]) for row in rows
    ]
    print_table(("Time", "Who", "What", "Event"), cells, empty="nothing happened")


def _people_in(rows: list[dict[str, Any]]) -> list[str]:
    members = [member for row in rows for member in (*row.get("added", []), *row.get("removed", []))]
    return [*(row["author"] for row in rows), *(member for member in members if is_did(member))]


def _named(text: str, names: Mapping[str, str]) -> str:
    for did, name in names.items():
        text = text.replace(did, name)
    return text


def words(row: dict[str, Any]) -> str:
    """What a row of a timeline says, in a line."""
    said = [row["action"]]
    if row.get("redacted"):
        said.append("(redacted)")
    if "source" in row:
        source = row["source"]
        said.append(f"from {source['repo_name']}#{source['number']} {source['title']}")
    if row.get("field") in {"title", "state"}:
        before = " / ".join(str(value) for value in row.get("from", []))
        said.append(f"{before} → {row['to']}" if before else str(row["to"]))
    said += [f"+{member}" for member in row.get("added", [])] + [f"-{member}" for member in row.get("removed", [])]
    if "chars_added" in row:
        said.append(f"+{row['chars_added']} -{row.get('chars_cut', 0)} characters")
    if "commit" in row:
        said.append(f"by commit {row['commit'][:_SHORT_ID_CHARS]}")
    if row.get("reason"):
        said.append(f"({row['reason']})")
    return " ".join(said)


def _change(
    method: str,
    what: str,
    issue: str,
    body: dict[str, str] | None,
    repo: str | None,
    data_dir: str | None,
    url: str | None,
    *,
    json: bool,
    did: str,
) -> None:
    with Api.open(data_dir, url) as api:
        changed = api.send(method, f"{_path(api, repo, issue)}/{what}", body)
    if json:
        print_json(changed)
    else:
        tell(f"{did} #{changed['number']} {changed['title']}")


def _path(api: Api, repo: str | None, issue: str) -> str:
    return f"/api/v1/repos/{segment(repository(repo, api.addresses))}/issues/{segment(issue.removeprefix('#'))}"
