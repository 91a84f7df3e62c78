"""What a comment's events come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.fold.kind import State
from domain.fold.orset import ObservedSet
from domain.fold.text import Text
from domain.ids import Did, EventId, StreamId

if TYPE_CHECKING:
    from domain.links.bound import Linked


class CommentState(State):
    """A comment on `issue`; `redacted` once its first words are."""

    __slots__ = ("author", "body", "issue", "lamport", "links", "reactions", "redacted", "stream", "time", "updated")

    settled = True

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(b"")
        self.issue = EventId(b"")
        self.author = Did("")
        self.lamport = 0
        self.time = 0
        self.updated = 0
        self.redacted = False
        self.body = Text()
        self.reactions: ObservedSet[str] = ObservedSet()
        self.links: dict[EventId, Linked] = {}
