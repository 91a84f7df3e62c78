"""What the routes about peers answer."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from api.shapes import Activity


class Peer(Struct):
    """A node that this one knows or is connected with.

    `addresses` is where it can be dialled, `fault` why it is not connected, or what one of the two just told the other
    that it cannot do, in a sentence. `streams` are shared with it, and it is ahead in `behind` feeds of them.
    """

    did: str
    addresses: list[str]
    source: Literal["added", "exchange", "mdns", "inbound"]
    connected: bool
    blocked: bool
    paused: bool
    address: str
    """Where the other end of the connection is."""
    dialled: bool
    fault: str
    last_met: str | None
    round_trip_ms: float | None
    streams: int
    behind: int


class Peers(Struct):
    """All peers, those that are connected first."""

    peers: list[Peer]


class Removed(Struct):
    """What was removed from this node."""

    events: int
    attachments: int


class Follow(Struct):
    """Something that is replicated: `id` is a repository's, a did, or `all`."""

    id: str
    kind: Literal["repo", "principal", "all"]
    added_at: str


class Follows(Struct):
    """All that is replicated."""

    follows: list[Follow]


class SyncPeer(Struct):
    """How a repository stands with one connected peer; `behind` feeds are ahead there."""

    did: str
    state: str
    behind: int
    received: int
    declined: int


class RepoSync(Struct):
    """What this node has of a repository, and how that compares with its peers."""

    log_digest: str
    view_digest: str
    refs_digest: str
    objects: Literal["present", "fetching", "missing"]
    peers: list[SyncPeer]


class NetworkStatus(Struct):
    """The network of this node at one look."""

    did: str
    peer_address: str | None
    connected: int
    known: int
    streams: dict[str, dict[str, int]]
    """By stream, how many connected peers are in which state."""
    paused: bool
    """Whether somebody has this node pause with all."""
    restarts: int
    fault: str
    """How often the process that talks with peers died since the node started, and of what the last time."""


class Overlay(Struct):
    """A node among others: `peer_id` is its did, `addrs` where it takes peers, `peers` how many it knows."""

    enabled: bool
    peer_id: str
    addrs: list[str]
    peers: int
    connected: list[str]


class Bootstrap(Struct):
    """Addresses to begin with."""

    peers: list[str]


class SharedEvents(Struct):
    """A page of what is shared with everybody, newest first."""

    events: list[Activity]


class FoundNode(Struct):
    """A node that holds something, where it can be dialled, and whether it can be reached now."""

    did: str
    addresses: list[str]
    connected: bool


class Discovered(Struct):
    """Who holds something of a principal, and the newest it did."""

    did: str
    nodes: list[FoundNode]
    events: list[Activity]
