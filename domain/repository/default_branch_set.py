"""`repository.default_branch_set.v1`: another branch is the default one."""

from __future__ import annotations

from domain.fold.kind import Kind, Payload
from domain.refs.names import branch_problem
from domain.repository.state import setting, touching_repository
from domain.words import Replaces


class RepositoryDefaultBranchSet(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    branch: str
    replaces: Replaces

    def problem(self) -> str:
        return branch_problem(self.branch)


KIND = Kind(
    name="repository.default_branch_set.v1",
    payload=RepositoryDefaultBranchSet,
    action="repository.edit",
    touches=touching_repository(setting("default_branch", "branch")),
    acts_on=("repository",),
    redactable=False,
)
