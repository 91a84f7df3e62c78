"""`issue.retitled.v1`: the title is written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import Kind, Payload
from domain.issue.state import IssueState, touching_issue
from domain.words import Replaces, Title, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class IssueRetitled(Payload, frozen=True, kw_only=True):
    """The new title, and the events whose titles it replaces."""

    title: Title
    replaces: Replaces

    def problem(self) -> str:
        return line_problem(self.title, "title")


def _apply(state: IssueState, event: Event, payload: IssueRetitled | None) -> None:
    if payload is not None:
        state.title.write(event, payload.title, payload.replaces)


KIND = Kind(
    name="issue.retitled.v1",
    payload=IssueRetitled,
    action="issue.edit",
    touches=touching_issue(_apply),
    acts_on=("issue",),
    redactable=True,
)
