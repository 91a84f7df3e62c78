"""`issue.reopened.v1`: work on it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.issue.state import IssueState, touching_issue
from domain.words import Replaces

if TYPE_CHECKING:
    from domain.envelope import Event


class IssueReopened(Payload, frozen=True, kw_only=True):
    """The closings (or openings) it replaces."""

    replaces: Replaces


def _apply(state: IssueState, event: Event, payload: IssueReopened | None) -> None:
    if payload is not None:
        state.status.write(event, (True, ""), payload.replaces)


KIND = Kind(
    name="issue.reopened.v1",
    payload=IssueReopened,
    action="issue.close",
    touches=touching_issue(_apply),
    acts_on=("issue",),
)
