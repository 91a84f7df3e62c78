"""`gitant serve`: a flag for each setting."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer

from gitant.given import load
from gitant.setting_kinds import Switch
from gitant.settings import SETTINGS, Setting

app = typer.Typer()


def serve(**given: str | list[str] | bool | None) -> None:
    """Run a node in the foreground until it gets SIGTERM or Ctrl-C."""
    flags = {name: _as_text(value) for name, value in given.items()}
    settings = load(flags)
    from gitant.serve import run

    raise typer.Exit(run(settings, lambda: load(flags)))


def _as_text(value: str | list[str] | bool | None) -> str | None:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) or None if isinstance(value, list) else value


def _parameter(row: Setting) -> inspect.Parameter:
    default = f", else {row.default}" if row.default else ""
    alone = isinstance(row.kind, Switch)
    option = typer.Option(
        row.flag, metavar=None if alone else "VALUE", help=f"{row.help} [{row.env}{default}]", show_default=False
    )
    kind: Any = Annotated[bool | None if alone else list[str] | None if row.short else str | None, option]
    return inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


# The table of settings is the one place that lists them; the command takes its parameters from there.
_PARAMETERS = [_parameter(row) for row in SETTINGS]
serve.__signature__ = inspect.Signature(_PARAMETERS)  # type: ignore[attr-defined]  # what `inspect.signature` looks for
serve.__annotations__ = {parameter.name: parameter.annotation for parameter in _PARAMETERS}
app.command()(serve)
