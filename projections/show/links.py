"""Rows of what words name: people under their dids, issues and commits under their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.tables import LINKS, MENTIONS

if TYPE_CHECKING:
    from domain.comment.state import CommentState
    from domain.issue.state import IssueState
    from projections.canvas import Canvas


def show_links(state: IssueState | CommentState, issue: bytes, canvas: Canvas) -> None:
    """Write what the words of one thing, which is or belongs to `issue`, name."""
    shelf = canvas.shelf
    if not canvas.is_new(state.key):
        hide_links(state.key, canvas)
    for event, (lamport, people, issues, commits) in state.links.items():
        for did in people:
            shelf.put(MENTIONS, (state.stream, did, issue, event, state.key))
        for target in (*issues, *commits):
            # What an issue says about itself is no news to it.
            if target != issue:
                shelf.put(LINKS, (target, lamport, event, state.stream, issue, state.key))


def hide_links(key: bytes, canvas: Canvas) -> None:
    """Take away what the words of one thing name."""
    canvas.shelf.delete("DELETE FROM mentions WHERE entity=?", (key,))
    canvas.shelf.delete("DELETE FROM links WHERE entity=?", (key,))
