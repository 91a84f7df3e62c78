"""`issue.closed.v1`: work on it has ended, for a reason that may be given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.fold.kind import Kind, Payload
from domain.issue.state import IssueState, touching_issue
from domain.words import Id, Oid, Replaces, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class IssueClosed(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`reason` is free words of one line (`completed`, `not planned`), or empty.

    Where a commit's message closes it, `commit` is that commit and `push` the event that brought it.
    """

    reason: Annotated[str, msgspec.Meta(max_length=256)] = ""
    commit: Oid | None = None
    push: Id | None = None
    replaces: Replaces

    def problem(self) -> str:
        return line_problem(self.reason, "reason") if self.reason else ""


def _apply(state: IssueState, event: Event, payload: IssueClosed | None) -> None:
    if payload is not None:
        state.status.write(event, (False, payload.reason), payload.replaces)


KIND = Kind(
    name="issue.closed.v1",
    payload=IssueClosed,
    action="issue.close",
    touches=touching_issue(_apply),
    acts_on=("issue",),
)
