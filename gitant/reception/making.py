"""A new principal for somebody who wants none of keys: made here, handed out once, and kept only as a device of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.authority.enrolment import Certificate, certify
from domain.envelope import RawEvent, seal
from domain.fold.kind import write_payload
from domain.identity.certificates import SignedCertificate
from domain.identity.created import IdentityCreated
from domain.identity.described import IdentityDescribed
from domain.identity.device_enrolled import DeviceEnrolled
from domain.keys import KEY_BYTES, SigningKey
from domain.limits import NONCE_BYTES, SALT_BYTES
from domain.ports_accounts import KeptDevice
from gitant.recovery import root_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event
    from domain.fold.kind import Payload
    from domain.ids import Did
    from gitant.custody import Vault


class Made(NamedTuple):
    """A principal: its did, the device that this node keeps, the events that begin its identity, the recovery line."""

    did: Did
    device: KeptDevice
    events: list[RawEvent]
    recovery: str


def make_principal(
    name: str, display_name: str, *, node: Did, vault: Vault, now_ms: int, random_bytes: Callable[[int], bytes]
) -> Made:
    """Make one. Nothing of the root key stays but what is in the recovery line."""
    seed = random_bytes(KEY_BYTES)
    root = SigningKey(seed)
    device, sealed = vault.seal(random_bytes(KEY_BYTES))
    link = certify(Certificate(root.did, device, (), node), root)
    begin = _sealed(
        {
            "kind": "identity.created.v1",
            "seq": 1,
            "parents": [],
            "lamport": 1,
            "time": now_ms,
            "roots": [root.did],
            "threshold": 1,
            "nonce": random_bytes(NONCE_BYTES),
        },
        IdentityCreated(name=name),
        root,
        random_bytes,
    )
    events = [begin]
    enrolled = DeviceEnrolled(certificates=[SignedCertificate(certificate=link[0], signature=link[1])])
    events.append(_next(events, "identity.device_enrolled.v1", enrolled, root, random_bytes))
    if display_name:
        described = IdentityDescribed(replaces=[bytes(begin.id)], display_name=display_name)
        events.append(_next(events, "identity.described.v1", described, root, random_bytes))
    return Made(
        root.did,
        KeptDevice(device, root.did, sealed, (link,), now_ms),
        [RawEvent(event.header, event.signature, event.payload) for event in events],
        root_text(seed),
    )


def _next(
    events: list[Event], kind: str, payload: Payload, root: SigningKey, random_bytes: Callable[[int], bytes]
) -> Event:
    """The next event of an identity stream that nobody else has written in yet."""
    genesis, last = events[0], events[-1]
    fields: dict[str, object] = {
        "kind": kind,
        "stream": genesis.id,
        "entity": bytes(genesis.id),
        "seq": last.seq + 1,
        "prev": last.id,
        "parents": [last.id],
        "lamport": last.lamport + 1,
        "time": last.time,
    }
    return _sealed(fields, payload, root, random_bytes)


def _sealed(
    fields: dict[str, object], payload: Payload, root: SigningKey, random_bytes: Callable[[int], bytes]
) -> Event:
    problem = payload.problem()
    assert not problem, problem
    return seal(fields, write_payload(payload, random_bytes(SALT_BYTES)), root)
