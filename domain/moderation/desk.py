"""The desk at which strangers wait: what is held within bounds, who was let in, and the budgets of those who were."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final, Literal, final

from domain.errors import OverBudget, Unavailable
from domain.ids import StreamId
from domain.moderation.budgets import DAY_MS, Allowances, Budgets, Spend
from domain.ports_held import HeldEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event
    from domain.ids import Did
    from domain.ports_held import HeldEvents

Strangers = Literal["hold", "open", "refuse"]
"""What becomes of a stranger's event in a public repository: it waits for a decision, is taken in, or is refused."""
_RULES: Final[dict[str | None, Strangers]] = {"hold": "hold", "open": "open", "refuse": "refuse"}
ANYWHERE: Final = StreamId(b"")
"""In place of a stream: whoever is known there is no stranger to any of this node."""
_IPV4_BITS: Final = 24
_IPV6_BITS: Final = 48
_LATER_S: Final = 3_600
"""Room is made by people, who need a while."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCaps:
    """How much may be held. By author is by author and repository; an origin is a network."""

    author_events_max: int = 50
    author_bytes_max: int = 512 << 10
    origin_events_max: int = 500
    stream_events_max: int = 5_000
    stream_bytes_max: int = 16 << 20
    events_max: int = 20_000
    bytes_max: int = 64 << 20
    days_max: int = 30


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRules:
    """What a node takes in from whom."""

    strangers: Strangers = "hold"
    caps: HoldCaps = field(default_factory=HoldCaps)
    allowances: Allowances = field(default_factory=Allowances)


@final
class Desk:
    """One node's: `held` rests in its own database, budgets in memory. `now_ms` is milliseconds since 1970."""

    def __init__(
        self,
        held: HeldEvents,
        now_ms: Callable[[], int],
        rules: DeskRules,
    ) -> None:
        self.held: Final = held
        self.strangers: Final = rules.strangers
        self._now_ms = now_ms
        self._caps = rules.caps
        self._budgets = Budgets(rules.allowances)

    def charge(self, stream: StreamId, author: Did, spend: Spend) -> None:
        """Charge somebody without a role for an event that is about to be taken in; raises `OverBudget`."""
        short = self._budgets.charge(stream, author, spend, self._now_ms())
        if short is not None:
            raise OverBudget(
                f"{author} may not add more than {short.what} there",
                hint="wait as long as Retry-After says; whoever has a role there is not counted",
                retry_after_s=short.again_after_s,
            )

    def hold(self, event: Event, origin: str) -> HeldEvent:
        """Keep an event that was checked until somebody decides; raises what there is too much of."""
        found = self.held.get(event.id)
        if found is not None:
            return found
        place = (event.stream, event.author, event.device, event.seq, event.lamport)
        waiting = HeldEvent(event.id, *place, network_of(origin), self._now_ms(), event.raw)
        self._check_sender(waiting)
        self._check_room(waiting)
        self.held.put(waiting)
        return waiting

    def until_ms(self, event: HeldEvent) -> int:
        """When a held event is forgotten if nobody decides."""
        return event.held_ms + self._caps.days_max * DAY_MS

    def drop(self, stream: StreamId, *, author: Did | None = None, origin: str | None = None) -> int:
        """Forget what is held of an author, from a network, or all; none of it is held again. How many there were."""
        return self.held.drop(stream, author=author, origin=origin, now_ms=self._now_ms())

    def tidy(self, now_ms: int) -> int:
        """Forget what nobody decided on for too long; how many events that were."""
        gone = self.held.forget(now_ms - self._caps.days_max * DAY_MS)
        self.held.settle()
        return gone

    def rule_of(self, stream: StreamId) -> Strangers:
        """What becomes of strangers to a public repository: what was chosen for it, or what holds on the node."""
        return _RULES.get(self.held.rule(stream), self.strangers)

    def know(self, stream: StreamId, author: Did) -> None:
        """Somebody is let in there, for good."""
        self.held.know(stream, author, self._now_ms())

    def settle(self) -> None:
        """A batch has become durable: so does what it changed here."""
        self.held.settle()
        self._budgets.settle()

    def abandon(self) -> None:
        """A batch is run again, or the log did not take it."""
        self.held.abandon()
        self._budgets.abandon()

    def _check_sender(self, event: HeldEvent) -> None:
        caps, own = self._caps, self.held.sum(stream=event.stream, author=event.author)
        if own.events >= caps.author_events_max or own.bytes + event.bytes > caps.author_bytes_max:
            raise OverBudget(
                f"{own.events:,} events of {event.author} wait there already, of {own.bytes:,} bytes",
                hint="those who look after the repository decide on them first",
                retry_after_s=_LATER_S,
            )
        if event.origin and self.held.sum(origin=event.origin).events >= caps.origin_events_max:
            raise OverBudget(
                f"{caps.origin_events_max:,} events of strangers in {event.origin} wait here already",
                hint="try again when they were decided on",
                retry_after_s=_LATER_S,
            )

    def _check_room(self, event: HeldEvent) -> None:
        caps, there, all_ = self._caps, self.held.sum(stream=event.stream), self.held.sum()
        full_there = there.events >= caps.stream_events_max or there.bytes + event.bytes > caps.stream_bytes_max
        if full_there or all_.events >= caps.events_max or all_.bytes + event.bytes > caps.bytes_max:
            where = "there" if full_there else "on this node"
            raise Unavailable(
                f"as many events of strangers wait {where} as may",
                hint="try again when those who look after the repository have decided on some",
            )


def network_of(address: str) -> str:
    """The network that an address, or a part of one network, belongs to; nothing for what is none."""
    try:
        host = ip_address(address.partition("/")[0])
    except ValueError:
        return ""
    host = (host.version == 6 and host.ipv4_mapped) or host  # one host has one network, however its address is written
    return str(ip_network((host, _IPV4_BITS if host.version == 4 else _IPV6_BITS), strict=False))
