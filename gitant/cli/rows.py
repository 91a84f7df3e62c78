"""Rows of a query as a table, CSV or JSON."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from gitant.cli.output import clean

if TYPE_CHECKING:
    from typing import TextIO

    from projections.analytics.ask import Result

TABLE_ROWS_MAX: Final = 10_000
"""A table is measured whole before it is drawn; what is longer is continued as a table of its own."""


def write_table(result: Result, stream: TextIO) -> None:
    """Columns in line, under their names."""
    rows = _texts(result)
    _write_block(result.columns, rows, stream)
    while len(rows) == TABLE_ROWS_MAX and (rows := _texts(result)):
        _write_block(result.columns, rows, stream)


def _write_block(columns: Any, rows: list[list[str]], stream: TextIO) -> None:
    headings = [clean(column) for column in columns]
    widths = [max(len(row[place]) for row in (headings, *rows)) for place in range(len(headings))]
    for row in (headings, ["-" * width for width in widths], *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), file=stream)


def _texts(result: Result) -> list[list[str]]:
    return [[clean(as_text(value)) for value in row] for row in islice(result.rows, TABLE_ROWS_MAX)]


def write_csv(result: Result, stream: TextIO) -> None:
    """RFC 4180 with a heading line; lists and structs as JSON."""
    writer = csv.writer(stream, lineterminator="\n" if stream.isatty() else "\r\n")
    writer.writerow(result.columns)
    for row in result.rows:
        writer.writerow([as_text(value) for value in row])


def write_json(result: Result, stream: TextIO) -> None:
    """An array of objects, one a line."""
    stream.write("[")
    for number, row in enumerate(result.rows):
        stream.write(",\n" if number else "\n")
        stream.write(json.dumps(dict(zip(result.columns, map(as_json, row), strict=True))))
    stream.write("\n]\n")


def as_text(value: Any) -> str:
    """A value as a cell: nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    plain = as_json(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def as_json(value: Any) -> Any:
    """A value as JSON has it: times in ISO 8601, bytes in hex, decimals as texts, no NaN."""
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None  # noqa: PLR0124 — NaN is not itself
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if isinstance(value, list | tuple):
        return [as_json(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        fields: dict[Any, Any] = cast("Any", value)
        return {as_text(name): as_json(each) for name, each in fields.items()}
    return str(value)
