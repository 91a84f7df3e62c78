"""What an issue's events come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import State, Touch
from domain.fold.orset import ObservedSet
from domain.fold.register import Register
from domain.fold.text import Text
from domain.ids import Did, EventId, StreamId

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from domain.envelope import Event
    from domain.links.bound import Linked


class IssueState(State):
    """An issue. `status` holds (open, reason) pairs, `lock` (locked, reason); labels are label ids, assignees dids."""

    __slots__ = (
        "assignees",
        "author",
        "body",
        "comments",
        "labels",
        "lamport",
        "links",
        "lock",
        "number",
        "pin",
        "reactions",
        "status",
        "stream",
        "time",
        "title",
        "updated",
    )

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(b"")
        self.author = Did("")
        self.number = 0
        self.lamport = 0
        self.time = 0
        self.updated = 0
        self.comments = 0
        self.title: Register[str] = Register()
        self.status: Register[tuple[bool, str]] = Register()
        self.body = Text()
        self.labels: ObservedSet[bytes] = ObservedSet()
        self.assignees: ObservedSet[str] = ObservedSet()
        self.reactions: ObservedSet[str] = ObservedSet()
        self.lock: Register[tuple[bool, str]] = Register()
        self.pin: Register[bool] = Register()
        self.links: dict[EventId, Linked] = {}

    @property
    def open(self) -> bool:
        """Whether it shows as open."""
        return self.status.value[0]

    @property
    def locked(self) -> bool:
        """Whether it is locked: if any locking stands, for a restriction ends only by an unlocking that names it."""
        return any(write.value[0] for write in self.lock.current)

    @property
    def lock_reason(self) -> str:
        """Why it is locked; of several lockings, the greatest one's words."""
        return next((write.value[1] for write in reversed(self.lock.current) if write.value[0]), "")

    @property
    def pinned(self) -> bool:
        """Whether it shows as pinned."""
        return bool(self.pin.current) and self.pin.value


def touching_issue(apply: Callable[[Any, Event, Any], None]) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind that acts on an issue and changes only that."""

    def touched(state: IssueState, event: Event, payload: Any) -> None:
        apply(state, event, payload)
        state.updated = max(state.updated, event.time)

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        assert event.entity is not None
        return (Touch(event.entity, IssueState, touched),)

    return touches
