"""`issue.pinned.v1`: it is shown before all others, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.issue.state import IssueState, touching_issue
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class IssuePinned(Payload, frozen=True, kw_only=True):
    """The new value, and the events whose values it replaces."""

    pinned: bool
    replaces: Replaces


def _apply(state: IssueState, event: Event, payload: IssuePinned | None) -> None:
    if payload is not None:
        state.pin.write(event, payload.pinned, payload.replaces)


KIND = Kind(
    name="issue.pinned.v1",
    payload=IssuePinned,
    action="issue.pin",
    touches=touching_issue(_apply),
    acts_on=("issue",),
)
