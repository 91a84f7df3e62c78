"""`repository.offered.v1`: it is offered to somebody, who may take it over; or to nobody any more."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.keys import is_did
from domain.repository.state import setting, touching_repository
from domain.words import Replaces


class RepositoryOffered(Payload, frozen=True, kw_only=True):
    """Whose it may become (empty: nobody's), and the events whose values it replaces."""

    to: str
    replaces: Replaces

    def problem(self) -> str:
        return "" if not self.to or is_did(self.to) else "to is no did:key"


KIND = Kind(
    name="repository.offered.v1",
    payload=RepositoryOffered,
    action="repository.transfer",
    touches=touching_repository(setting("offer", "to")),
    acts_on=("repository",),
)
