"""Events that are missing and asked for by id: of whoever sent what names them first, then of others in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from replication.limits import IDS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.ids import EventId, StreamId
    from replication.effects import LinkId
    from replication.seams import Counter, Shared

_OPEN_MAX: Final = 1_024


@dataclass(slots=True)
class _Ask:
    stream: StreamId
    runs: bool
    tries: int = 0
    tried: set[int] = field(default_factory=set[int])
    again_ms: int = 0


class Asked(NamedTuple):
    """An ask that went out: for which events, and whether for what vouches for them, too."""

    names: frozenset[EventId]
    runs: bool


class Asks:
    """What is asked for, and of whom."""

    def __init__(self, desk: Counter) -> None:
        self._desk = desk
        self._asks: dict[EventId, _Ask] = {}
        self._open: dict[tuple[LinkId, int], Asked] = {}

    def __len__(self) -> int:
        return len(self._asks)

    def want(self, talk: Shared, names: Iterable[EventId], *, runs: bool = True) -> None:
        """Ask a peer for events that its message named; those that are asked for already are not.

        Without `runs`, copies are asked for that need nothing else to vouch for them.
        """
        new: list[EventId] = []
        for name in sorted(names):
            if name not in self._asks and len(self._asks) < self._desk.room.limits.pending_events:
                self._asks[name] = _Ask(talk.stream, runs)
                new.append(name)
        self._ask(talk, new)

    def answered(self, link: LinkId, number: int) -> Asked | None:
        """What the ask with this number was; None if there is none that waits for its answer."""
        return self._open.pop((link, number), None)

    def gone(self, link: LinkId) -> None:
        """A link is gone, with what was asked on it."""
        for key in [key for key in self._open if key[0] == link]:
            del self._open[key]

    def _ask(self, talk: Shared, names: list[EventId]) -> None:
        for runs in (True, False):
            self._ask_some(talk, [name for name in names if self._asks[name].runs == runs], runs=runs)

    def _ask_some(self, talk: Shared, names: list[EventId], *, runs: bool) -> None:
        room = self._desk.room
        for start in range(0, len(names), IDS_MAX):
            part = names[start : start + IDS_MAX]
            number = talk.ask(part, runs=runs)
            self._open[talk.link.id, number] = Asked(frozenset(part), runs)
            while len(self._open) > _OPEN_MAX:
                del self._open[next(iter(self._open))]
            for name in part:
                ask = self._asks[name]
                ask.tries += 1
                ask.tried.add(talk.link.id)
                ask.again_ms = room.now + room.limits.ask_ms
        if self._asks:
            room.alarms.sooner("asks", room.now + room.limits.ask_ms, self._again)

    def _again(self, now: int) -> None:
        """Ask others for what has not come."""
        inbox, limits = self._desk.inbox, self._desk.room.limits
        lacking, talks = self._desk.mends.lacking(), self._desk.talks
        turns: dict[LinkId, tuple[Shared, list[EventId]]] = {}
        for name, ask in list(self._asks.items()):
            if name not in lacking and not inbox.pending.still_missing([name]):
                del self._asks[name]
            elif ask.again_ms > now:
                continue
            elif ask.tries >= (limits.asks if name not in lacking else max(limits.asks, len(talks(ask.stream)))):
                del self._asks[name]
                self._desk.room.note(
                    "event-missing", "nobody who was asked has an event", stream=ask.stream, event=name
                )
                inbox.give_up(name)
            else:
                there = talks(ask.stream)
                fresh = [talk for talk in there if talk.link.id not in ask.tried] or there
                if fresh:
                    turns.setdefault(fresh[0].link.id, (fresh[0], []))[1].append(name)
                else:
                    ask.tries += 1
                    ask.again_ms = now + limits.ask_ms
        for talk, names in turns.values():
            self._ask(talk, names)
        if self._asks:
            self._desk.room.alarms.sooner("asks", now + limits.ask_ms, self._again)
