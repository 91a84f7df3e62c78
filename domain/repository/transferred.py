"""`repository.transferred.v1`: whom it was offered to takes it over, and it is found under their name.

Nobody can put a repository under somebody else's name: the new owner writes this event. Who may do what in it stays
with its roots, which are fixed for its life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.repository.state import RepositoryState, moving, touching_repository
from domain.words import Id, Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryTransferred(Payload, frozen=True, kw_only=True):
    """The offer that is taken up, and the events whose values (of the owner) it replaces."""

    offer: Id
    replaces: Replaces


def _apply(state: RepositoryState, event: Event, payload: RepositoryTransferred | None) -> None:
    assert payload is not None, "transfers cannot be redacted: addresses hang on them"
    if any(write.event == payload.offer and write.value == event.author for write in state.offer.current):
        with moving(state, event):
            state.owners.write(event, event.author, payload.replaces)


KIND = Kind(
    name="repository.transferred.v1",
    payload=RepositoryTransferred,
    action="repository.accept",
    touches=touching_repository(_apply),
    acts_on=("repository",),
)
