"""What the moves of one ref come to."""

from __future__ import annotations

from domain.fold.kind import State
from domain.fold.register import Register
from domain.ids import StreamId


class RefState(State):
    """One ref: its key is `ref_key(stream, name)`; the register holds oids, None where a move deleted it."""

    __slots__ = ("moves", "name", "stream")

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(key[:32])
        self.name = key[33:].decode()
        self.moves: Register[bytes | None] = Register()

    @property
    def oid(self) -> bytes | None:
        """Where the ref points (the greatest current move), None if it is deleted."""
        return self.moves.value if self.moves.current else None

    @property
    def diverged(self) -> bool:
        """Whether several current moves point to different objects."""
        return bool(self.moves.conflict)


def ref_key(stream: StreamId, name: str) -> bytes:
    """The entity key of a ref, which no event of its own creates."""
    return stream + b"/" + name.encode()
