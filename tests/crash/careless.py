"""`python -m tests.crash.careless FILE COUNT`: commit numbers to a database that never flushes, and say so."""

from __future__ import annotations

import sqlite3
import sys


def main(path: str, count: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE numbers (number INTEGER)")
    for number in range(1, count + 1):
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
