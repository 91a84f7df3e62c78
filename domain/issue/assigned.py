"""`issue.assigned.v1`: people are asked to work on it, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.fold.kind import Kind, Payload
from domain.issue.state import IssueState, touching_issue
from domain.keys import is_did
from domain.limits import ASSIGNEES_PER_CHANGE_MAX
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class AssignedRemoval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member to take away, and the additions of it that the writer had seen."""

    assignee: str
    observed: Replaces


class IssueAssigned(Payload, frozen=True, kw_only=True):
    """Members to add and to take away."""

    add: Annotated[list[str], msgspec.Meta(max_length=ASSIGNEES_PER_CHANGE_MAX)] = []
    remove: Annotated[list[AssignedRemoval], msgspec.Meta(max_length=ASSIGNEES_PER_CHANGE_MAX)] = []

    def problem(self) -> str:
        named = [*self.add, *(removal.assignee for removal in self.remove)]
        return "" if all(map(is_did, named)) else "an assignee is no did:key"


def _apply(state: IssueState, event: Event, payload: IssueAssigned | None) -> None:
    if payload is None:
        return
    for removal in payload.remove:
        state.assignees.remove(removal.assignee, removal.observed)
    for member in payload.add:
        state.assignees.add(member, event.id)


KIND = Kind(
    name="issue.assigned.v1",
    payload=IssueAssigned,
    action="issue.triage",
    touches=touching_issue(_apply),
    acts_on=("issue",),
)
