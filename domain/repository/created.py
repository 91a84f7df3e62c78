"""`repository.created.v1`: a repository's stream begins. Its header names the roots; the payload, what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.ids import is_segment
from domain.refs.names import branch_problem
from domain.repository.state import RepositoryState, touching_repository
from domain.words import Description, body_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryCreated(Payload, frozen=True, kw_only=True):
    """The first values of everything a repository shows."""

    name: str
    description: Description = ""
    default_branch: str = "main"
    private: bool = False

    def problem(self) -> str:
        if not is_segment(self.name):
            return "name is not 1 to 64 of A-Z a-z 0-9 . _ - (and not . or .. or ending in .git)"
        return body_problem(self.description, "description") or branch_problem(self.default_branch)


def _apply(state: RepositoryState, event: Event, payload: RepositoryCreated | None) -> None:
    assert payload is not None, "genesis payloads cannot be redacted"
    state.name = payload.name
    state.author = event.author
    state.roots = event.roots
    state.time = state.updated = event.time
    state.description.write(event, payload.description)
    state.default_branch.write(event, payload.default_branch)
    state.private.write(event, payload.private)
    state.archived.write(event, False)
    state.deleted.write(event, False)


KIND = Kind(
    name="repository.created.v1",
    payload=RepositoryCreated,
    action="stream.begin",
    touches=touching_repository(_apply),
    creates="repository",
)
