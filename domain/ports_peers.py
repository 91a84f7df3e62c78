"""The seam to what a node remembers of its peers and of what it replicates; local, never spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.ids import StreamId

Source = Literal["added", "exchange", "mdns"]
"""Who named a peer: a person here, another peer, or the local network."""
Followed = Literal["repo", "principal", "all"]
Shunned = Literal["peer", "principal", "repo", "pause"]
"""A blocked node, a blocked author, a repository that was removed here and is not to come back by itself, or a node
that is not talked to for now (`ALL_PEERS`: any)."""
ALL_PEERS: Final = "*"


class KnownPeer(NamedTuple):
    """A peer's address (`did:key:…@place`), when it was added and last met, in milliseconds since 1970."""

    address: str
    did: str
    source: Source
    added_ms: int
    met_ms: int | None


class Following(NamedTuple):
    """What is replicated: the id of a repository's stream in hex, a principal's did, or (`all`) an empty name."""

    sort: Followed
    name: str
    added_ms: int


class PeerBook(Protocol):
    """What is durable of it when a method returns; several processes use one at a time each."""

    def version(self) -> int:
        """A number that changes when another process changed something; this one's changes may not show."""
        ...

    def peers(self) -> Sequence[KnownPeer]:
        """All known addresses, in the order in which they were added."""
        ...

    def add_peer(self, address: str, did: str, source: Source, now_ms: int) -> bool:
        """Remember an address; False if it was known. A person's word outlasts what others said."""
        ...

    def remove_peer(self, did: str) -> int:
        """Forget all addresses of a peer; how many there were."""
        ...

    def met(self, did: str, now_ms: int) -> None:
        """A peer was connected with at this time."""
        ...

    def follows(self) -> Sequence[Following]:
        """What is replicated."""
        ...

    def follow(self, sort: Followed, name: str, now_ms: int) -> bool:
        """Replicate something more; False if it was replicated before."""
        ...

    def unfollow(self, sort: Followed, name: str) -> bool:
        """Replicate something no more; False if it was not."""
        ...

    def shunned(self, sort: Shunned) -> Sequence[str]:
        """The names that are blocked, or hidden here."""
        ...

    def shun(self, sort: Shunned, name: str, now_ms: int) -> bool:
        """Block somebody, or hide a repository; False if that was so."""
        ...

    def unshun(self, sort: Shunned, name: str) -> bool:
        """Take that back; False if it was not so."""
        ...


class Peering(Protocol):
    """The network as an HTTP worker sees it."""

    @property
    def address(self) -> str | None:
        """Where other nodes connect (`did:key:…@host:port`); None where this one takes no connections."""
        ...

    @property
    def book(self) -> PeerBook:
        """What is remembered; blocking, for a moment."""
        ...

    def parse(self, address: str) -> tuple[str, str]:
        """An address as it is kept, and the did in it; raises `InvalidInput`."""
        ...

    def faring(self) -> tuple[int, str]:
        """How often the network process died since the node started, and of what the last time."""
        ...

    async def changed(self) -> None:
        """The book has changed: have the network look at it, and start it if there was nothing to do before."""
        ...

    async def ask(self, what: str, **more: Any) -> Mapping[str, Any]:
        """What the network says now; an empty answer where there is none, or it starts just now."""
        ...

    async def digests(self, stream: StreamId) -> Mapping[str, str]:
        """`log_digest`, `view_digest` and `refs_digest` of a stream, as `gitant digest` prints them."""
        ...
