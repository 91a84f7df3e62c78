"""Questions to the analytics: each one statement that reads, within bounds of time and memory."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import duckdb

from domain.errors import InvalidInput, TooLarge, Unavailable
from projections.analytics.connection import WIDE, Room, reader

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

TIMEOUT_S: Final = 60.0
_FETCH_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Result:
    """Column names, and the rows as they come."""

    columns: Sequence[str]
    rows: Iterator[tuple[Any, ...]]


class Asked(Protocol):
    """Runs one reading statement with values for its `$names`; its rows may be taken until the next one."""

    def __call__(self, sql: str, values: Mapping[str, str] | None = None, /) -> Result: ...


@contextmanager
def ask(path: Path, sql: str, scratch: Path, *, timeout_s: float = TIMEOUT_S) -> Generator[Result]:
    """Run one reading statement; its rows may be taken until the context ends."""
    with asking(path, scratch, timeout_s=timeout_s) as asked:
        yield asked(sql)


@contextmanager
def asking(path: Path, scratch: Path, *, timeout_s: float = TIMEOUT_S, room: Room = WIDE) -> Generator[Asked]:
    """For questions one after the other, each of which may take `timeout_s`."""
    with reader(path, scratch, timeout_s=timeout_s, room=room) as db, _told(timeout_s, room):

        def asked(sql: str, values: Mapping[str, str] | None = None, /) -> Result:
            _one_reading_statement(db, sql)
            db.execute(sql, dict(values) if values else None)
            return Result([column[0] for column in db.description or ()], _rows(db))

        yield asked


def export_parquet(path: Path, sql: str, scratch: Path, output: Path, *, timeout_s: float = TIMEOUT_S) -> None:
    """Write the rows of one reading statement to `output`, whole or not at all."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.absolute().parent)
    except OSError as fault:
        raise InvalidInput(
            f"{output} cannot be written: {fault.strerror}", hint="name a file in a folder that exists"
        ) from fault
    os.close(descriptor)
    draft = Path(name)
    try:
        with reader(path, scratch, timeout_s=timeout_s, output=draft) as db, _told(timeout_s):
            _one_reading_statement(db, sql)
            db.sql(sql).write_parquet(str(draft))
        draft.chmod(0o666 & ~_umask())
        draft.replace(output)
    except BaseException:
        for left in (draft, draft.with_name(f"tmp_{draft.name}")):
            left.unlink(missing_ok=True)
        raise


def _one_reading_statement(db: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = db.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InvalidInput(
            "a query is one statement that reads",
            hint="begin it with SELECT, WITH, FROM, DESCRIBE, SUMMARIZE or SHOW",
        )


def _rows(db: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := db.fetchmany(_FETCH_ROWS):
        yield from rows


@contextmanager
def _told(timeout_s: float, room: Room = WIDE) -> Generator[None]:
    """Say in our words what went wrong in the database."""
    try:
        yield
    except duckdb.InterruptException as fault:
        raise TooLarge(
            f"the query ran for over {timeout_s:g} s", hint="ask for less, or allow more with --timeout"
        ) from fault
    except duckdb.OutOfMemoryException as fault:
        raise TooLarge(
            f"the query needs more than {room.memory_mb} MB of memory and its scratch space",
            hint="ask for less: fewer columns, a narrower WHERE, an aggregate",
        ) from fault
    except duckdb.InvalidInputException as fault:
        if "pytz" in str(fault):
            raise InvalidInput(
                "a column is a timestamp with a time zone", hint="cast it: (…)::TIMESTAMP, or ::VARCHAR"
            ) from fault
        raise InvalidInput(str(fault)) from fault
    except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError, duckdb.PermissionException) as fault:
        raise InvalidInput(
            str(fault), hint="DESCRIBE and SHOW TABLES say what there is; docs/cli.md describes the tables"
        ) from fault
    except duckdb.Error as fault:
        raise Unavailable(str(fault), hint="delete analytics.duckdb: the next query makes it again") from fault


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
