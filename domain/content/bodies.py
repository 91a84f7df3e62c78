"""Which state holds a body, for the kinds that edit one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.comment.state import CommentState
from domain.fold.kind import State, Touch
from domain.issue.state import IssueState

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event

BODIES: Final[dict[str, type[State]]] = {"issue": IssueState, "comment": CommentState}
"""The sorts with a `body` and an `updated`."""


def touching_body(apply: Callable[[Any, Event, Any], None]) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind that changes the body of what it acts on.

    The entity always has a creating event before this one in its fold, so the start state is never used.
    """

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        assert event.entity is not None
        return (Touch(event.entity, State, apply),)

    return touches
