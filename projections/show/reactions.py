"""Rows of reactions: who gave which to an issue or a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.reaction.contents import reactors
from projections.tables import REACTIONS

if TYPE_CHECKING:
    from domain.comment.state import CommentState
    from domain.issue.state import IssueState
    from projections.canvas import Canvas


def show_reactions(state: IssueState | CommentState, canvas: Canvas) -> None:
    """Write the reactions of one thing."""
    if not canvas.is_new(state.key):
        hide_reactions(state.key, canvas)
    if state.reactions.added:
        for content, did in reactors(state.reactions):
            canvas.shelf.put(REACTIONS, (state.key, did, content, state.stream))


def hide_reactions(key: bytes, canvas: Canvas) -> None:
    """Take away the reactions of one thing."""
    canvas.shelf.delete("DELETE FROM reactions WHERE entity=?", (key,))
