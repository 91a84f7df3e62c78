"""What one person's stars and watches of one repository come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.fold.kind import State, Touch
from domain.fold.orset import ObservedSet
from domain.fold.register import Register
from domain.ids import Did, StreamId

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from domain.envelope import Event

LEVELS: Final = ("participating", "all", "ignore")
"""What of a repository somebody wants to hear: what concerns them, everything, nothing."""
DEFAULT_LEVEL: Final = "participating"


class FollowerState(State):
    """One person and one repository: the key is `follower_key(stream, did)`.

    `stars` has them as its one member, or nobody. `levels` holds what they chose last, empty for no choice.
    """

    __slots__ = ("did", "lamport", "levels", "star", "starred", "stars", "stream")

    settled = True

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.stream = StreamId(key[:32])
        self.did = Did(key[33:].decode())
        self.stars: ObservedSet[str] = ObservedSet()
        self.starred = 0
        """When their newest star was given, in claimed milliseconds."""
        self.lamport = 0
        self.star = b""
        """The newest star's lamport time and event: what lists are sorted by."""
        self.levels: Register[str] = Register()

    @property
    def stands(self) -> bool:
        """Whether the repository has their star."""
        return bool(self.stars.added)

    @property
    def level(self) -> str:
        """What they chose to hear; empty if they chose nothing."""
        return self.levels.value if self.levels.current else ""


def follower_key(stream: StreamId, did: Did) -> bytes:
    """The entity key of a person's relation to a repository, which no event of its own creates."""
    return stream + b"@" + did.encode()


def touching_follower(apply: Callable[[Any, Event, Any], None]) -> Callable[[Event, Any], tuple[Touch, ...]]:
    """The `touches` of a kind by which somebody says what the repository is to them, and to nobody else."""

    def touches(event: Event, _: Any) -> tuple[Touch, ...]:
        return (Touch(follower_key(event.stream, event.author), FollowerState, apply),)

    return touches
