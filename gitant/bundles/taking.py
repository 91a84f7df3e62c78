"""Taking in a bundle that was checked: events to the writer, packs published behind them, blobs that they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from domain.errors import Conflict
from domain.ids import EventId, StreamId
from gitant.network.parcels import parcels, store_request
from replication.bundle.parts import Blob, Bundle, Objects, Pack, Piece, Rows, Stream
from replication.bundle.unpacking import Unpacking
from replication.effects import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.ports_blobs import BlobDraft, Blobs
    from gitant.bundles.checking import Waiting
    from gitant.hand import Hand
    from gitant.network.index import ViewsIndex
    from replication.effects import Store
    from replication.messages import Message
    from replication.records import Follows, Identity

ORIGIN = "a bundle"
"""Where strangers' events that wait came from, as people are told."""


@final
@dataclass(slots=True)
class Taken:
    """What has come of a bundle: events now in the log, those that wait as strangers', and blobs that are new here."""

    events: int = 0
    held: int = 0
    repositories: int = 0
    blobs: int = 0


@final
class Taker:
    """Takes in part after part, and at the end. The writer's faults are raised as they are."""

    def __init__(
        self,
        hand: Hand,
        index: ViewsIndex,
        blobs: Blobs,
        identity: Identity,
        follows: Follows,
        objects: Mapping[StreamId, Waiting],
        gained: Callable[[StreamId], None] = lambda _: None,
    ) -> None:
        """`gained` is told of each stream whose objects or blobs can be served from here from then on."""
        self.taken = Taken()
        self._hand = hand
        self._index = index
        self._blobs = blobs
        self._identity = identity
        self._follows = follows
        self._objects = objects
        self._gained = gained
        self._unpacking: Unpacking | None = None
        self._ended = False
        self._draft: BlobDraft | None = None
        self._blobs_came = False

    def see(self, part: Message) -> None:
        """The next part."""
        match part:
            case Stream():
                self._finish()
                stream = StreamId(part.stream)
                self._ended = False
                if stream not in self._follows.hidden:
                    self._unpacking = Unpacking(stream, self._identity, self._index, self._follows)
            case Rows():
                if self._unpacking is not None:
                    self._unpacking.take(part)
                    self._store(self._unpacking)
            case Objects():
                self._end_events()
            case Blob():
                self._end_events()
                self._end_blob()
                self._begin_blob(part)
            case Piece():
                if self._draft is not None:
                    self._draft.feed(part.data)
            case Bundle() | Pack():
                pass
            case _:
                self._finish()

    def discard(self) -> None:
        """Leave nothing half-done behind."""
        if self._draft is not None:
            self._draft.discard()

    def _finish(self) -> None:
        """A stream is at its end."""
        self._end_blob()
        if self._unpacking is None:
            return
        self._end_events()
        one, self._unpacking = self._unpacking, None
        waiting = self._objects.get(one.stream)
        if waiting is not None:
            token = waiting.quarantine.token
            place = {"staged": token, "excused": waiting.excused} if waiting.staged else {"quarantine": token}
            self._hand.send("replica.objects", {"repo": one.stream, **place})
            self.taken.repositories += 1
        if waiting is not None or self._blobs_came:
            self._gained(one.stream)
        self._blobs_came = False

    def _end_events(self) -> None:
        one = self._unpacking
        if one is not None and not self._ended:
            self._ended = True
            one.end()
            self._store(one)

    def _store(self, one: Unpacking) -> None:
        while stores := one.stores():
            for store in stores:
                one.stored(store.token, Outcome.STORED, self._put(store))

    def _put(self, store: Store) -> frozenset[EventId]:
        held = set[EventId]()
        for part in parcels(store.events):
            answer = self._hand.send("replica.store", store_request(part, store.vouched, ORIGIN))
            held.update(EventId(name) for name in answer.extra["held"])
            if early := answer.extra.get("early"):
                raise Conflict(
                    f"{len(early):,} events build on what strangers wrote, of which as much waits here as may",
                    hint="decide on some of that, then take the bundle in again: gitant member held",
                )
        self._index.refresh()
        self.taken.events += len(store.events) - len(held)
        self.taken.held += len(held)
        return frozenset(held)

    # --- blobs ----------------------------------------------------------------------------------

    def _begin_blob(self, part: Blob) -> None:
        """A blob comes behind the events of its stream; one that nothing there names any more is left out."""
        one = self._unpacking
        if one is None or self._blobs.size(part.sha256) is not None:
            return
        if self._index.attached(one.stream, part.sha256):
            self._draft = self._blobs.draft(part.size)

    def _end_blob(self) -> None:
        if self._draft is not None:
            draft, self._draft = self._draft, None
            draft.finish()
            self._blobs_came = True
            self.taken.blobs += 1
