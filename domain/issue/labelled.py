"""`issue.labelled.v1`: labels are put on it or taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.fold.kind import Kind, Payload
from domain.issue.state import IssueState, touching_issue
from domain.limits import LABELS_PER_CHANGE_MAX
from domain.words import Id, Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class LabelledRemoval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member to take away, and the additions of it that the writer had seen."""

    label: Id
    observed: Replaces


class IssueLabelled(Payload, frozen=True, kw_only=True):
    """Members to add and to take away."""

    add: Annotated[list[Id], msgspec.Meta(max_length=LABELS_PER_CHANGE_MAX)] = []
    remove: Annotated[list[LabelledRemoval], msgspec.Meta(max_length=LABELS_PER_CHANGE_MAX)] = []


def _apply(state: IssueState, event: Event, payload: IssueLabelled | None) -> None:
    if payload is None:
        return
    for removal in payload.remove:
        state.labels.remove(removal.label, removal.observed)
    for member in payload.add:
        state.labels.add(member, event.id)


KIND = Kind(
    name="issue.labelled.v1",
    payload=IssueLabelled,
    action="issue.triage",
    touches=touching_issue(_apply),
    acts_on=("issue",),
)
