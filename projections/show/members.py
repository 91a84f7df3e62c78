"""Rows of roles: where everybody stands in a repository who was ever given or denied something there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.member.state import MemberState, member_key
from projections.show.form import encode_json, iso
from projections.tables import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.authority.roles import Role
    from domain.ids import Did, StreamId
    from projections.canvas import Canvas

CHANGES_SHOWN_MAX = 20


def show(streams: Iterable[StreamId], canvas: Canvas) -> None:
    """Write the rows that changed in streams where an act of authority came or changed."""
    for stream in sorted(streams):
        canvas.shelf.delete("DELETE FROM roles WHERE stream=?", (stream,))
        for did, role in canvas.court(stream).everybody().items():
            canvas.shelf.put(ROLES, (stream, did, int(role), _document(stream, did, role, canvas)))
        canvas.mark(stream)


def _document(stream: StreamId, did: Did, role: Role, canvas: Canvas) -> bytes:
    """The JSON of one principal's standing, with the last acts about it, newest first."""
    state = canvas.state(member_key(stream, did))
    changes = state.changes[-CHANGES_SHOWN_MAX:] if isinstance(state, MemberState) else []
    fields: dict[str, Any] = {
        "did": did,
        "role": role.word,
        "changes": [
            {
                "verb": change.verb,
                "role": change.role,
                "author": change.author,
                "at": iso(change.time),
                "event": change.event.hex(),
                **({"idle": True} if canvas.court(stream).idle(change.event) else {}),
            }
            for change in reversed(changes)
        ],
    }
    return encode_json(fields)
