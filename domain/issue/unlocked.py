"""`issue.unlocked.v1`: whoever may comment at all may comment on it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.acts import Hold
from domain.fold.kind import Kind, Payload
from domain.ids import EventId
from domain.issue.state import IssueState, touching_issue
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class IssueUnlocked(Payload, frozen=True, kw_only=True):
    """The lockings it ends; one that it does not name goes on."""

    replaces: Replaces


def _apply(state: IssueState, event: Event, payload: IssueUnlocked | None) -> None:
    if payload is not None:
        state.lock.write(event, (False, ""), payload.replaces)


def _deed(event: Event, payload: IssueUnlocked) -> Hold:
    assert event.entity is not None
    return Hold("lock", event.entity, on=False, replaces=tuple(map(EventId, payload.replaces)))


KIND = Kind(
    name="issue.unlocked.v1",
    payload=IssueUnlocked,
    action="issue.lock",
    touches=touching_issue(_apply),
    acts_on=("issue",),
    deed=_deed,
)
