"""`gitant completion`, and what shells ask of the command while somebody types."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, Final

import typer

app = typer.Typer()

VARIABLE: Final = "_GITANT_COMPLETE"
"""Set by a shell that wants to know what may come next."""


class Shell(StrEnum):
    """Shells that can complete commands."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", show_default=False)],
) -> None:
    """Print the script that lets a shell complete commands and options.

    For bash, put this into ~/.bashrc: eval "$(gitant completion bash)"
    """
    # Typer documents the module and does not list what it exports.
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateImportUsage]

    print(get_completion_script(prog_name="gitant", complete_var=VARIABLE, shell=shell.value))


def words_so_far() -> list[str]:
    """The words behind `gitant` that somebody is typing, when a shell asks."""
    from typer.completion import completion_init  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateImportUsage]

    completion_init()
    typed = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    return typed.split()[1:]
