"""Since when objects are lacking: a node that is pushed to all day always lacks some, and none of them for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from domain.ids import StreamId
    from domain.ports_replication import GitObject
    from replication.records import ObjectRecord

RESTING_MAX: Final = 64
"""So many that are not asked for just now are remembered, the oldest: they take turns where very many lack."""


@final
class Ages:
    """Told again and again what the core asks peers for; `have` says whether an object has come."""

    def __init__(self, have: Callable[[StreamId, GitObject], bool]) -> None:
        self._have = have
        self._since: dict[tuple[StreamId, GitObject], float] = {}

    def oldest_s(self, records: Iterable[ObjectRecord], now: float) -> float:
        """For how long the one has been lacking that is waited for longest; 0 where none is."""
        asked = {(each.stream, each.object) for each in records}
        streams = {stream for stream, _ in asked}
        resting = sorted((key for key in self._since if key not in asked), key=self._since.__getitem__)
        for place, key in enumerate(resting):
            # Those of a stream that is wanted no more are no matter.
            if place >= RESTING_MAX or key[0] not in streams or self._have(*key):
                del self._since[key]
        for key in asked - self._since.keys():
            self._since[key] = now
        return now - min(self._since.values(), default=now)
