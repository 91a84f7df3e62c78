"""Pages that end early when what is on them is large, so that no list costs more memory than a few such things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE_BYTES_MAX: Final = 8 << 20


def taken(rows: Iterable[Sequence[Any]], limit: int) -> tuple[list[Sequence[Any]], bool]:
    """Rows whose first column is a document: at most `limit`, at least one, and whether there are more."""
    found: list[Sequence[Any]] = []
    held_bytes = 0
    for row in rows:
        if len(found) == limit or (found and held_bytes + len(row[0]) > PAGE_BYTES_MAX):
            return found, True
        found.append(row)
        held_bytes += len(row[0])
    return found, False
