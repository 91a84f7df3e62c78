"""Pauses: not talking with one peer, or with any, until somebody says otherwise; kept through restarts."""

from __future__ import annotations

import time

from litestar import delete, put

from api import shapes, shapes_network
from api.asking import Asking
from api.gate import operators
from api.reply import Reply, read_value
from api.routes.network import PeerDid, peer_shown, peering_of
from api.writing import refuse_condition
from domain.errors import NotFound
from domain.keys import key_of
from domain.ports_peers import ALL_PEERS

_PEER = "/api/v1/peers/{did:str}/pause"
_ALL = "/api/v1/network/pause"


@put(_PEER, guards=[operators], responses=shapes.shows(shapes_network.Peer))
async def pause_peer(request: Asking, did: PeerDid) -> Reply:
    """Hang up on a node and talk with it no more until it is resumed; it is told so. What both hold stays."""
    refuse_condition(request)
    key_of(did)
    await _pause(request, did)
    return read_value(request, await peer_shown(request, did))


@delete(_PEER, status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def resume_peer(request: Asking, did: PeerDid) -> Reply:
    """Talk with a node again, and get what was missed."""
    refuse_condition(request)
    await _resume(request, did, f"{did} is not paused here")
    return Reply(b"", status=204)


@put(_ALL, status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def pause_network(request: Asking) -> Reply:
    """Hang up on all nodes and talk with none until that is taken back."""
    refuse_condition(request)
    await _pause(request, ALL_PEERS)
    return Reply(b"", status=204)


@delete(_ALL, status_code=200, guards=[operators], responses=shapes.shows(None, status=204))
async def resume_network(request: Asking) -> Reply:
    """Talk with other nodes again; those that are paused by themselves stay so."""
    refuse_condition(request)
    await _resume(request, ALL_PEERS, "this node does not pause")
    return Reply(b"", status=204)


async def _pause(request: Asking, name: str) -> None:
    peering = peering_of(request)
    peering.book.shun("pause", name, time.time_ns() // 1_000_000)
    await peering.changed()


async def _resume(request: Asking, name: str, otherwise: str) -> None:
    peering = peering_of(request)
    if not peering.book.unshun("pause", name):
        raise NotFound(otherwise)
    await peering.changed()
