"""Rows of principals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.authority.enrolment import rank_of, read_certificate
from domain.keys import did_of
from projections.show.form import conflicts, encode_json, iso
from projections.tables import ATTESTATIONS, IDENTITIES

if TYPE_CHECKING:
    from domain.authority.enrolment import Chain
    from domain.identity.state import IdentityState
    from domain.ids import Did
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
        "agent": _agent(state),
        "conflicts": conflicts(profile=state.profile, agent=state.agent),
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
        certificate = read_certificate(max(state.devices[device], key=_reach)[-1][0])
        assert certificate is not None, "it was judged"
        kept = {"node": certificate.node} if certificate.node else {}
        bound = {"repo": certificate.stream.hex()} if certificate.stream else {}
        rows.append({"did": did, "powers": list(certificate.powers), **kept, **bound})
    return rows


def _reach(chain: Chain) -> tuple[int, bool, Chain]:
    """What orders the certificates of one device: the powers they give, and whether they hold everywhere."""
    everywhere = all((each := read_certificate(data)) is not None and each.stream is None for data, _ in chain)
    return rank_of(chain), everywhere, chain


def _agent(state: IdentityState) -> dict[str, Any]:
    """What it says of itself as an agent; empty where it never said that it is one."""
    if not state.agent.current:
        return {}
    card = state.agent.value
    return {
        "purpose": card.purpose,
        "owner": card.owner,
        "capabilities": list(card.capabilities),
        "retired": card.retired,
        "heads": [name.hex() for name in state.agent.heads],
    }


def show(state: IdentityState, doc: bytes, canvas: Canvas) -> None:
    """Write a principal's row."""
    canvas.shelf.put(IDENTITIES, (state.key, state.did, state.name, state.lamport, int(bool(state.agent.current)), doc))
    # An event that turned void, or was redacted, may have been all that was said of somebody.
    canvas.shelf.delete("DELETE FROM attestations WHERE stream=?", (state.key,))
    for about, register in state.attested.items():
        if register.current:
            said = register.shown
            row = (state.key, about, state.did, said.value.value, said.lamport, said.event)
            canvas.shelf.put(ATTESTATIONS, (*row, _attestation(state, about)))


def _attestation(state: IdentityState, about: Did) -> bytes:
    register = state.attested[about]
    fields = {
        "source": state.did,
        "about": about,
        "value": register.value.value,
        "statement": register.value.statement,
        "event": register.shown.event.hex(),
        "heads": [name.hex() for name in register.heads],
    }
    return encode_json(fields)
