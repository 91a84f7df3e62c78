"""What clients get about events of strangers that wait for a decision."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from api.shapes_authority import RoleWord


class Held(Struct):
    """A stranger's event, and until when it waits."""

    event: str
    stream: str
    author: str
    until: str


class Waiting(Struct):
    """The event was taken, and waits outside the log until somebody decides."""

    held: Held
    explanation: str


class HeldEvent(Struct):
    """One that waits: `excerpt` is what it says, safe for terminals; `origin` the network that it came from."""

    event: str
    author: str
    kind: str
    entity: str
    lamport: int
    bytes: int
    excerpt: str
    origin: str
    held_at: str
    until: str


class HeldEvents(Struct):
    """A page of what waits, the oldest first."""

    held: list[HeldEvent]


class Refusal(Struct):
    """An event that the log does not take, and why; it waits on."""

    event: str
    why: str


class Admitted(Struct):
    """What was taken into the log, in that order, and what was not."""

    author: str
    admitted: list[str]
    refused: list[Refusal]


class Dropped(Struct):
    """How many events were forgotten."""

    dropped: int


class Rule(Struct):
    """What becomes of strangers' events, and whether that was chosen for this repository."""

    rule: Literal["hold", "open", "refuse"]
    chosen: bool


class Blocked(Struct):
    """Who is blocked now, and how many of their events were forgotten."""

    did: str
    role: RoleWord
    dropped: int
