"""Every command there is, from the command line itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from gitant.cli.app import app_for

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands() -> dict[str, Any]:
    """By its words, like `issue list`."""
    return dict(_below(typer.main.get_command(app_for([])), ""))


def _below(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    for name, child in command.commands.items():
        path = f"{words} {name}".strip()
        yield path, child
        if hasattr(child, "commands"):
            yield from _below(child, path)


def words_of(command: Any) -> dict[str, str]:
    """The help of each option and argument: a long option's name, or an argument's placeholder."""
    found: dict[str, str] = {}
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            found[f"`{parameter.metavar or parameter.name.upper()}`"] = parameter.help or ""
        else:
            names = [*parameter.opts, *parameter.secondary_opts]
            found[", ".join(f"`{name}`" for name in names)] = parameter.help or ""
    return found
