"""`gitant version`."""

from __future__ import annotations

import platform
from importlib import metadata

import typer

app = typer.Typer()


def version_line() -> str:
    """Which Gitant on which Python."""
    return f"gitant {metadata.version('gitant-forge')} (Python {platform.python_version()})"


@app.command()
def version() -> None:
    """Print the version."""
    print(version_line())
