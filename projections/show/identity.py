"""Rows of principals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.show.form import encode_json, iso
from projections.tables import IDENTITIES

if TYPE_CHECKING:
    from domain.identity.state import IdentityState
    from projections.projector import Projector


def show_identity(state: IdentityState, projector: Projector) -> None:
    """Write a principal's row."""
    doc = encode_json({"did": state.did, "name": state.name, "created_at": iso(state.time), "event": state.key.hex()})
    projector.shelf.put(IDENTITIES, (state.key, state.did, state.name, state.lamport, doc))
