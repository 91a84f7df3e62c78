"""The refs that a repository has on disk, as the views' tables say: rivals of a diverged one beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from domain.refs.names import BRANCH_PREFIX, DIVERGED_PREFIX, TAG_PREFIX

if TYPE_CHECKING:
    import sqlite3

SHORT_ID_DIGITS: Final = 12
_REFS: Final = "SELECT name, oid, CASE WHEN json_extract(CAST(doc AS TEXT), '$.diverged') THEN doc END FROM refs"
"""Of the tables and not of the fold: there may be more refs than states in memory, and a start looks at all of them."""


def refs_shown(connection: sqlite3.Connection, repo: bytes) -> dict[str, str]:
    """Every ref of a repository, by full name; a rival is under refs/diverged/<branch>/<short event id>."""
    shown: dict[str, str] = {}
    for row in connection.execute(f"{_REFS} WHERE stream=?", (repo,)).fetchall():
        shown.update(_values(*row))
    return shown


def values_shown(connection: sqlite3.Connection, repo: bytes, name: str) -> dict[str, str]:
    """One ref and its rivals; nothing where there is no such ref."""
    row = connection.execute(f"{_REFS} WHERE stream=? AND name=?", (repo, name)).fetchone()
    return {} if row is None else _values(*row)


def _values(name: str, oid: bytes | None, diverged: bytes | None) -> dict[str, str]:
    values = {} if oid is None else {name: oid.hex()}
    if diverged is not None:
        short = name.removeprefix(BRANCH_PREFIX).removeprefix(TAG_PREFIX)
        # The last of them is the one that the ref itself shows.
        for rival in json.loads(diverged)["values"][:-1]:
            if rival["hash"] is not None:
                values[f"{DIVERGED_PREFIX}{short}/{rival['event'][:SHORT_ID_DIGITS]}"] = rival["hash"]
    return values
