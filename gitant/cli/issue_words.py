"""What the commands about issues share: where the API has them, and where a text comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gitant.cli.api import segment
from gitant.cli.checkout import repository
from gitant.cli.output import print_json, tell

if TYPE_CHECKING:
    from gitant.cli.api import Api


def issues_path(api: Api, named: str | None) -> str:
    """Where the API has a repository's issues."""
    return f"/api/v1/repos/{segment(repository(named, api.addresses))}/issues"


def issue_path(api: Api, repo: str | None, issue: str) -> str:
    """Where the API has an issue."""
    return f"{issues_path(api, repo)}/{segment(issue.removeprefix('#'))}"


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


def say(issue: dict[str, Any], *, json: bool, did: str) -> None:
    """What became of an issue."""
    if json:
        print_json(issue)
    else:
        tell(f"{did} #{issue['number']} {issue['title']}")
