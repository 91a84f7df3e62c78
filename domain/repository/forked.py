"""`repository.forked.v1`: a repository's stream begins as a copy of another one's branches and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.fold.kind import Kind
from domain.ids import StreamId
from domain.limits import PARENTS_MAX
from domain.repository.created import RepositoryCreated, begin
from domain.repository.state import RepositoryState, touching_repository
from domain.words import Id

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryForked(RepositoryCreated, frozen=True, kw_only=True):
    """What a new repository shows first, the stream it is forked from, and the ends of it that were seen."""

    origin: Id
    frontier: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=PARENTS_MAX)]

    def problem(self) -> str:
        if self.frontier != sorted(set(self.frontier)):
            return "frontier is not in order, or names an event twice"
        return super().problem()


def _apply(state: RepositoryState, event: Event, payload: RepositoryForked | None) -> None:
    assert payload is not None, "genesis payloads cannot be redacted"
    begin(state, event, payload)
    state.forked_from = StreamId(payload.origin)


KIND = Kind(
    name="repository.forked.v1",
    payload=RepositoryForked,
    action="stream.begin",
    touches=touching_repository(_apply),
    creates="repository",
)
