"""Rows of principals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.authority.enrolment import rank_of, read_certificate
from domain.keys import did_of
from projections.show.form import conflicts, encode_json, iso
from projections.tables import IDENTITIES

if TYPE_CHECKING:
    from domain.identity.state import IdentityState
    from projections.canvas import Canvas


DEVICES_SHOWN_MAX: Final = 200
PROFILES_SHOWN_MAX: Final = 256
"""What one redaction can name."""


def document(state: IdentityState, _: Canvas) -> bytes:
    """The JSON of one principal."""
    profile = state.profile.value
    said = {
        "display_name": profile.display_name,
        "about": profile.about,
        "website": profile.website,
        "avatar": profile.avatar.hex(),
        "devices": _devices(state),
        "revoked": sorted(did_of(device) for device in state.ended if state.is_ended(device)),
        "conflicts": conflicts(profile=state.profile),
        "profile_events": [name.hex() for name in state.said[-PROFILES_SHOWN_MAX:]],
        "profile_heads": [name.hex() for name in state.profile.heads if state.said],
    }
    return encode_json(
        {
            "did": state.did,
            "name": state.name,
            "created_at": iso(state.time),
            "updated_at": iso(state.updated),
            "event": state.key.hex(),
            **{name: value for name, value in said.items() if value},
        }
    )


def _devices(state: IdentityState) -> list[dict[str, Any]]:
    """The devices that count, the first by their dids; of several certificates, each device's greatest power."""
    standing = sorted((did_of(device), device) for device in state.devices if not state.is_ended(device))
    rows: list[dict[str, Any]] = []
    for did, device in standing[:DEVICES_SHOWN_MAX]:
        certificate = read_certificate(max(state.devices[device], key=lambda chain: (rank_of(chain), chain))[-1][0])
        assert certificate is not None, "it was judged"
        kept = {"node": certificate.node} if certificate.node else {}
        rows.append({"did": did, "powers": list(certificate.powers), **kept})
    return rows


def show(state: IdentityState, doc: bytes, canvas: Canvas) -> None:
    """Write a principal's row."""
    canvas.shelf.put(IDENTITIES, (state.key, state.did, state.name, state.lamport, doc))
