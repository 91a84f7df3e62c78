"""Which rows a filter means, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.audit import EntryFilter

COLUMNS: Final = "seq, time_ms, position, act, actor, door, credential, address, target, event, count, previous, hash"
"""Between the second and the last two, what a row's hash is made of, in its order."""


def conditions(which: EntryFilter) -> tuple[str, list[object]]:
    """A condition with its parameters; a true one for a filter that asks for nothing."""
    tests, values = ["1"], list[object]()
    for test, value in (
        ("actor=?", which.about),
        ("act GLOB ?", which.act or None),
        ("time_ms>=?", which.since_ms),
        ("time_ms<?", which.until_ms),
    ):
        if value is not None:
            tests.append(test)
            values.append(value)
    if which.without:
        tests.append(f"act NOT IN ({', '.join('?' * len(which.without))})")
        values += which.without
    return " AND ".join(tests), values
