"""`repository.website_set.v1`: where more is to be read about it."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.repository.state import setting, touching_repository
from domain.words import Replaces, Website, website_problem


class RepositoryWebsiteSet(Payload, frozen=True, kw_only=True):
    """The new value (empty: none), and the events whose values it replaces."""

    website: Website
    replaces: Replaces

    def problem(self) -> str:
        return website_problem(self.website, "website")


KIND = Kind(
    name="repository.website_set.v1",
    payload=RepositoryWebsiteSet,
    action="repository.edit",
    touches=touching_repository(setting("website", "website")),
    acts_on=("repository",),
    redactable=True,
)
