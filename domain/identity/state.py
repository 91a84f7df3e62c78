"""What an identity stream comes to."""

from __future__ import annotations

from domain.fold.kind import State
from domain.ids import Did


class IdentityState(State):
    """A principal as projections show it; empty until its genesis is applied."""

    __slots__ = ("did", "lamport", "name", "time")

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.did = Did("")
        self.name = ""
        self.time = 0
        self.lamport = 0
