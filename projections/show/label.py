"""Rows of labels; a change of one shows on every issue that carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.show.form import conflicts, encode_json, iso
from projections.tables import LABELS

if TYPE_CHECKING:
    from domain.label.state import LabelState
    from projections.projector import Projector


def document(state: LabelState, _: Projector) -> bytes:
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


def show(state: LabelState, doc: bytes, projector: Projector) -> None:
    """Write a label's row."""
    row = (state.key, state.stream, state.name.value, state.lamport, int(state.deleted), doc)
    projector.shelf.put(LABELS, row)


def issues_with(label: bytes, projector: Projector) -> list[bytes]:
    """The issues that carry a label."""
    projector.shelf.write()
    rows = projector.shelf.connection.execute(
        "SELECT issue FROM issue_labels WHERE stream=(SELECT stream FROM labels WHERE id=?) AND label=?",
        (label, label),
    )
    return [row[0] for row in rows]
