"""`repository.described.v1`: its description is written again."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.repository.state import setting, touching_repository
from domain.words import Description, Replaces, body_problem


class RepositoryDescribed(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    description: Description
    replaces: Replaces

    def problem(self) -> str:
        return body_problem(self.description, "description")


KIND = Kind(
    name="repository.described.v1",
    payload=RepositoryDescribed,
    action="repository.edit",
    touches=touching_repository(setting("description", "description")),
    acts_on=("repository",),
    redactable=True,
)
