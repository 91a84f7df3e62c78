"""`repository.visibility_set.v1`: it becomes private or public."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.repository.state import setting, touching_repository
from domain.words import Replaces


class RepositoryVisibilitySet(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    private: bool
    replaces: Replaces


KIND = Kind(
    name="repository.visibility_set.v1",
    payload=RepositoryVisibilitySet,
    action="repository.administer",
    touches=touching_repository(setting("private", "private")),
    acts_on=("repository",),
    redactable=False,
)
