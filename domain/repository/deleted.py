"""`repository.deleted.v1`: it is deleted: gone for readers, kept in the log."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.repository.state import setting, touching_repository
from domain.words import Replaces


class RepositoryDeleted(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    deleted: bool
    replaces: Replaces


KIND = Kind(
    name="repository.deleted.v1",
    payload=RepositoryDeleted,
    action="repository.administer",
    touches=touching_repository(setting("deleted", "deleted")),
    acts_on=("repository",),
    redactable=False,
)
