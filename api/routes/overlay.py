"""The network as others look at it: where to begin, what is shared with everybody, who holds what of a principal."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter

from api import shapes, shapes_network
from api.asking import Asking
from api.gate import operators
from api.paging import page, page_size
from api.params import After, Limit, PerPage
from api.reply import Reply, read_value
from api.routes.network import peering_of, peers_shown
from domain.actor import ANONYMOUS
from domain.ids import Did
from domain.keys import key_of

EVENTS_FOUND_MAX: Final = 25
Sought = Annotated[str, QueryParameter(description="A principal's or a node's did:key.", max_length=100)]


@get("/api/v1/network/peers", guards=[operators], responses=shapes.shows(shapes_network.Overlay))
async def show_overlay(request: Asking) -> Reply:
    """This node among others: its name and addresses, and whom it is connected with."""
    peering = peering_of(request)
    peers = await peers_shown(request)
    address = [peering.address] if peering.address is not None else []
    connected = [peer.did for peer in peers if peer.connected]
    did = request.ports.node.did
    return read_value(request, shapes_network.Overlay(bool(address or peers), did, address, len(peers), connected))


@get("/api/v1/network/bootstrap", sync_to_thread=False, responses=shapes.shows(shapes_network.Bootstrap))
def show_bootstrap(request: Asking) -> Reply:
    """Where a new node can begin: this node's own address, for `--peer`; nothing where it takes no peers."""
    address = peering_of(request).address
    return read_value(request, shapes_network.Bootstrap([address] if address is not None else []))


@get("/api/v1/network/events", sync_to_thread=False, responses=shapes.shows(shapes_network.SharedEvents))
def list_shared_events(request: Asking, after: After = None, per_page: PerPage = None, limit: Limit = None) -> Reply:
    """The newest events that any peer may have: those of public repositories, whoever asks."""
    size = page_size(request, per_page, limit)
    return page(request, b"events", lambda: request.ports.views.activity(ANONYMOUS, after=after, limit=size))


@get("/api/v1/federation/discover", responses=shapes.shows(shapes_network.Discovered))
async def discover(request: Asking, did: Sought = "") -> Reply:
    """Nodes that hold something of a principal, as far as this one knows, and the newest it did that all may see.

    Without a `did`: this node, and what happened lately. Other nodes are named to the operator only.
    """
    views, peering = request.ports.views, peering_of(request)
    own, author = request.ports.node.did, None
    if did:
        key_of(did)
        author = Did(did)
    found = views.activity(ANONYMOUS, author=author, limit=EVENTS_FOUND_MAX)
    nodes = list[shapes_network.FoundNode]()
    if author in {None, own} or found.docs or (author and views.identity(author) is not None):
        nodes.append(shapes_network.FoundNode(own, [peering.address] if peering.address is not None else [], True))
    if request.actor.operator:
        for peer in await peers_shown(request):
            if (peer.connected and author is None) or peer.did == author:
                nodes.append(shapes_network.FoundNode(peer.did, peer.addresses, peer.connected))
    events = [msgspec.json.decode(doc, type=shapes.Activity) for doc in found.docs]
    return read_value(request, shapes_network.Discovered(did, nodes, events))
