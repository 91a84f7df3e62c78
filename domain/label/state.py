"""What a label's events come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import State, Touch
from domain.fold.register import Register
from domain.ids import StreamId

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from domain.envelope import Event


class LabelState(State):
    """A label; `deleted` once any deletion of it is accepted."""

    __slots__ = ("colour", "deleted", "description", "lamport", "name", "stream", "time")

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(b"")
        self.lamport = 0
        self.time = 0
        self.deleted = False
        self.name: Register[str] = Register()
        self.colour: Register[str] = Register()
        self.description: Register[str] = Register()


def touching_label(apply: Callable[[Any, Event, Any], None]) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind that acts on a label."""

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        assert event.entity is not None
        return (Touch(event.entity, LabelState, apply),)

    return touches


def setting(register: str, field: str) -> Callable[[LabelState, Event, Any], None]:
    """The `apply` of a kind that writes payload field `field` into `register`."""

    def apply(state: LabelState, event: Event, payload: Any) -> None:
        if payload is not None:
            getattr(state, register).write(event, getattr(payload, field), payload.replaces)

    return apply
