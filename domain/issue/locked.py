"""`issue.locked.v1`: only those who may triage go on commenting on it, until it is unlocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from domain.authority.acts import Hold
from domain.fold.kind import Kind, Payload
from domain.ids import EventId
from domain.issue.state import IssueState, touching_issue
from domain.limits import PARENTS_MAX
from domain.words import Id, Replaces, line_problem

if TYPE_CHECKING:
    from domain.envelope import Event


class IssueLocked(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """`reason` is free words of one line (`too heated`, `spam`), or empty.

    `cut` is what of the past still counts: event ids, sorted; the event's parents where it is left out.
    """

    reason: Annotated[str, msgspec.Meta(max_length=256)] = ""
    cut: Annotated[list[Id], msgspec.Meta(max_length=PARENTS_MAX)] | None = None
    replaces: Replaces

    def problem(self) -> str:
        if self.cut is not None and self.cut != sorted(set(self.cut)):
            return "cut is not sorted, or names an event twice"
        return line_problem(self.reason, "reason") if self.reason else ""


def _apply(state: IssueState, event: Event, payload: IssueLocked | None) -> None:
    if payload is not None:
        state.lock.write(event, (True, payload.reason), payload.replaces)


def _deed(event: Event, payload: IssueLocked) -> Hold:
    assert event.entity is not None
    replaces, cut = tuple(map(EventId, payload.replaces)), tuple(map(EventId, payload.cut or ()))
    return Hold("lock", event.entity, on=True, replaces=replaces, cut=cut)


KIND = Kind(
    name="issue.locked.v1",
    payload=IssueLocked,
    action="issue.lock",
    touches=touching_issue(_apply),
    acts_on=("issue",),
    deed=_deed,
)
