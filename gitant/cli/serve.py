"""`gitant serve`: a flag for each setting."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitant.settings import SETTINGS, load

app = typer.Typer()


def _flag(name: str) -> Any:
    row = next(row for row in SETTINGS if row.name == name)
    default = f", else {row.default}" if row.default else ""
    return typer.Option(row.flag, metavar="VALUE", help=f"{row.help} [{row.env}{default}]", show_default=False)


@app.command()
def serve(
    host: Annotated[str | None, _flag("host")] = None,
    port: Annotated[str | None, _flag("port")] = None,
    data_dir: Annotated[str | None, _flag("data_dir")] = None,
    public_url: Annotated[str | None, _flag("public_url")] = None,
    min_free: Annotated[str | None, _flag("min_free")] = None,
    workers: Annotated[str | None, _flag("workers")] = None,
    body_max: Annotated[str | None, _flag("body_max")] = None,
    push_pack_max: Annotated[str | None, _flag("push_pack_max")] = None,
    push_object_max: Annotated[str | None, _flag("push_object_max")] = None,
    push_resolved_max: Annotated[str | None, _flag("push_resolved_max")] = None,
    push_objects_max: Annotated[str | None, _flag("push_objects_max")] = None,
    push_delta_depth_max: Annotated[str | None, _flag("push_delta_depth_max")] = None,
    push_check_memory_max: Annotated[str | None, _flag("push_check_memory_max")] = None,
    push_check_cpu_s_max: Annotated[str | None, _flag("push_check_cpu_s_max")] = None,
    log_level: Annotated[str | None, _flag("log_level")] = None,
    log_format: Annotated[str | None, _flag("log_format")] = None,
) -> None:
    """Run a node in the foreground until it gets SIGTERM or Ctrl-C."""
    flags = {name: value for name, value in locals().items() if value is not None}
    settings = load(flags)
    from gitant.serve import run

    raise typer.Exit(run(settings))
