"""The protocol as data: which message may come when, what it answers, and how a stream's phase moves.

Everything that is not in these tables is out of state, and refused. The tables of docs/replication-protocol.md are
made from them (`python -m tests.docs_tables`). A new message type is a class in `messages.py`, a row here, and a method
of that name in `link.py` (about the link) or `talk.py` (about one stream).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from replication.records import Phase


class LinkState(StrEnum):
    """How far a link is."""

    OPENING = "opening"
    """Our hello is sent, and the peer's has not come."""
    OPEN = "open"
    ENDED = "ended"
    """Either side has ended it; whatever still comes is not read."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a message may come, and who takes it: a method of that name."""

    states: tuple[LinkState, ...]
    handler: str
    answers: str = ""
    """The messages of ours that it may answer; one that answers nothing may come unasked."""


_OPEN: Final = (LinkState.OPEN,)

LINK_RULES: Final[dict[str, Rule]] = {
    "hello": Rule((LinkState.OPENING,), "on_hello"),
    "seek": Rule(_OPEN, "on_seek"),
    "offers": Rule(_OPEN, "on_offers"),
    "found": Rule(_OPEN, "on_found", "seek"),
    "compare": Rule(_OPEN, "on_compare"),
    "same": Rule(_OPEN, "on_same", "compare"),
    "peers": Rule(_OPEN, "on_peers"),
    "refused": Rule((LinkState.OPENING, LinkState.OPEN), "on_refused"),
    "goodbye": Rule((LinkState.OPENING, LinkState.OPEN), "on_goodbye"),
}

STREAM_RULES: Final[dict[str, Rule]] = {
    "feeds": Rule(_OPEN, "on_feeds"),
    "ranges": Rule(_OPEN, "on_ranges"),
    "leaves": Rule(_OPEN, "on_leaves", "ranges"),
    "want": Rule(_OPEN, "on_want"),
    "events": Rule(_OPEN, "on_events", "want or ask; none with number 0"),
    "more": Rule(_OPEN, "on_more", "events"),
    "ask": Rule(_OPEN, "on_ask"),
    "declined": Rule(_OPEN, "on_declined"),
    "have": Rule(_OPEN, "on_have"),
    "need": Rule(_OPEN, "on_need"),
}


class Happening(StrEnum):
    """What moves a stream's phase."""

    DIFFERS = "differs"
    BEHIND = "behind"
    DONE = "done"
    DECLINED = "declined"
    LEVEL = "level"
    STALLED = "stalled"


HAPPENINGS: Final[dict[Happening, str]] = {
    Happening.DIFFERS: "prints differ, or the peer has begun to compare",
    Happening.BEHIND: "the peer has events that we now ask it for",
    Happening.DONE: "all that we asked for has come and is stored",
    Happening.DECLINED: "nothing differs but what one side declines",
    Happening.LEVEL: "both hold the same",
    Happening.STALLED: "an answer is overdue, or what came could not be stored",
}

TRANSITIONS: Final[dict[tuple[Phase, Happening], Phase]] = {
    (Phase.KNOWN, Happening.DIFFERS): Phase.COMPARING,
    (Phase.KNOWN, Happening.LEVEL): Phase.EQUAL,
    (Phase.KNOWN, Happening.STALLED): Phase.KNOWN,
    (Phase.COMPARING, Happening.DIFFERS): Phase.COMPARING,
    (Phase.COMPARING, Happening.BEHIND): Phase.CATCHING_UP,
    (Phase.COMPARING, Happening.DECLINED): Phase.PARTIAL,
    (Phase.COMPARING, Happening.LEVEL): Phase.EQUAL,
    (Phase.COMPARING, Happening.STALLED): Phase.KNOWN,
    (Phase.CATCHING_UP, Happening.DIFFERS): Phase.CATCHING_UP,
    (Phase.CATCHING_UP, Happening.BEHIND): Phase.CATCHING_UP,
    (Phase.CATCHING_UP, Happening.DONE): Phase.COMPARING,
    (Phase.CATCHING_UP, Happening.STALLED): Phase.KNOWN,
    (Phase.EQUAL, Happening.DIFFERS): Phase.COMPARING,
    (Phase.EQUAL, Happening.LEVEL): Phase.EQUAL,
    (Phase.EQUAL, Happening.STALLED): Phase.KNOWN,
    (Phase.PARTIAL, Happening.DIFFERS): Phase.COMPARING,
    (Phase.PARTIAL, Happening.DECLINED): Phase.PARTIAL,
    (Phase.PARTIAL, Happening.LEVEL): Phase.EQUAL,
    (Phase.PARTIAL, Happening.STALLED): Phase.KNOWN,
}
