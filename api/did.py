"""DID documents: a did:key's own, with the devices that the principal's identity stream enrols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from domain.ids import Did
    from domain.ports_views import Views

_CONTEXT: Final = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]


class _Device(msgspec.Struct):
    did: str
    powers: list[str] = []
    node: str = ""
    repo: str = ""


class _Identity(msgspec.Struct):
    devices: list[_Device] = []
    revoked: list[str] = []


def did_document(views: Views, did: Did) -> dict[str, Any]:
    """The document of any did:key; without an identity here, it says what the did itself says."""
    found = views.identity(did)
    identity = _Identity() if found is None else msgspec.json.decode(found[1], type=_Identity)
    root = _method(did, did)
    devices = [_method(did, device.did) | _marks(device) for device in identity.devices]
    # A key that only enrols others (a recovery key) speaks for nobody day by day.
    acting = [device["id"] for device in devices if not device.get("recovery")]
    # What a device that acts in one repository alone lends, no node takes.
    bound = {_method(did, device.did)["id"] for device in identity.devices if device.repo}
    own = [] if did in identity.revoked else [root["id"]]
    return {
        "@context": _CONTEXT,
        "id": did,
        "verificationMethod": [root, *devices],
        "authentication": [*own, *acting],
        "assertionMethod": [*own, *acting],
        "capabilityDelegation": [*own, *(name for name in acting if name not in bound)],
        "capabilityInvocation": own,
    }


def _method(controller: str, did: str) -> dict[str, Any]:
    key = did.removeprefix("did:key:")
    return {
        "id": f"{controller}#{key}",
        "type": "Multikey",
        "controller": controller,
        "publicKeyMultibase": key,
    }


def _marks(device: _Device) -> dict[str, Any]:
    marks: dict[str, Any] = {"recovery": True} if "enrol" in device.powers else {}
    return marks | ({"custodian": device.node} if device.node else {})
