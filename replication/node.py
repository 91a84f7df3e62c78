"""All links of one node: bytes, reports and the time come in, effects go out.

A `Replicator` holds no socket, file, clock or randomness of its own; `now` is monotonic milliseconds. It is called from
one thread at a time, and its effects are carried out in order (`effects.py` says how).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replication.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from domain.envelope import Event
    from domain.ids import Did
    from domain.ports_replication import Index
    from replication.effects import Effect, LinkId, Outcome, Rows, Token
    from replication.records import Follows, Identity, ObjectRecord, QueueSizes, SyncState


class Replicator:
    """What one node says to its peers, and makes of what they say."""

    def __init__(
        self, identity: Identity, index: Index, rng: Random, follows: Follows, limits: Limits | None = None
    ) -> None:
        """`rng` must not be guessable by peers in a real node (`random.SystemRandom`)."""
        self.identity = identity
        self.follows = follows
        self.limits = limits or Limits()
        self._index = index
        self._rng = rng

    def connected(self, link: LinkId, peer: Did, now: int) -> list[Effect]:
        """A link with the node of that key is open in both directions."""
        raise AssertionError(link, peer, now)

    def received(self, link: LinkId, data: bytes, now: int) -> list[Effect]:
        """Bytes came on a link, cut anywhere; on a link that was closed meanwhile they are nothing."""
        raise AssertionError(link, data, now)

    def disconnected(self, link: LinkId, now: int) -> list[Effect]:
        """A link is gone; what it had asked for is asked of others."""
        raise AssertionError(link, now)

    def woke(self, now: int) -> list[Effect]:
        """The time of the latest `WakeAt` has come, or any other."""
        raise AssertionError(now)

    def appended(self, events: Sequence[Event], now: int) -> list[Effect]:
        """This node's own writer made events durable."""
        raise AssertionError(events, now)

    def stored(self, token: Token, outcome: Outcome, now: int) -> list[Effect]:
        """What came of a `Store`."""
        raise AssertionError(token, outcome, now)

    def read(self, token: Token, rows: Rows, now: int) -> list[Effect]:
        """What came of a `Read`."""
        raise AssertionError(token, rows, now)

    def fetched(self, token: Token, ok: bool, now: int) -> list[Effect]:
        """Whether all objects of a `Fetch` are here now."""
        raise AssertionError(token, ok, now)

    def gained(self, events: Sequence[Event], now: int) -> list[Effect]:
        """Objects that these events need can be served from now on (a push to this node, say)."""
        raise AssertionError(events, now)

    def follow(self, follows: Follows, now: int) -> list[Effect]:
        """Replicate other things from now on."""
        raise AssertionError(follows, now)

    def states(self) -> tuple[SyncState, ...]:
        """How each shared stream stands with each connected peer."""
        raise AssertionError

    def objects(self) -> tuple[ObjectRecord, ...]:
        """Objects that are not here yet."""
        raise AssertionError

    def sizes(self) -> QueueSizes:
        """How full the queues are; each has its bound in `limits`."""
        raise AssertionError
