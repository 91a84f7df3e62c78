"""`repository.archived.v1`: it is put into the archive, or taken out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.acts import Hold
from domain.fold.kind import Kind, Payload
from domain.ids import EventId
from domain.repository.state import setting, touching_repository
from domain.words import Cut, Replaces, cut_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class RepositoryArchived(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces. What was done counts up to `cut` (none: its parents)."""

    archived: bool
    replaces: Replaces
    cut: Cut = []

    def problem(self) -> str:
        return cut_problem(self.cut)


def _deed(_: Event, payload: RepositoryArchived) -> Hold:
    replaces, cut = tuple(map(EventId, payload.replaces)), tuple(map(EventId, payload.cut))
    return Hold("archive", b"", on=payload.archived, replaces=replaces, cut=cut)


KIND = Kind(
    name="repository.archived.v1",
    payload=RepositoryArchived,
    action="repository.archive",
    touches=touching_repository(setting("archived", "archived")),
    acts_on=("repository",),
    deed=_deed,
)
