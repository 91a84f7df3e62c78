"""What was given to a principal in a repository and what was taken away. Who stands where now, the court says."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.authority.acts import Limit
from domain.fold.kind import State, Touch
from domain.ids import Did, EventId, StreamId

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.authority.roles import Role
    from domain.envelope import Event

_KEY_TAG = b"gitant/member\0"


class Change(NamedTuple):
    """One accepted act about a principal: `verb` is granted, demoted, revoked or blocked."""

    event: EventId
    lamport: int
    author: Did
    time: int
    verb: str
    role: str


class MemberState(State):
    """The acts about one principal, in total order."""

    __slots__ = ("changes", "principal", "stream")

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(b"")
        self.principal = Did("")
        self.changes: list[Change] = []


def member_key(stream: bytes, principal: str) -> bytes:
    """The entity key of a principal in a repository."""
    return sha256(_KEY_TAG + stream + principal.encode()).digest()


def touching_member(verb: str, role: Callable[[Any], str]) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind about a principal: it is noted in their history, with the role that `role` reads."""

    def apply(state: MemberState, event: Event, payload: Any) -> None:
        state.stream = event.stream
        state.principal = Did(payload.principal)
        state.changes.append(Change(event.id, event.lamport, event.author, event.time, verb, role(payload)))

    def touches(event: Event, payload: Any) -> tuple[Touch, ...]:
        assert payload is not None, "payloads of authority cannot be redacted"
        return (Touch(member_key(event.stream, payload.principal), MemberState, apply),)

    return touches


def limiting(role: Callable[[Any], Role]) -> Callable[[Event, Any], Limit]:
    """The `deed` of a kind that leaves a principal no more than the role that `role` reads, outside its cut."""

    def deed(_: Event, payload: Any) -> Limit:
        return Limit(role(payload), principal=Did(payload.principal), cut=tuple(map(EventId, payload.cut)))

    return deed
