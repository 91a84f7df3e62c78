"""Rows of principals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.show.form import encode_json, iso
from projections.tables import IDENTITIES

if TYPE_CHECKING:
    from domain.identity.state import IdentityState
    from projections.canvas import Canvas


def document(state: IdentityState, _: Canvas) -> bytes:
    """The JSON of one principal."""
    return encode_json({"did": state.did, "name": state.name, "created_at": iso(state.time), "event": state.key.hex()})


def show(state: IdentityState, doc: bytes, canvas: Canvas) -> None:
    """Write a principal's row."""
    canvas.shelf.put(IDENTITIES, (state.key, state.did, state.name, state.lamport, doc))
