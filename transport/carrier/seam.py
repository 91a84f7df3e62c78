"""What carries bytes between two nodes, as the node above sees it: `Carrier`, `Wire` and `Channel`.

A wire is one connection with one peer whose key is proven. It has a control stream, on which the replication core's
frames travel in order, and channels beside it: streams of bytes for one git transfer or one blob each, which never
hold the control stream up. Everything is bounded, and whoever does not keep up is dropped with a reason.

Everything here is trio: methods that are `async` are checkpoints, and none may be called from another thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import trio

from domain.errors import GitantError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from ipaddress import IPv4Address, IPv6Address

    from domain.ids import Did
    from transport.carrier.address import PeerAddress

    Handler = Callable[["Wire"], Awaitable[None]]
    Admits = Callable[[str, "IPv4Address | IPv6Address"], bool]


class Why(StrEnum):
    """Why a wire ended or never was. The values are stable: they go over the wire and into metrics."""

    DONE = "done"
    """One side closed it in good order."""
    CUT = "cut"
    """The connection broke without a word."""
    UNREACHABLE = "unreachable"
    """Nobody answers at that address, or it may not be dialled."""
    LATE = "late"
    """The handshake was not done by its deadline."""
    NOT_PROVEN = "not-proven"
    """No certificate, or one that no Gitant node makes for itself."""
    WRONG_KEY = "wrong-key"
    """Somebody else answers at the address."""
    VERSION = "version"
    """The two speak no common version of the carrier."""
    SELF = "self"
    """It is this very node."""
    FULL = "full"
    """There are as many connections as the node takes, in all or from one address."""
    BLOCKED = "blocked"
    """The node does not talk to this peer."""
    PAUSED = "paused"
    """The node does not talk to this peer for now."""
    DUPLICATE = "duplicate"
    """There is another wire with this peer, and both ends keep that one."""
    STALLED = "stalled"
    """The peer takes nothing of what waits for it."""
    DEAD = "dead"
    """The peer has said nothing for too long."""
    MALFORMED = "malformed"
    """The peer broke the carrier's rules."""
    STOPPING = "stopping"
    """The node is about to stop."""


class WireClosed(GitantError):
    """A wire has ended, or could not be made; `words` is a sentence, `by_peer` whether the peer gave it."""

    def __init__(self, why: Why, words: str, *, by_peer: bool = False) -> None:
        super().__init__(f"{why}: {words}")
        self.why = why
        self.words = words
        self.by_peer = by_peer


class ChannelClosed(GitantError):
    """One side has given a channel up: what was on its way is lost; `words` is a sentence."""

    def __init__(self, words: str, *, by_peer: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.by_peer = by_peer


class What(StrEnum):
    """What a carrier tells of."""

    OPENED = "opened"
    ENDED = "ended"
    REFUSED = "refused"
    """A connection that somebody made came to nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something for the log and the metrics. `words` is a sentence; `why` and `peer` are None where there is none yet.

    Refusals are told a few times a second at most; `untold` others came before this one.
    """

    what: What
    words: str
    address: str
    dialled: bool
    peer: Did | None = None
    why: Why | None = None
    untold: int = 0


@dataclass(frozen=True, slots=True)
class WireStats:
    """One wire in numbers. Bytes are those of the carrier's own records, before encryption."""

    sent_bytes: int
    received_bytes: int
    queued_bytes: int
    """Handed over and not yet sent, on the control stream."""
    channels: int
    round_trip_s: float | None
    """Of the last ping; None before the first answer."""
    age_s: float
    quiet_s: float
    """How long the peer has said nothing."""


class Channel(Protocol):
    """A stream of bytes beside the control stream, for one transfer. Each direction ends on its own.

    One task may send while another receives. A channel that is not wanted any more must be closed.
    """

    @property
    def purpose(self) -> str:
        """What the opener said it is for, like `git/<stream>`."""
        ...

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, waiting while the peer does not take it; raises `ChannelClosed` or `WireClosed`."""
        ...

    async def send_eof(self) -> None:
        """Say that nothing more comes in this direction."""
        ...

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has come, at least one byte; `b""` after the peer's last. Raises `ChannelClosed` or `WireClosed`."""
        ...

    def reset(self, words: str) -> None:
        """Give it up in both directions; the peer's calls raise `ChannelClosed` with these words."""
        ...

    async def aclose(self) -> None:
        """Done with it. Whatever has not been sent or received by now is given up."""
        ...


class Wire(Protocol):
    """One connection with one peer, open in both directions."""

    @property
    def peer(self) -> Did:
        """Whose key the other end has proven to hold."""
        ...

    @property
    def address(self) -> str:
        """Where the other end is, for people and logs: `203.0.113.7:4040`."""
        ...

    @property
    def dialled(self) -> bool:
        """Whether this side dialled."""
        ...

    @property
    def closed(self) -> WireClosed | None:
        """Why it has ended, or None while it is open."""
        ...

    async def send(self, frame: bytes) -> None:
        """Put a frame on the control stream after all before it; waits while much is queued."""
        ...

    def post(self, frame: bytes) -> None:
        """Put a frame on the control stream without waiting.

        A peer for whom too much is queued is dropped (`Why.STALLED`). On a wire that has ended it does nothing:
        `receive` tells.
        """
        ...

    async def drained(self, bytes_max: int = 0) -> None:
        """Wait until no more than this is queued on the control stream; raises `WireClosed`."""
        ...

    async def receive(self) -> bytes:
        """Bytes of the control stream as they came, cut anywhere; raises `WireClosed` once there are no more."""
        ...

    async def open(self, purpose: str) -> Channel:
        """Open a channel; waits while as many are open as may be. `purpose` has 1 to 256 characters."""
        ...

    async def accept(self) -> Channel:
        """The next channel that the peer opened; raises `WireClosed`. What nobody accepts takes little room."""
        ...

    def pause(self) -> None:
        """Send no data and take no more of it, until `resume`; the wire itself stays alive."""
        ...

    def resume(self) -> None:
        """End a pause."""
        ...

    def stats(self) -> WireStats:
        """Numbers for metrics and status pages."""
        ...

    async def aclose(self, why: Why = Why.DONE, words: str = "") -> None:
        """Send what is queued, say why, and end the wire; it takes no more than the closing deadline."""
        ...


class Carrier(Protocol):
    """Makes wires with other nodes, at most one with each peer.

    Every wire, whoever dialled it, is given to the handler in a task of its own, and closed when the handler
    returns. `WireClosed` and `ChannelClosed` may leave the handler; any other exception is a bug and stops the carrier.
    """

    @property
    def did(self) -> Did:
        """This node's name, which every peer sees proven."""
        ...

    async def run(self, handler: Handler, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry wires until cancelled; everything else works after it has started."""
        ...

    async def listen(self, host: str, port: int) -> int:
        """Take connections at an address of this machine from now on; the port, chosen if 0 was given."""
        ...

    async def dial(self, address: PeerAddress, *, admits: Admits | None = None) -> Wire:
        """The wire with that peer: a new one, or the one there is. Raises `WireClosed`.

        `admits(host, ip)` is asked before a connection to what a name resolved to; None lets all pass.
        """
        ...

    async def stop(self, words: str) -> None:
        """Take no more connections, and end the wires in good order (`Why.STOPPING`), so that peers know why."""
        ...

    def wires(self) -> tuple[Wire, ...]:
        """The wires there are."""
        ...

    def wire(self, peer: Did) -> Wire | None:
        """The wire with a peer, if there is one."""
        ...
