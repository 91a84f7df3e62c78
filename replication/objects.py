"""Git objects and blobs that events need: who has them, and getting each from one peer at a time.

An object is *announced* when an event that needs it is here, *fetching* while a peer is asked for it, and *present*
when it can be served; then others are told. The log never waits for it, the git ref does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.ids import StreamId
from domain.ports_replication import GitObject
from replication.effects import Fetch, LinkId, Token
from replication.limits import OBJECTS_MAX
from replication.records import ObjectRecord, ObjectState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.envelope import Event
    from replication.seams import Counter, Shared

_Key = tuple[StreamId, GitObject]

_IN_VAIN_MAX: Final = 65_536
"""Objects of a stream of which it is remembered that they had their turn."""


@dataclass(slots=True)
class _Lacking:
    """One object that is not here: whose links have it, and the fetch that is under way."""

    since_ms: int
    sources: dict[LinkId, None] = field(default_factory=dict[LinkId, None])
    token: Token | None = None
    fruitless: int = 0
    again_ms: int = 0


class Objects:
    """What is lacking here, as far as there is room to remember it; the rest comes up again with the next link."""

    def __init__(self, desk: Counter) -> None:
        self._desk = desk
        self._lacking: dict[_Key, _Lacking] = {}
        self._fetching: dict[Token, tuple[LinkId, list[_Key]]] = {}
        self._more: set[StreamId] = set()
        """Streams that may lack more than was noticed: there was no room for it, say."""
        self._in_vain: dict[StreamId, set[GitObject]] = {}
        """What was asked for long enough and made room for others, until all had their turn."""

    def __len__(self) -> int:
        return len(self._lacking)

    def records(self) -> tuple[ObjectRecord, ...]:
        """How far each is."""
        return tuple(
            ObjectRecord(stream, wanted, ObjectState.FETCHING if lacking.token is not None else ObjectState.ANNOUNCED)
            for (stream, wanted), lacking in self._lacking.items()
        )

    def stored(self, events: Iterable[Event]) -> None:
        """Events are in the log, or their payloads are now: ask for what they need that is not here."""
        index = self._desk.room.index
        wanted: dict[StreamId, dict[GitObject, None]] = {}
        for event in events:
            for each in index.objects(event):
                if not index.have(event.stream, each):
                    wanted.setdefault(event.stream, {})[each] = None
        for stream, objects in wanted.items():
            new = [each for each in objects if self._add(stream, each) or not self._sources(stream, each)]
            for talk in self._desk.talks(stream):
                self._need(talk, new)

    def gained(self, events: Iterable[Event]) -> None:
        """What these events need can be served from here: say so."""
        for event in events:
            objects = [each for each in self._desk.room.index.objects(event) if self._here(event.stream, each)]
            self._announce(event.stream, objects)

    def came(self, stream: StreamId, objects: Iterable[GitObject]) -> None:
        """Objects came by another way than a fetch: ask for them no more, and say so."""
        here = [each for each in objects if self._here(stream, each)]
        for each in here:
            self._lacking.pop((stream, each), None)
        self._announce(stream, here)

    def forget(self, stream: StreamId) -> None:
        """A stream is wanted no more, or anew: what it lacks is found out when somebody shares it."""
        for key in [key for key in self._lacking if key[0] == stream]:
            del self._lacking[key]
        self._more.discard(stream)

    def met(self, talk: Shared) -> None:
        """A stream has come to be shared with a peer: ask it for what is lacking."""
        self.look(talk.stream, besides=talk)
        self._need(talk, [wanted for stream, wanted in self._lacking if stream == talk.stream])

    def look_later(self, stream: StreamId) -> None:
        """What a stream lacks may be more than was noticed so far: look within the minute."""
        self._more.add(stream)

    def look(self, stream: StreamId, *, besides: Shared | None = None) -> None:
        """Ask for all that a stream lacks and that was not noticed so far, of all peers (`besides` one)."""
        in_vain = self._in_vain.get(stream, set())
        most = self._desk.room.limits.objects_waiting + len(in_vain)
        found = self._desk.room.index.lacking(stream, most)
        self._more.discard(stream)
        if len(found) == most or not in_vain.isdisjoint(found):
            self._more.add(stream)
        turn = [each for each in found if each not in in_vain]
        if not turn:
            self._in_vain.pop(stream, None)  # all had theirs
        new = [each for each in turn if self._add(stream, each)]
        for talk in self._desk.talks(stream) if new else ():
            if talk is not besides:
                self._need(talk, new)

    def remind(self, talk: Shared) -> None:
        """Ask a peer again for what nobody is known to have: it may have come there in the meantime."""
        if talk.stream in self._more:
            self.look(talk.stream)
        orphans = [
            wanted
            for (stream, wanted), lacking in self._lacking.items()
            if not lacking.sources and stream == talk.stream
        ]
        self._need(talk, orphans)

    def offered(self, talk: Shared, objects: Sequence[tuple[bytes, bool]]) -> None:
        """A peer can serve objects; of those that no event here needs yet, the event may be on its way."""
        for name, blob in objects:
            wanted = GitObject(name, blob)
            if not self._desk.room.index.have(talk.stream, wanted) and self._add(talk.stream, wanted, known=True):
                self._lacking[talk.stream, wanted].sources[talk.link.id] = None
        self._fetch()

    def needed(self, talk: Shared, objects: Sequence[tuple[bytes, bool]]) -> None:
        """A peer lacks objects: say which are here. It hears of others when they come."""
        wanted = (GitObject(name, blob) for name, blob in objects)
        here = [each for each in wanted if self._here(talk.stream, each)]
        if here:
            talk.have(here)

    def fetched(self, token: Token, *, ok: bool) -> None:
        """What came of a fetch."""
        if token not in self._fetching:
            return
        link, keys = self._fetching.pop(token)
        room = self._desk.room
        came: dict[StreamId, list[GitObject]] = {}
        for key in keys:
            lacking = self._lacking.get(key)
            if lacking is None:
                continue
            if ok:
                del self._lacking[key]
                came.setdefault(key[0], []).append(key[1])
                continue
            lacking.token = None
            lacking.fruitless += 1
            lacking.again_ms = room.now + min(
                room.limits.retry_ms << min(lacking.fruitless, 16), room.limits.retry_ms_max
            )
            if link in lacking.sources:
                # To the end of the row: whoever failed is asked again when nobody else is left.
                del lacking.sources[link]
                lacking.sources[link] = None
        for stream, objects in came.items():
            self._announce(stream, objects)
            if stream in self._more and not any(key[0] == stream for key in self._lacking):
                self.look(stream)
        self._fetch()

    def gone(self, link: LinkId) -> None:
        """A link is gone; its fetches will be reported as failed by whoever carries them out."""
        self._leave(link, None)

    def left(self, talk: Shared) -> None:
        """A stream is not shared with a peer any more."""
        self._leave(talk.link.id, talk.stream)

    def _leave(self, link: LinkId, of: StreamId | None) -> None:
        orphans: dict[StreamId, list[GitObject]] = {}
        for (stream, wanted), lacking in self._lacking.items():
            if of in (None, stream) and lacking.sources.pop(link, self) is None and not lacking.sources:
                orphans.setdefault(stream, []).append(wanted)
        for stream, objects in orphans.items():
            for talk in self._desk.talks(stream):
                self._need(talk, objects)

    def _sources(self, stream: StreamId, wanted: GitObject) -> dict[LinkId, None]:
        lacking = self._lacking.get((stream, wanted))
        return lacking.sources if lacking is not None else {}

    def _here(self, stream: StreamId, wanted: GitObject) -> bool:
        return self._desk.room.index.have(stream, wanted)

    def _add(self, stream: StreamId, wanted: GitObject, *, known: bool = False) -> bool:
        """Whether an object is new here and there is room for it; `known` takes those that are not new, too."""
        if (stream, wanted) in self._lacking:
            return known
        room = self._desk.room
        if len(self._lacking) >= room.limits.objects_waiting:
            self._more.add(stream)
            room.alarms.sooner("objects-turn", room.now + room.limits.answer_ms, self._take_turns)
            return False
        self._lacking[stream, wanted] = _Lacking(room.now)
        return True

    def _take_turns(self, now: int) -> None:
        """What nobody could give for a while makes room for what was not asked for: perhaps nobody has it at all."""
        room = self._desk.room
        before = now - room.limits.answer_ms
        stale = [
            key
            for key, lacking in self._lacking.items()
            if lacking.token is None and lacking.since_ms <= before and (lacking.fruitless or not lacking.sources)
        ]
        for stream, wanted in stale:
            del self._lacking[stream, wanted]
            in_vain = self._in_vain.setdefault(stream, set())
            if len(in_vain) < _IN_VAIN_MAX:
                in_vain.add(wanted)
            self._more.add(stream)
        left = len(self._lacking)
        for stream in list(self._more):
            self.look(stream)
        if self._more:
            pause_ms = room.limits.answer_ms if len(self._lacking) > left else room.limits.compare_ms
            room.alarms.sooner("objects-turn", now + pause_ms, self._take_turns)

    def _need(self, talk: Shared, objects: Sequence[GitObject]) -> None:
        for start in range(0, len(objects), OBJECTS_MAX):
            talk.need(objects[start : start + OBJECTS_MAX])

    def _announce(self, stream: StreamId, objects: Sequence[GitObject]) -> None:
        for talk in self._desk.talks(stream):
            for start in range(0, len(objects), OBJECTS_MAX):
                talk.have(objects[start : start + OBJECTS_MAX])

    def _fetch(self) -> None:
        """Start as many fetches as may run, each for all that one peer has of one stream."""
        room = self._desk.room
        later: int | None = None
        for (stream, _), first in list(self._lacking.items()):
            if len(self._fetching) >= room.limits.objects_fetching:
                break
            if first.token is not None or not first.sources:
                continue
            if first.again_ms > room.now:
                later = first.again_ms if later is None else min(later, first.again_ms)
                continue
            link = self._desk.link(next(iter(first.sources)))
            if link is None or link.talk(stream) is None:
                continue
            keys = [
                key
                for key, lacking in self._lacking.items()
                if key[0] == stream and lacking.token is None and next(iter(lacking.sources), None) == link.id
            ][:OBJECTS_MAX]
            token = room.token()
            for key in keys:
                self._lacking[key].token = token
            self._fetching[token] = (link.id, keys)
            room.emit(Fetch(token, link.id, link.peer, stream, tuple(key[1] for key in keys)))
        if later is not None:
            room.alarms.sooner("objects", later, lambda _: self._fetch())
