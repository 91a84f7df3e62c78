"""`gitant query`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitant.cli.node import folder_of
from gitant.cli.options import DataDir
from gitant.cli.output import Ticker
from gitant.cli.rows import write_csv, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from projections.analytics.ask import Result

app = typer.Typer()


class Format(StrEnum):
    """How rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


_WRITERS: dict[Format, Callable[[Result, TextIO], None]] = {
    Format.table: write_table,
    Format.csv: write_csv,
    Format.json: write_json,
}


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One SELECT; or SHOW TABLES, DESCRIBE issues.", show_default=False)
    ],
    form: Annotated[Format, typer.Option("--format", "-f", help="How to write the rows.")] = Format.table,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write here instead of standard output.", show_default=False
        ),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.001, help="How many seconds it may take.")] = 60.0,
    data_dir: DataDir = None,
) -> None:
    """Ask the analytics a question in SQL. They are brought up to date with the log first."""
    if form is Format.parquet and output is None:
        raise typer.BadParameter("a Parquet file needs --output")
    from gitant.analytics import exported, fed, opened

    folder = folder_of(data_dir)
    with Ticker("events into the views") as views, Ticker("events into the analytics") as analytics:
        fed(folder, views, analytics)
    if form is Format.parquet:
        assert output is not None
        exported(folder, sql, output, timeout)
        return
    with opened(folder, sql, timeout) as result, _target(output) as stream:
        _WRITERS[form](result, stream)


def _target(output: Path | None) -> nullcontext[TextIO] | TextIO:
    if output is None:
        return nullcontext(sys.stdout)
    try:
        return output.open("w", encoding="utf-8", newline="")
    except OSError as fault:
        raise typer.BadParameter(f"{output} cannot be written: {fault.strerror}") from fault
