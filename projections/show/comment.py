"""Rows of comments; a redacted one stays as a hole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from projections.show.form import body_conflicts, encode_json, iso
from projections.tables import COMMENTS

if TYPE_CHECKING:
    from domain.comment.state import CommentState
    from projections.projector import Projector


def show_comment(state: CommentState, projector: Projector) -> None:
    """Write a comment's row."""
    name = state.key.hex()
    redacted = state.redacted and not state.body.present
    fields: dict[str, Any] = {
        "id": name,
        "issue": state.issue.hex(),
        "body": state.body.value,
        "author": state.author,
        "created_at": iso(state.time),
        "updated_at": iso(state.updated),
        "edited": state.body.edited,
        "redacted": redacted,
        "lamport": state.lamport,
        "event": name,
    }
    found = {} if redacted else body_conflicts(state.body)
    if found:
        fields["conflicts"] = found
    row = (state.key, state.stream, state.issue, state.lamport, state.author, int(redacted), encode_json(fields))
    projector.shelf.put(COMMENTS, row)
