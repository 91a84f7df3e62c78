"""Asking before something that cannot simply be taken back."""

from __future__ import annotations

import sys
from typing import Annotated, TypeAlias

import typer

from gitant.cli.output import clean, tell

Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def confirm_by_name(doing: str, name: str, *, yes: bool) -> None:
    """Return if somebody at a terminal types `name`, or said --yes; else end the command. `doing`: "deleting"."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"{doing} asks first; say --yes where nobody can answer")
    shown = clean(name)
    typed = str(
        typer.prompt(f"{doing.capitalize()} {shown}: type its name to go on", err=True, default="", show_default=False)
    )
    if typed.strip() != name:
        tell(f"that is not {shown}; nothing was done")
        raise typer.Abort
