"""Rows of refs: those that point somewhere, and those that diverged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.refs.names import BRANCH_PREFIX, TAG_PREFIX
from domain.refs.state import RefState
from projections.show.form import encode_json
from projections.show.unsettled import hide_unsettled, show_unsettled
from projections.tables import REFS

if TYPE_CHECKING:
    from projections.canvas import Canvas


def document(state: RefState, _: Canvas) -> bytes:
    """The JSON of one ref."""
    shown = state.moves.shown
    branch = state.name.startswith(BRANCH_PREFIX)
    fields: dict[str, Any] = {
        "name": state.name,
        "short": state.name.removeprefix(BRANCH_PREFIX if branch else TAG_PREFIX),
        "type": "branch" if branch else "tag",
        "hash": shown.value.hex() if shown.value is not None else None,
        "diverged": state.diverged,
        "event": shown.event.hex(),
    }
    if state.diverged:
        fields["values"] = [
            {
                "hash": move.value.hex() if move.value is not None else None,
                "author": move.author,
                "event": move.event.hex(),
            }
            for move in state.moves.current
        ]
    return encode_json(fields)


def hide(key: bytes, canvas: Canvas) -> None:
    """Take a ref away of which no move counts any longer."""
    state = RefState(key)
    canvas.shelf.delete("DELETE FROM refs WHERE stream=? AND name=?", (state.stream, state.name))
    hide_unsettled(state.stream, "ref", state.name.encode(), canvas)


def show(state: RefState, doc: bytes, canvas: Canvas) -> None:
    """Write a ref's row, or take it away when the ref is deleted."""
    show_unsettled(state.stream, "ref", state.name.encode(), canvas, waits=state.diverged)
    if state.oid is None and not state.diverged:
        canvas.shelf.delete("DELETE FROM refs WHERE stream=? AND name=?", (state.stream, state.name))
        return
    shown = state.moves.shown
    canvas.shelf.put(REFS, (state.stream, state.name, shown.value, shown.author, doc))
