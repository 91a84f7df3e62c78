"""Principals and where their signed events go on: heads of streams for whoever signs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import gate, shapes
from api.asking import Asking
from api.did import did_document
from api.forms import EnrolledDevice, ProfileChange
from api.gate import writers
from api.params import Repo
from api.reply import Reply, read, read_value
from api.writing import conditions, done, write
from domain.errors import InvalidInput, NotFound
from domain.ids import DeviceKey, Did, StreamId, is_hex_id
from domain.keys import is_did, is_sound_key, key_of

if TYPE_CHECKING:
    from domain.ports_views import Views

AgentName = Annotated[str, PathParameter(name="did", description="A principal: its did:key, or its user name here.")]
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


@get("/api/v1/agents/{did:str}", sync_to_thread=False, responses=shapes.shows(shapes.Agent))
def show_agent(request: Asking, did: AgentName) -> Reply:
    """What a principal's identity here says: a name, a profile, devices."""
    return read(request, identity_of(request.ports.views, did)[1])


@patch("/api/v1/agents/{did:str}", guards=[writers], responses=shapes.shows(shapes.Agent))
async def edit_agent(request: Asking, did: AgentName, data: JSONBody[ProfileChange]) -> Reply:
    """Change any of display name, about and website of the operator's own profile."""
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
    if not changes:
        raise InvalidInput("there is nothing to change", hint="send display_name, about or website")
    return done(await write(request, "identity.describe", {**whose(request, did), **changes}))


@delete(
    "/api/v1/agents/{did:str}/profile",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(shapes.Agent),
)
async def forget_profile(request: Asking, did: AgentName) -> Reply:
    """Redact every profile that the operator ever wrote; the name stays."""
    return done(await write(request, "identity.forget", whose(request, did)))


@post("/api/v1/agents/{did:str}/devices", guards=[writers], responses=shapes.shows(shapes.Agent, status=201))
async def enroll_device(request: Asking, did: AgentName, data: JSONBody[EnrolledDevice]) -> Reply:
    """Make a device of the operator's known, by the certificate that its root key has signed."""
    args = {"did": request.ports.views.principal(did) or did, "certificate": data.certificate}
    return done(await write(request, "identity.enroll", args), status=201)


def whose(request: Asking, did: str) -> dict[str, str]:
    """The arguments that name whose identity a command changes, and what it is bound to."""
    principal = request.ports.views.principal(did)
    found = request.ports.views.identity(principal) if principal is not None else None
    return {"did": principal or did, **conditions(request, found[1] if found is not None else None)}


@get("/api/v1/agents/resolve/{did:str}", sync_to_thread=False, responses=shapes.shows(dict[str, Any]))
def resolve_agent(request: Asking, did: AgentName) -> Reply:
    """A principal's DID document: its root key, and the devices that its identity here names."""
    if not is_did(did):
        raise NotFound(f"{did[:100]!r} is no did:key", hint="an agent is named by its did:key")
    return read_value(request, did_document(request.ports.views, Did(did)))


def identity_of(views: Views, did: str) -> tuple[StreamId, bytes]:
    """A principal's identity stream and document, by did or user name; raises `NotFound` where it is not here."""
    principal = views.principal(did)
    found = views.identity(principal) if principal is not None else None
    if found is None:
        hint = "an agent is named by its did:key, or by its user name here"
        raise NotFound(f"the identity of {did[:100]!r} is not here", hint=hint)
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
