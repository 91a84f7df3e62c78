"""`repository.created.v1`: a repository's stream begins. Its header names the roots; the payload, what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.refs.names import branch_problem
from domain.repository.state import RepositoryState, touching_repository
from domain.words import Description, body_problem, segment_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryCreated(Payload, frozen=True, kw_only=True):
    """The first values of everything a repository shows."""

    name: str
    description: Description = ""
    default_branch: str = "main"
    private: bool = False

    def problem(self) -> str:
        return (
            segment_problem(self.name, "name")
            or body_problem(self.description, "description")
            or branch_problem(self.default_branch)
        )


def begin(state: RepositoryState, event: Event, payload: RepositoryCreated | None) -> None:
    """Write the first values of a repository."""
    assert payload is not None, "genesis payloads cannot be redacted"
    state.author = event.author
    state.placed = event.id
    state.roots = event.roots
    state.threshold = event.threshold
    state.time = state.updated = event.time
    state.names.write(event, payload.name)
    state.owners.write(event, event.author)
    state.offer.write(event, "")
    state.website.write(event, "")
    state.description.write(event, payload.description)
    state.default_branch.write(event, payload.default_branch)
    state.private.write(event, payload.private)
    state.archived.write(event, False)
    state.deleted.write(event, False)


KIND = Kind(
    name="repository.created.v1",
    payload=RepositoryCreated,
    action="stream.begin",
    touches=touching_repository(begin),
    creates="repository",
)
