"""`repository.succeeded.v1`: a root names the repository that this one goes on as.

The roots of a repository are fixed for its life, so whoever wants others begins a new one and says so here. It counts
once as many roots as the genesis asks for name the same. It binds nobody in the log: doors take no more changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.repository.state import RepositoryState, touching_repository
from domain.words import Id, Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositorySucceeded(Payload, frozen=True, kw_only=True):
    """The successor's stream (null, or this one: none), and the author's own events whose values it replaces."""

    successor: Id | None
    replaces: Replaces


def _apply(state: RepositoryState, event: Event, payload: RepositorySucceeded | None) -> None:
    assert payload is not None, "what others rely on to find the way cannot be redacted"
    # Nobody takes back for another root what that one said.
    own = {write.event for write in state.succession.current if write.author == event.author}
    successor = b"" if payload.successor == event.stream else payload.successor or b""
    state.succession.write(event, successor, own.intersection(payload.replaces))
    state.updated = max(state.updated, event.time)


KIND = Kind(
    name="repository.succeeded.v1",
    payload=RepositorySucceeded,
    action="repository.succeed",
    touches=touching_repository(_apply),
    acts_on=("repository",),
)
