"""What was given to a principal in a repository and what was taken away. Who stands where now, the court says."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from domain.fold.kind import State
from domain.ids import Did, EventId, StreamId

if TYPE_CHECKING:
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


def note(state: MemberState, event: Event, principal: Did, verb: str, role: str) -> None:
    """Apply one act."""
    state.stream = event.stream
    state.principal = principal
    state.changes.append(Change(event.id, event.lamport, event.author, event.time, verb, role))
