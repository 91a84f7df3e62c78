"""`repository.watched.v1`: the author says what of it they want to hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from domain.fold.kind import Kind, Payload
from domain.follower.state import FollowerState, touching_follower
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryWatched(Payload, frozen=True, kw_only=True):
    """The new value (empty: no choice of their own), and the events whose values it replaces."""

    level: Literal["", "participating", "all", "ignore"]
    replaces: Replaces


def _apply(state: FollowerState, event: Event, payload: RepositoryWatched | None) -> None:
    assert payload is not None, "what holds no words cannot be redacted"
    state.levels.write(event, payload.level, payload.replaces)


KIND = Kind(
    name="repository.watched.v1",
    payload=RepositoryWatched,
    action="repository.watch",
    touches=touching_follower(_apply),
    acts_on=("repository",),
)
