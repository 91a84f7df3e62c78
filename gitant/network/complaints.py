"""What peers and this node last told each other of what cannot be done: for people who look why copies differ."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from domain.ids import Did
    from replication.effects import Note
    from transport.carrier.seam import Told

PEERS_MAX: Final = 256
"""The peer with the oldest complaint goes for a new one: keys are free."""
CURRENT_S: Final = 60.0
"""An older one may not be true any more: whoever cannot store tries again within 30 s, and so do most who dial."""
REFUSED_HERE: Final = "refused"
REFUSED_THERE: Final = "refused-there"
"""The codes of the notes in which the replication core tells of them."""

_ORDINARY: Final = frozenset({"stream-unknown", "answer-late"})
"""Refusals of what was on its way when something changed: they mean nothing to people."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One sentence and when it was said (monotonic seconds)."""

    words: str
    at_s: float


@final
class Complaints:
    """The last complaint of each peer, or about it."""

    def __init__(self) -> None:
        self._last: OrderedDict[Did, Complaint] = OrderedDict()

    def noted(self, note: Note, now_s: float) -> None:
        """The core has told of something; other notes than refusals change nothing."""
        if note.peer is None or (note.values or {}).get("code") in _ORDINARY:
            return
        if note.code == REFUSED_THERE:
            self._keep(note.peer, f"it says: {note.words}", now_s)
        elif note.code == REFUSED_HERE:
            self._keep(note.peer, f"it was told: {note.words}", now_s)

    def turned_away(self, told: Told, now_s: float) -> None:
        """A connection came to nothing."""
        if told.peer is not None:
            self._keep(told.peer, told.words, now_s)

    def current(self, now_s: float) -> dict[str, str]:
        """By did, what is to be shown: a sentence."""
        return {peer: last.words for peer, last in self._last.items() if now_s - last.at_s <= CURRENT_S}

    def _keep(self, peer: Did, words: str, now_s: float) -> None:
        self._last[peer] = Complaint(words, now_s)
        self._last.move_to_end(peer)
        if len(self._last) > PEERS_MAX:
            self._last.popitem(last=False)
