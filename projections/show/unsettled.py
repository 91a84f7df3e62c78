"""Rows of what waits for somebody to settle it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.tables import UNSETTLED

if TYPE_CHECKING:
    from domain.ids import StreamId
    from projections.canvas import Canvas


def show_unsettled(stream: StreamId, sort: str, key: bytes, canvas: Canvas, *, waits: bool) -> None:
    """Note whether rival values of a thing wait to be settled."""
    if waits:
        canvas.shelf.put(UNSETTLED, (stream, sort, key))
    elif not canvas.is_new(key):
        hide_unsettled(stream, sort, key, canvas)


def hide_unsettled(stream: StreamId, sort: str, key: bytes, canvas: Canvas) -> None:
    """Take the note away."""
    canvas.shelf.delete("DELETE FROM unsettled WHERE stream=? AND sort=? AND thing=?", (stream, sort, key))
