"""Keys that this node keeps for others: sealed at rest, and taken out to sign with."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import Damaged
from domain.keys import KEY_BYTES, SigningKey
from domain.pen import Pen

if TYPE_CHECKING:
    from domain.ids import DeviceKey, Did
    from domain.ports_accounts import KeptDevice, KeptDevices, Known

_LABEL: Final = b"gitant/custody/v1"
_NONCE_BYTES: Final = 12
OPEN_MAX: Final = 256
"""Keys of so many people stay unsealed in the writer's memory."""


@final
class Vault:
    """Seals seeds under a key that is derived from the node's own, so that a copy of the database signs nothing."""

    __slots__ = ("_box",)

    def __init__(self, node_seed: bytes) -> None:
        key = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_LABEL).derive(node_seed)
        self._box = ChaCha20Poly1305(key)

    def seal(self, seed: bytes) -> tuple[DeviceKey, bytes]:
        """The public key of a seed, and what to keep."""
        device = SigningKey(seed).device
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return device, nonce + self._box.encrypt(nonce, seed, _LABEL + device)

    def open(self, device: DeviceKey, sealed: bytes) -> SigningKey:
        """The key again; raises `Damaged` for what was sealed for another device, or by another node."""
        try:
            return SigningKey(self._box.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _LABEL + device))
        except (InvalidTag, ValueError) as fault:
            raise Damaged(
                "a key that this node keeps for somebody cannot be unsealed",
                hint="identity.key and accounts.sqlite belong together: restore both from one backup",
            ) from fault


@final
class Custody:
    """`Pens`: the custodial devices of accounts that are active, and of those who have no account here."""

    def __init__(self, devices: KeptDevices, known: Known, vault: Vault) -> None:
        self._devices = devices
        self._known = known
        self._vault = vault
        self._open: dict[Did, tuple[KeptDevice, Pen]] = {}

    def pen(self, did: Did) -> Pen | None:
        """With what the node signs for somebody now."""
        kept = self._devices.device_of(did)
        if kept is None or kept.chain is None or not self._known.is_active(did):
            return None
        found = self._open.get(did)
        if found is None or found[0] != kept:
            if len(self._open) >= OPEN_MAX:
                self._open.clear()
            found = self._open[did] = (kept, Pen(self._vault.open(kept.device, kept.sealed), did, kept.chain))
        return found[1]
