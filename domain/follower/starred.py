"""`repository.starred.v1`: the author gives it their star."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.follower.state import FollowerState, touching_follower

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryStarred(Payload, frozen=True, kw_only=True):
    """Nothing but the salt: the author says who."""


def _apply(state: FollowerState, event: Event, _: RepositoryStarred | None) -> None:
    state.stars.add(event.author, event.id)
    state.starred, state.lamport, state.star = event.time, event.lamport, event.id


KIND = Kind(
    name="repository.starred.v1",
    payload=RepositoryStarred,
    action="repository.star",
    touches=touching_follower(_apply),
    acts_on=("repository",),
)
