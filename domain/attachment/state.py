"""What an attachment's events come to."""

from __future__ import annotations

from domain.fold.kind import State
from domain.ids import Did, EventId, StreamId


class AttachmentState(State):
    """Bytes attached to `target` (a repository, issue or comment). A redacted one has neither name nor hash."""

    __slots__ = (
        "author",
        "lamport",
        "media_type",
        "name",
        "redacted",
        "sha256",
        "size",
        "stream",
        "target",
        "time",
        "updated",
    )

    settled = True

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(b"")
        self.target = EventId(b"")
        self.author = Did("")
        self.lamport = 0
        self.time = 0
        self.updated = 0
        self.name = ""
        self.media_type = ""
        self.size = 0
        self.sha256 = b""
        self.redacted = False
