"""`repository.unstarred.v1`: the author takes their star back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.follower.state import FollowerState, touching_follower
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryUnstarred(Payload, frozen=True, kw_only=True):
    """The author's stars that they had seen."""

    observed: Replaces


def _apply(state: FollowerState, event: Event, payload: RepositoryUnstarred | None) -> None:
    assert payload is not None, "what holds no words cannot be redacted"
    state.stars.remove(event.author, payload.observed)


KIND = Kind(
    name="repository.unstarred.v1",
    payload=RepositoryUnstarred,
    action="repository.star",
    touches=touching_follower(_apply),
    acts_on=("repository",),
)
