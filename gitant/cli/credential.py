"""`gitant credential`: what git asks when it pushes to a node (gitcredentials(7)); not for people."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gitant.cli.node import Target, find_node
from gitant.cli.options import DataDir, Url

app = typer.Typer()

_LINES_MAX = 100


@app.command(hidden=True)
def credential(
    operation: Annotated[str, typer.Argument(help="get, store or erase, as git says.")],
    data_dir: DataDir = None,
    url: Url = None,
) -> None:
    """Answer git's question for a user name and password."""
    asked = dict(_pair(line) for line, _ in zip(sys.stdin, range(_LINES_MAX), strict=False) if "=" in line)
    if operation != "get":
        return  # the token is in the data folder already, and stays there
    target = find_node(data_dir, url)
    if target.token and _is_for(target, asked):
        print(f"username={target.user or 'operator'}")
        print(f"password={target.token}")


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.rstrip("\r\n").partition("=")
    return name, value


def _is_for(target: Target, asked: dict[str, str]) -> bool:
    """Git asks for the URL it was configured for, but a redirect could have led elsewhere."""
    return target.url.rstrip("/") == f"{asked.get('protocol', '')}://{asked.get('host', '')}"
