"""`repository.archived.v1`: it is put into the archive, or taken out of it."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.repository.state import setting, touching_repository
from domain.words import Replaces


class RepositoryArchived(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    archived: bool
    replaces: Replaces


KIND = Kind(
    name="repository.archived.v1",
    payload=RepositoryArchived,
    action="repository.administer",
    touches=touching_repository(setting("archived", "archived")),
    acts_on=("repository",),
    redactable=False,
)
