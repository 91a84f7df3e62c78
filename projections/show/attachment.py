"""Rows of attachments; a redacted one stays as a hole without name and hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.show.form import encode_json, iso
from projections.tables import ATTACHMENTS

if TYPE_CHECKING:
    from domain.attachment.state import AttachmentState
    from projections.canvas import Canvas


def document(state: AttachmentState, _: Canvas) -> bytes:
    """The JSON of one attachment."""
    name = state.key.hex()
    fields: dict[str, Any] = {
        "id": name,
        "repo": state.stream.hex(),
        "target": state.target.hex(),
        "name": state.name,
        "media_type": state.media_type,
        "size": state.size,
        "sha256": state.sha256.hex(),
        "author": state.author,
        "created_at": iso(state.time),
        "redacted": state.redacted,
        "lamport": state.lamport,
        "event": name,
    }
    return encode_json(fields)


def show(state: AttachmentState, doc: bytes, canvas: Canvas) -> None:
    """Write an attachment's row."""
    row = (
        state.key,
        state.stream,
        state.lamport,
        state.sha256,
        state.size,
        int(state.redacted),
        state.name,
        state.target,
        doc,
    )
    canvas.shelf.put(ATTACHMENTS, row)


def hide(key: bytes, canvas: Canvas) -> None:
    """Take an attachment away of which nothing counts any longer."""
    canvas.shelf.delete("DELETE FROM attachments WHERE id=?", (key,))
