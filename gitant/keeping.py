"""Keys that this node keeps for people, as an HTTP worker uses them: to lend, to make another, to end one."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, final

from api.threads import in_thread
from domain.actor import Actor
from domain.authority.enrolment_text import chain_text, last_of
from domain.capability.commands import ENROLMENT
from domain.capability.token import DELEGATION, sign_token
from domain.errors import Forbidden, InvalidInput
from domain.keys import KEY_BYTES
from domain.ports_accounts import KeptDevice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.authority.enrolment import Chain
    from domain.ids import DeviceKey, Did
    from domain.keys import SigningKey
    from domain.ports_views import Writer
    from gitant.reception.parts import AccountParts

DOOR = "keeper"


@final
class NodeKeeper:
    """`Keeper` over the accounts' file. `node_key` is asked only where the operator lends."""

    def __init__(self, accounts: AccountParts, writer: Writer, node: Did, node_key: Callable[[], SigningKey]) -> None:
        self._accounts = accounts
        self._writer = writer
        self._node = node
        self._node_key = node_key

    async def lend(self, subject: Did, payload: Mapping[str, Any]) -> bytes:
        return await in_thread(self._lend, subject, payload)

    async def make_device(self, did: Did) -> DeviceKey:
        def make() -> DeviceKey:
            device, sealed = self._accounts.vault().seal(secrets.token_bytes(KEY_BYTES))
            self._accounts.devices.keep(KeptDevice(device, did, sealed, None, time.time_ns() // 1_000_000))
            return device

        return await in_thread(make)

    async def enrol(self, did: Did, chain: Chain) -> bool:
        certificate = last_of(chain)
        kept = await in_thread(self._accounts.devices.device, certificate.device)
        if kept is None or kept.did != did:
            return False
        if certificate.principal != did or certificate.node != self._node:
            raise InvalidInput("the certificate has to name you as principal and this node", field="certificate")
        if certificate.powers or certificate.stream is not None:
            raise InvalidInput("a key that a node keeps has no powers, and acts everywhere", field="certificate")
        whole = KeptDevice(kept.device, did, kept.sealed, chain, kept.made_ms)
        await in_thread(self._accounts.devices.keep, whole)
        return True

    async def drop(self, did: Did, device: DeviceKey) -> bool:
        kept = await in_thread(self._accounts.devices.device, device)
        if kept is None or kept.did != did:
            return False
        current = await in_thread(self._accounts.devices.device_of, did)
        if current is not None and current.device == device:
            actor = Actor(did, door=DOOR)
            await self._writer.send("identity.end_device", actor, {"did": did, "device": bytes(device)})
        await in_thread(self._accounts.devices.drop, device)
        return True

    def _lend(self, subject: Did, payload: Mapping[str, Any]) -> bytes:
        if subject == self._node:
            key = self._node_key()
            return sign_token(DELEGATION, {**payload, "iss": key.did, "sub": subject}, key)
        kept = self._accounts.devices.device_of(subject)
        if kept is None or kept.chain is None or not self._accounts.known.is_active(subject):
            raise Forbidden(
                "this node keeps no key of yours", hint="sign the delegation yourself: gitant ucan delegate --key"
            )
        key = self._accounts.vault().open(kept.device, kept.sealed)
        meta = {ENROLMENT: chain_text(kept.chain)}
        return sign_token(DELEGATION, {**payload, "iss": key.did, "sub": subject, "meta": meta}, key)
