"""`identity.created.v1`: a principal's own stream begins; its one root is the principal's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload, Touch
from domain.identity.state import IdentityState, Profile
from domain.ids import is_segment

if TYPE_CHECKING:
    from domain.envelope import Event


class IdentityCreated(Payload, frozen=True, kw_only=True):
    """`name` is how the principal would like to be called; two may ask for the same one."""

    name: str

    def problem(self) -> str:
        return "" if is_segment(self.name) else "name is not 1 to 64 of A-Z a-z 0-9 . _ -"


def _apply(state: IdentityState, event: Event, payload: IdentityCreated | None) -> None:
    assert payload is not None, "genesis payloads cannot be redacted"
    state.did = event.author
    state.name = payload.name
    state.time = state.updated = event.time
    state.lamport = event.lamport
    state.profile.write(event, Profile())


def _touches(event: Event, _: IdentityCreated | None) -> tuple[Touch, ...]:
    return (Touch(event.id, IdentityState, _apply),)


KIND = Kind(
    name="identity.created.v1",
    payload=IdentityCreated,
    action="stream.begin",
    touches=_touches,
    creates="identity",
)
