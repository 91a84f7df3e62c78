"""Rows of comments; a redacted one stays as a hole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.reaction.contents import counts
from projections.show.form import body_conflicts, encode_json, iso
from projections.show.links import hide_links, show_links
from projections.show.reactions import hide_reactions, show_reactions
from projections.show.unsettled import show_unsettled
from projections.tables import COMMENTS

if TYPE_CHECKING:
    from domain.comment.state import CommentState
    from projections.canvas import Canvas


def document(state: CommentState, _: Canvas) -> bytes:
    """The JSON of one comment."""
    name = state.key.hex()
    created = iso(state.time)
    redacted = _is_hole(state)
    fields: dict[str, Any] = {
        "id": name,
        "issue": state.issue.hex(),
        "body": state.body.value,
        "author": state.author,
        "created_at": created,
        "updated_at": created if state.updated == state.time else iso(state.updated),
        "edited": state.body.edited,
        "redacted": redacted,
        "lamport": state.lamport,
        "event": name,
    }
    if state.reactions.added:
        fields["reactions"] = counts(state.reactions)
    found = {} if redacted else body_conflicts(state.body)
    if found:
        fields["conflicts"] = found
    return encode_json(fields)


def show(state: CommentState, doc: bytes, canvas: Canvas) -> None:
    """Write a comment's row."""
    place = canvas.position_of(state.key)
    row = (place, state.key, state.stream, state.issue, state.lamport, state.author, int(_is_hole(state)), doc)
    canvas.shelf.put(COMMENTS, row)
    show_unsettled(state.stream, "comment", state.key, canvas, waits=bool(state.body.rivals) and not _is_hole(state))
    show_reactions(state, canvas)
    show_links(state, state.issue, canvas)


def _is_hole(state: CommentState) -> bool:
    return state.redacted and not state.body.present


def hide(key: bytes, canvas: Canvas) -> None:
    """Take a comment away of which nothing counts any longer."""
    of_it = "(SELECT stream, 'comment', id FROM comments WHERE id=?)"
    canvas.shelf.delete(f"DELETE FROM unsettled WHERE (stream, sort, thing) IN {of_it}", (key,))
    canvas.shelf.delete("DELETE FROM comments WHERE id=?", (key,))
    hide_reactions(key, canvas)
    hide_links(key, canvas)
