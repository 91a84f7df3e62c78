"""`gitant serve`: a flag for each setting."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer

from gitant.given import load
from gitant.settings import SETTINGS, Setting

app = typer.Typer()


def serve(**given: str | list[str] | None) -> None:
    """Run a node in the foreground until it gets SIGTERM or Ctrl-C."""
    flags = {name: ",".join(value) or None if isinstance(value, list) else value for name, value in given.items()}
    settings = load(flags)
    from gitant.serve import run

    raise typer.Exit(run(settings, lambda: load(flags)))


def _parameter(row: Setting) -> inspect.Parameter:
    default = f", else {row.default}" if row.default else ""
    option = typer.Option(row.flag, metavar="VALUE", help=f"{row.help} [{row.env}{default}]", show_default=False)
    kind: Any = Annotated[list[str] | None if row.short else str | None, option]
    return inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


# The table of settings is the one place that lists them; the command takes its parameters from there.
_PARAMETERS = [_parameter(row) for row in SETTINGS]
serve.__signature__ = inspect.Signature(_PARAMETERS)  # type: ignore[attr-defined]  # what `inspect.signature` looks for
serve.__annotations__ = {parameter.name: parameter.annotation for parameter in _PARAMETERS}
app.command()(serve)
