"""The in-memory twin of the views' history: dictionaries, for laws, simulations and small tools."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from domain.replay.engine import Member
from domain.replay.judge import Judgement, Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import EventId
    from domain.verdict import Verdict


class MemoryHistory:
    """Everything the engine asks a history, for as long as the process lives."""

    def __init__(self) -> None:
        self.events: dict[EventId, Event] = {}
        self.verdicts: dict[EventId, Verdict] = {}
        self._members: dict[bytes, list[tuple[int, EventId]]] = {}
        self._redacted: dict[bytes, set[EventId]] = {}
        self._awaiting: dict[EventId, set[EventId]] = {}

    def known(self, name: EventId) -> Known | None:
        """An event by id, as other events' verdicts need it."""
        event = self.events.get(name)
        if event is None:
            return None
        accepted = self.verdicts[name].accepted
        return Known(event.kind, event.stream, event.entity, event.author, accepted, event.lamport, event.roots)

    def event(self, name: EventId) -> Event | None:
        """An event by id, whole."""
        return self.events.get(name)

    def members(self, key: bytes) -> Sequence[Member]:
        """The accepted and fold-voided events that touch an entity, in total order."""
        return [Member(self.events[name], self.verdicts[name].accepted) for _, name in self._members.get(key, ())]

    def touched(self) -> Sequence[bytes]:
        """The keys of all entities that anything touches, sorted."""
        return sorted(self._members)

    def redacted(self, name: EventId) -> bool:
        """Whether an accepted redaction covers an event's payload."""
        return name in self._redacted

    def awaiting(self, name: EventId) -> Sequence[EventId]:
        """Events whose verdict waits for this one."""
        return sorted(self._awaiting.pop(name, ()))

    def record(self, event: Event, judgement: Judgement, keys: Sequence[bytes]) -> None:
        """Remember an event with its verdict, what it awaits, and the entities it touches."""
        self.events[event.id] = event
        self.verdicts[event.id] = judgement.verdict
        for awaited in judgement.awaits:
            self._awaiting.setdefault(awaited, set()).add(event.id)
        for key in keys:
            members = self._members.setdefault(key, [])
            if event.order not in members:
                insort(members, event.order)

    def record_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """Remember that an accepted redaction covers these events."""
        for target in targets:
            self._redacted.setdefault(target, set()).add(by)

    def record_verdict(self, name: EventId, verdict: Verdict) -> None:
        """Change the verdict of an event, found only by folding."""
        self.verdicts[name] = verdict
