"""Other nodes: which ones this node talks to, what it replicates, and how far that is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import msgspec
from litestar import delete, get, post, put
from litestar.params import JSONBody, PathParameter

from api import shapes, shapes_network
from api.asking import Asking
from api.forms_network import Comparing, NewFollow, NewPeer
from api.gate import operators, readable
from api.params import Repo
from api.people import rfc3339
from api.reply import Reply, encode_json, read_value
from api.writing import refuse_condition
from domain.errors import InvalidInput, NotFound, Unavailable
from domain.keys import is_did, key_of
from domain.ports_peers import ALL_PEERS

if TYPE_CHECKING:
    from domain.ports_peers import KnownPeer, Peering

ALL: Final = "all"
PeerDid: TypeAlias = Annotated[str, PathParameter(name="did", description="A node's did:key.")]
FollowName: TypeAlias = Annotated[
    str, PathParameter(name="id", description="What is followed: a repository's id, a did:key, or `all`.")
]
_PEER: Final = "/api/v1/peers/{did:str}"


@get("/api/v1/peers", guards=[operators], responses=shapes.shows(shapes_network.Peers))
async def list_peers(request: Asking) -> Reply:
    """The nodes that this one knows or is connected with, those that are connected first."""
    return read_value(request, shapes_network.Peers(await peers_shown(request)))


@post("/api/v1/peers", guards=[operators], responses=shapes.shows(shapes_network.Peer, status=201))
async def add_peer(request: Asking, data: JSONBody[NewPeer]) -> Reply:
    """Connect with a node, now and whenever that is lost; one that cannot be reached is tried for ever."""
    peering = peering_of(request)
    address, did = peering.parse(data.address)
    if did == request.ports.node.did:
        raise InvalidInput("that is this node itself", field="address")
    peering.book.add_peer(address, did, "added", _now_ms())
    await peering.changed()
    return _made(await peer_shown(request, did))


@get(_PEER, guards=[operators], responses=shapes.shows(shapes_network.Peer))
async def show_peer(request: Asking, did: PeerDid) -> Reply:
    """One node."""
    return read_value(request, await peer_shown(request, did))


@delete(_PEER, status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def remove_peer(request: Asking, did: PeerDid) -> Reply:
    """Forget where a node is. It may still connect; a block keeps it from that."""
    refuse_condition(request)
    peering = peering_of(request)
    if not peering.book.remove_peer(did):
        raise NotFound(f"{did} was not added here")
    await peering.changed()
    return Reply(b"", status=204)


@put(f"{_PEER}/block", guards=[operators], responses=shapes.shows(shapes_network.Peer))
async def block_peer(request: Asking, did: PeerDid) -> Reply:
    """Talk with a node no more, whoever connects; what it gave stays."""
    refuse_condition(request)
    peering = peering_of(request)
    _check_did(did)
    peering.book.shun("peer", did, _now_ms())
    await peering.changed()
    return read_value(request, await peer_shown(request, did))


@delete(f"{_PEER}/block", status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def unblock_peer(request: Asking, did: PeerDid) -> Reply:
    """Talk with a node again."""
    refuse_condition(request)
    peering = peering_of(request)
    if not peering.book.unshun("peer", did):
        raise NotFound(f"{did} is not blocked here")
    await peering.changed()
    return Reply(b"", status=204)


@get("/api/v1/follows", guards=[operators], responses=shapes.shows(shapes_network.Follows))
async def list_follows(request: Asking) -> Reply:
    """What this node replicates beside what is on it."""
    rows = peering_of(request).book.follows()
    return read_value(
        request,
        shapes_network.Follows([_follow(row.sort, row.name, row.added_ms) for row in rows]),
    )


@post("/api/v1/follows", guards=[operators], responses=shapes.shows(shapes_network.Follow, status=201))
async def add_follow(request: Asking, data: JSONBody[NewFollow]) -> Reply:
    """Replicate a repository, everything of a principal, or all; from whichever peer has it, now or some day."""
    peering = peering_of(request)
    given = [data.repo is not None, data.principal is not None, data.all]
    if sum(given) != 1:
        raise InvalidInput("name one of repo, principal and all", hint='send {"repo": "<id>"}, say')
    now = _now_ms()
    if data.repo is not None:
        name = data.repo.lower()
        peering.book.follow("repo", name, now)
        peering.book.unshun("repo", name)
        made = _follow("repo", name, now)
    elif data.principal is not None:
        _check_did(data.principal)
        peering.book.follow("principal", data.principal, now)
        made = _follow("principal", data.principal, now)
    else:
        peering.book.follow("all", "", now)
        made = _follow("all", "", now)
    await peering.changed()
    return _made(made)


@delete("/api/v1/follows/{id:str}", status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def remove_follow(request: Asking, follow: FollowName) -> Reply:
    """Replicate something no more; what is here of it stays, and is kept up to date while peers share it."""
    refuse_condition(request)
    peering = peering_of(request)
    if follow == ALL:
        found = peering.book.unfollow("all", "")
    elif is_did(follow):
        found = peering.book.unfollow("principal", follow)
    else:
        found = peering.book.unfollow("repo", follow.lower())
    if not found:
        raise NotFound(f"{follow} is not followed here")
    await peering.changed()
    return Reply(b"", status=204)


@get("/api/v1/repos/{id:str}/sync", responses=shapes.shows(shapes_network.RepoSync))
async def show_sync(request: Asking, repo: Repo) -> Reply:
    """How this node's copy of a repository compares with those of its peers."""
    row = readable(request, repo)
    peering = peering_of(request)
    found = await peering.digests(row.id)
    said = await peering.ask("sync", stream=row.id.hex())
    doc = {**found, "objects": said.get("objects", "present"), "peers": said.get("peers", [])}
    return read_value(request, msgspec.convert(doc, shapes_network.RepoSync))


@get("/api/v1/network/status", guards=[operators], responses=shapes.shows(shapes_network.NetworkStatus))
async def show_network(request: Asking) -> Reply:
    """The network of this node at one look."""
    peering = peering_of(request)
    peers = await peers_shown(request)
    streams = (await peering.ask("streams")).get("streams", {})
    connected = sum(peer.connected for peer in peers)
    restarts, fault = peering.faring()
    paused = ALL_PEERS in peering.book.shunned("pause")
    told = (request.ports.node.did, peering.address, connected, len(peers), streams, paused, restarts, fault)
    return read_value(request, shapes_network.NetworkStatus(*told))


@post("/api/v1/network/compare", status_code=202, guards=[operators], responses=shapes.shows(None, status=202))
async def compare_now(request: Asking, data: JSONBody[Comparing]) -> Reply:
    """Compare with all connected peers now, and get what is missing."""
    peering = peering_of(request)
    if not await peering.ask("status"):
        raise Unavailable(
            "this node has no peers yet, or only begins to talk with them",
            hint="`gitant peer list` shows them; add one: gitant peer add did:key:…@host:port",
        )
    await peering.ask("compare", thorough=data.thorough)
    return Reply(b"", status=202)


async def peers_shown(request: Asking) -> list[shapes_network.Peer]:
    """All peers, those that are connected first."""
    peering = peering_of(request)
    said = await peering.ask("status")
    wires: dict[str, Any] = {wire["did"]: wire for wire in said.get("wires", [])}
    known: dict[str, list[KnownPeer]] = {}
    for row in peering.book.peers():
        known.setdefault(row.did, []).append(row)
    blocked, paused = set(peering.book.shunned("peer")), set(peering.book.shunned("pause"))
    attempts: dict[str, Any] = said.get("attempts", {})
    complaints: dict[str, str] = said.get("complaints", {})
    found = [
        _shown(
            *(did, known.get(did, []), wires.get(did), attempts, complaints.get(did, "")),
            blocked=did in blocked,
            paused=not paused.isdisjoint({did, ALL_PEERS}),
        )
        for did in {*wires, *known, *blocked, *paused, *complaints} - {ALL_PEERS}
    ]
    return sorted(found, key=lambda peer: (not peer.connected, peer.did))


async def peer_shown(request: Asking, did: str) -> shapes_network.Peer:
    """One peer; raises `NotFound`."""
    for peer in await peers_shown(request):
        if peer.did == did:
            return peer
    raise NotFound(f"{did} is not known here", hint="add it: gitant peer add did:key:…@host:port")


def _shown(
    did: str,
    rows: list[KnownPeer],
    wire: dict[str, Any] | None,
    attempts: dict[str, Any],
    complaint: str,
    *,
    blocked: bool,
    paused: bool,
) -> shapes_network.Peer:
    met = max((row.met_ms for row in rows if row.met_ms is not None), default=None)
    faults: list[str] = [attempts[row.address]["fault"] for row in rows if row.address in attempts]
    return shapes_network.Peer(
        did=did,
        addresses=[row.address for row in rows],
        source=rows[0].source if rows else "inbound",
        connected=wire is not None,
        blocked=blocked,
        paused=paused,
        address=wire["address"] if wire else "",
        dialled=wire["dialled"] if wire else False,
        fault=complaint if wire else next((fault for fault in (*faults, complaint) if fault), ""),
        last_met=None if met is None else rfc3339(met),
        round_trip_ms=wire["round_trip_ms"] if wire else None,
        streams=wire["streams"] if wire else 0,
        behind=wire["behind"] if wire else 0,
    )


def _follow(sort: str, name: str, added_ms: int) -> shapes_network.Follow:
    return shapes_network.Follow(name or ALL, sort, rfc3339(added_ms))  # type: ignore[arg-type]  # from the table


def _made(value: object) -> Reply:
    return Reply(encode_json(value), status=201)


def _check_did(did: str) -> None:
    key_of(did)


def peering_of(request: Asking) -> Peering:
    """The network; raises `Unavailable` for a node that has none."""
    peering = request.ports.peering
    if peering is None:
        raise Unavailable("this node has no network")
    return peering


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
