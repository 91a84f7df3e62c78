"""`repository.renamed.v1`: it is called something else; its old address leads to the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.repository.state import RepositoryState, moving, touching_repository
from domain.words import Replaces, segment_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryRenamed(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    name: str
    replaces: Replaces

    def problem(self) -> str:
        return segment_problem(self.name, "name")


def _apply(state: RepositoryState, event: Event, payload: RepositoryRenamed | None) -> None:
    assert payload is not None, "names cannot be redacted: addresses hang on them"
    with moving(state, event):
        state.names.write(event, payload.name, payload.replaces)


KIND = Kind(
    name="repository.renamed.v1",
    payload=RepositoryRenamed,
    action="repository.rename",
    touches=touching_repository(_apply),
    acts_on=("repository",),
)
