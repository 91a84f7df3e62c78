"""Principals and where their signed events go on: heads of streams for whoever signs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from litestar import get
from litestar.params import PathParameter, QueryParameter

from api import gate, shapes
from api.asking import Asking
from api.did import did_document
from api.params import Repo
from api.reply import Reply, read_value
from domain.errors import InvalidInput, NotFound
from domain.ids import DeviceKey, Did, StreamId, is_hex_id
from domain.keys import is_did, is_sound_key, key_of

if TYPE_CHECKING:
    from domain.ports_views import Views

AgentName = Annotated[str, PathParameter(name="did", description="A principal: its did:key.")]
Device = Annotated[
    str, QueryParameter(description="The key that will sign: its did:key, or 64 hexadecimal digits.", max_length=100)
]


@get("/api/v1/repos/{id:str}/heads", sync_to_thread=False, responses=shapes.shows(shapes.Heads))
def show_repo_heads(request: Asking, repo: Repo, device: Device) -> Reply:
    """What a device's next event in a repository says of its past, for signing without this node."""
    row = gate.readable(request, repo)
    return _heads(request, row.id, device)


@get("/api/v1/agents/{did:str}/heads", sync_to_thread=False, responses=shapes.shows(shapes.Heads))
def show_agent_heads(request: Asking, did: AgentName, device: Device) -> Reply:
    """The same of a principal's own identity stream."""
    stream, _ = identity_of(request.ports.views, did)
    return _heads(request, stream, device)


@get("/api/v1/agents/resolve/{did:str}", sync_to_thread=False, responses=shapes.shows(dict[str, Any]))
def resolve_agent(request: Asking, did: AgentName) -> Reply:
    """A principal's DID document: its root key, and the devices that its identity here names."""
    if not is_did(did):
        raise NotFound(f"{did[:100]!r} is no did:key", hint="an agent is named by its did:key")
    return read_value(request, did_document(request.ports.views, Did(did)))


def identity_of(views: Views, did: str) -> tuple[StreamId, bytes]:
    """A principal's identity stream and document; raises `NotFound` where it is not here."""
    found = views.identity(Did(did)) if is_did(did) else None
    if found is None:
        raise NotFound(f"the identity of {did[:100]!r} is not here", hint="an agent is named by its did:key")
    return found


def _heads(request: Asking, stream: StreamId, device: str) -> Reply:
    heads = request.ports.views.heads(stream, _device(device))
    return read_value(
        request,
        {
            "stream": stream.hex(),
            "parents": [name.hex() for name in heads.parents],
            "seq": heads.seq,
            "prev": None if heads.prev is None else heads.prev.hex(),
            "lamport": heads.lamport,
        },
    )


def _device(text: str) -> DeviceKey:
    key = bytes.fromhex(text) if is_hex_id(text) else key_of(text) if is_did(text) else b""
    if not is_sound_key(key):
        raise InvalidInput("a device is a did:key, or 64 hexadecimal digits", field="device")
    return DeviceKey(key)
