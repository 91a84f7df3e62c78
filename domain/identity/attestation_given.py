"""`attestation.given.v1`: what a principal thinks of another. Of each pair one counts: the newer replaces the older."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain import limits
from domain.fold.kind import Kind, Payload
from domain.fold.register import Register
from domain.identity.certificates import touching_identity
from domain.identity.state import Attestation, IdentityState
from domain.ids import Did
from domain.keys import is_did
from domain.words import Replaces, characters_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class AttestationGiven(Payload, frozen=True, kw_only=True):
    """`value` is 1 (for it), -1 (against it) or 0 (nothing any more); `replaces` names what was said of the same."""

    about: str
    value: Annotated[int, msgspec.Meta(ge=-1, le=1)]
    replaces: Replaces
    statement: Annotated[str, msgspec.Meta(max_length=limits.STATEMENT_CHARS_MAX)] = ""

    def problem(self) -> str:
        if not is_did(self.about):
            return "about is no did:key"
        return characters_problem(self.statement, "statement")


def _apply(state: IdentityState, event: Event, payload: AttestationGiven | None) -> None:
    if payload is None:
        return
    about = Did(payload.about)
    if about not in state.attested:
        if len(state.attested) >= limits.ATTESTED_MAX:
            return
        state.attested[about] = Register()
    state.attested[about].write(event, Attestation(payload.value, payload.statement), payload.replaces)


KIND = Kind(
    name="attestation.given.v1",
    payload=AttestationGiven,
    action="identity.edit",
    touches=touching_identity(_apply),
    acts_on=("identity",),
    redactable=True,
)
