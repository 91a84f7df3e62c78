"""The devices of a principal, and those whose keys this node keeps for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from api import shapes
from api.asking import Asking
from api.forms_agents import DeviceOffer
from api.gate import writers
from api.noting import note
from api.reply import Reply, encode_json, read_value
from api.routes.agents import identity_of
from api.shapes_agents import KnownDevice, KnownDevices, NewDevice
from api.whole import agency_of, whole
from api.writing import done, refuse_condition, write
from domain.authority.enrolment_text import chain_of
from domain.errors import Forbidden, NotFound, Unauthenticated
from domain.keys import did_of, is_did, key_of

if TYPE_CHECKING:
    from domain.ids import Did
    from domain.ports_views import Answer

Principal = Annotated[str, PathParameter(name="id", description="A principal: its user name, its did:key, or `@me`.")]
DeviceName = Annotated[str, PathParameter(name="did", description="A device: the did:key of its key.")]


class _Identity(msgspec.Struct):
    devices: list[KnownDevice] = []


@get("/api/v1/users/{id:str}/devices", sync_to_thread=False, responses=shapes.shows(KnownDevices))
def list_devices(request: Asking, user: Principal) -> Reply:
    """The devices that somebody's identity here names and has not ended."""
    name = request.actor.did if user in {"me", "@me"} else user
    if name is None:
        raise Unauthenticated("this needs a login")
    return read_value(request, KnownDevices(known_devices(request, identity_of(request.ports.views, name)[1])))


@post("/api/v1/users/{id:str}/devices", guards=[writers], responses=shapes.shows(NewDevice, status=201))
async def add_device(request: Asking, user: Principal, data: JSONBody[DeviceOffer]) -> Reply:
    """Make a device known by its certificate; without one, have this node make a key to certify: its next step.

    Once the certificate of such a key is here, this node signs with it in the principal's name.
    """
    refuse_condition(request)
    me = _own(request, user)
    if not data.certificate:
        return Reply(encode_json(await make_key(request, me)), status=201)
    return done(await take_certificate(request, me, data.certificate), status=201)


@delete(
    "/api/v1/users/{id:str}/devices/{did:str}",
    status_code=200,
    guards=[writers],
    responses=shapes.shows(None, status=204),
)
async def end_device(request: Asking, user: Principal, device: DeviceName) -> Reply:
    """End a device whose key this node keeps: it signs its own end, and its key is forgotten."""
    refuse_condition(request)
    await end_kept(request, _own(request, user), device)
    return Reply(b"", status=204)


def known_devices(request: Asking, identity: bytes) -> list[KnownDevice]:
    """The devices that an identity's document names and has not ended."""
    found = msgspec.json.decode(identity, type=_Identity)
    node = request.ports.node.did
    return [msgspec.structs.replace(each, kept_here=each.node == node) for each in found.devices]


async def make_key(request: Asking, me: Did) -> NewDevice:
    """Have this node make a key for somebody; what they do next makes it theirs."""
    identity_of(request.ports.views, me)
    device = did_of(await agency_of(request).keeper.make_device(me))
    await note(request, "device.made", device)
    node = request.ports.node.did
    how = f"sign its certificate with the root key, and send that here: gitant identity enroll {device} --node {node}"
    return NewDevice(device, node, how)


async def take_certificate(request: Asking, me: Did, certificate: str) -> Answer:
    """Make a device known by its certificate; if this node has made its key, it signs with it from now on."""
    if await agency_of(request).keeper.enrol(me, chain_of(certificate)):
        await note(request, "device.kept", certificate[:80])
    return await write(request, "identity.enroll", {"did": me, "certificate": certificate})


async def end_kept(request: Asking, me: Did, device: str) -> None:
    """End a device whose key this node keeps for somebody."""
    if not is_did(device):
        raise NotFound("there is no such device")
    if not await agency_of(request).keeper.drop(me, key_of(device)):
        hint = f"end it with the root key: gitant identity revoke {device} --announce URL"
        raise Forbidden("this node keeps no such key of yours, so it cannot sign its end", hint=hint)
    await note(request, "device.ended", device)


def _own(request: Asking, name: str) -> Did:
    """Who asks, who must be the one that the address names."""
    me = whole(request)
    if name not in {"me", "@me"} and request.ports.views.principal(name) != me:
        raise Forbidden("these are somebody else's devices")
    return me
