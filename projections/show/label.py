"""Rows of labels; a change of one shows on every issue that carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.show.form import conflicts, encode_json, iso
from projections.tables import LABELS

if TYPE_CHECKING:
    from domain.label.state import LabelState
    from projections.canvas import Canvas


def document(state: LabelState, _: Canvas) -> bytes:
    """The JSON of one label."""
    fields: dict[str, Any] = {
        "id": state.key.hex(),
        "name": state.name.value,
        "color": state.colour.value,
        "description": state.description.value,
        "created_at": iso(state.time),
        "event": state.key.hex(),
    }
    found = conflicts(name=state.name, color=state.colour, description=state.description)
    if found:
        fields["conflicts"] = found
    return encode_json(fields)


def show(state: LabelState, doc: bytes, canvas: Canvas) -> None:
    """Write a label's row."""
    row = (state.key, state.stream, state.name.value, state.lamport, int(state.deleted), doc)
    canvas.shelf.put(LABELS, row)


def hide(key: bytes, canvas: Canvas) -> None:
    """Take a label away of which nothing counts any longer, and from the issues that show it."""
    for carrier in issues_with(key, canvas):
        canvas.mark(carrier)
    canvas.shelf.delete("DELETE FROM labels WHERE id=?", (key,))


def issues_with(label: bytes, canvas: Canvas) -> list[bytes]:
    """The issues that carry a label."""
    canvas.shelf.write()
    rows = canvas.shelf.connection.execute(
        "SELECT issue FROM issue_labels WHERE stream=(SELECT stream FROM labels WHERE id=?) AND label=?",
        (label, label),
    )
    return [row[0] for row in rows]
