"""Rows of who starred and who watches a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.follower.state import DEFAULT_LEVEL, FollowerState
from projections.show.form import conflicts, encode_json, iso
from projections.tables import FOLLOWERS

if TYPE_CHECKING:
    from projections.canvas import Canvas


def document(state: FollowerState, _: Canvas) -> bytes:
    """The JSON of what a repository is to one person."""
    fields: dict[str, Any] = {
        "repo": state.stream.hex(),
        "did": state.did,
        "starred": state.stands,
        "starred_at": iso(state.starred) if state.stands else None,
        "level": state.level or DEFAULT_LEVEL,
        "chosen": bool(state.level),
    }
    found = conflicts(level=state.levels)
    if found:
        fields["conflicts"] = found
    return encode_json(fields)


def show(state: FollowerState, doc: bytes, canvas: Canvas) -> None:
    """Write a person's row."""
    row = (state.stream, state.did, int(state.stands), state.lamport, state.star, state.level, doc)
    canvas.shelf.put(FOLLOWERS, row)


def hide(key: bytes, canvas: Canvas) -> None:
    """Take a person's row away of whom nothing counts any longer."""
    state = FollowerState(key)
    canvas.shelf.delete("DELETE FROM followers WHERE stream=? AND did=?", (state.stream, state.did))
