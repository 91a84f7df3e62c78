"""What kinds that edit a body touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.fold.kind import State, Touch

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event


def touching_body(apply: Callable[[Any, Event, Any], None]) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind that changes the body of what it acts on.

    The entity always has a creating event before this one in its fold, so the start state is never used.
    """

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        assert event.entity is not None
        return (Touch(event.entity, State, apply),)

    return touches
