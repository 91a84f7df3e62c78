"""Key files: a principal's or a device's private key outside of any node, sealed with a passphrase.

The format is in docs/identity.md. Nothing here asks anybody anything, and nothing of a seed is ever shown.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from domain.authority.enrolment_text import chain_of, chain_text, last_of
from domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from domain.ids import DeviceKey, Did
from domain.keys import KEY_BYTES, SigningKey, did_of, key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.authority.enrolment import Chain

FORMAT: Final = "gitant-key/v1"
FILE_BYTES_MAX: Final = 64 << 10
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
SCRYPT_N: Final = 1 << 17
"""With r 8, a guess takes 128 MiB and some tenths of a second."""
SCRYPT_N_MAX: Final = 1 << 20
Purpose = Literal["root", "recovery", "device"]


class Plain(msgspec.Struct, frozen=True, tag="none", tag_field="kdf", forbid_unknown_fields=True):
    """A seed that nothing seals: whoever can read the file has the key."""

    seed: str


class Sealed(msgspec.Struct, frozen=True, tag="scrypt", tag_field="kdf", forbid_unknown_fields=True):
    """A seed under ChaCha20-Poly1305, with a key that scrypt makes of the passphrase."""

    n: Annotated[int, msgspec.Meta(ge=1 << 14, le=SCRYPT_N_MAX)]
    r: Annotated[int, msgspec.Meta(ge=8, le=16)]
    p: Annotated[int, msgspec.Meta(ge=1, le=4)]
    salt: str
    nonce: str
    box: str


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, as JSON."""

    format: str
    did: str
    purpose: Purpose
    secret: Plain | Sealed
    certificates: list[str] = []


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file as read. The private key stays sealed until `unlock`."""

    did: Did
    """The did:key of this very key; the principal it acts for is `principal`."""
    purpose: Purpose
    secret: Plain | Sealed
    chains: tuple[Chain, ...] = ()

    @property
    def device(self) -> DeviceKey:
        """The public key."""
        return key_of(self.did)

    @property
    def sealed(self) -> bool:
        """Whether it takes a passphrase."""
        return isinstance(self.secret, Sealed)

    @property
    def principal(self) -> Did:
        """For whom it acts: whose certificate it holds, else itself."""
        return last_of(self.chains[-1]).principal if self.chains else self.did

    def unlock(self, passphrase: Callable[[], bytes]) -> SigningKey:
        """The private key; raises `Forbidden` for another passphrase. It is asked for only where one is needed."""
        if isinstance(self.secret, Plain):
            seed = _bytes(self.secret.seed)
        else:
            seed = _unsealed(self.secret, passphrase(), self.did)
        if len(seed) != KEY_BYTES:
            raise InvalidInput("the key file is damaged", hint="take a copy of it")
        key = SigningKey(seed)
        if key.did != self.did:
            raise InvalidInput("the key file names another key than it holds", hint="take a copy of it")
        return key

    def with_chain(self, chain: Chain) -> KeyFile:
        """The same with one certificate more; raises `InvalidInput` for one that is for another device."""
        if last_of(chain).device != self.device:
            raise InvalidInput(f"the certificate is for {did_of(last_of(chain).device)}, and the key is {self.did}")
        return self if chain in self.chains else replace(self, chains=(*self.chains, chain))


def make(seed: bytes, purpose: Purpose, passphrase: bytes | None, random_bytes: Callable[[int], bytes]) -> KeyFile:
    """A key file for a new seed; no passphrase leaves it plain."""
    did = SigningKey(seed).did
    if passphrase is None:
        return KeyFile(did, purpose, Plain(_text(seed)))
    salt, nonce = random_bytes(SALT_BYTES), random_bytes(NONCE_BYTES)
    box = ChaCha20Poly1305(_stretched(passphrase, salt, SCRYPT_N, 8, 1)).encrypt(nonce, seed, _bound(did))
    return KeyFile(did, purpose, Sealed(SCRYPT_N, 8, 1, _text(salt), _text(nonce), _text(box)))


def read(path: Path) -> KeyFile:
    """A key file; raises `NotFound`, `InvalidInput`, or `Forbidden` for a plain key that others could read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as fault:
        raise NotFound(f"there is no key file {path}", hint="make one with: gitant identity new") from fault
    except IsADirectoryError as fault:
        raise InvalidInput(f"{path} is a folder, and a key is a file") from fault
    try:
        written = msgspec.json.decode(data[:FILE_BYTES_MAX], type=_Written)
    except msgspec.DecodeError as fault:
        raise InvalidInput(f"{path} is no key file: {fault}") from fault
    if written.format != FORMAT:
        raise InvalidInput(f"{path} is in the format {written.format[:40]!r}; this Gitant reads {FORMAT}")
    key_of(written.did)
    if isinstance(written.secret, Plain) and stat.S_IMODE(mode) & 0o077:
        raise Forbidden(f"others can read {path}, and no passphrase seals it", hint=f"chmod 600 {path}")
    chains = tuple(map(chain_of, written.certificates))
    file_ = KeyFile(Did(written.did), written.purpose, written.secret)
    for chain in chains:
        file_ = file_.with_chain(chain)
    return file_


def write(path: Path, key: KeyFile, *, new: bool) -> None:
    """Write a key file, readable by its owner only; a `new` one never replaces another."""
    written = _Written(FORMAT, key.did, key.purpose, key.secret, [chain_text(chain) for chain in key.chains])
    data = msgspec.json.format(msgspec.json.encode(written), indent=2) + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = path if new else path.with_name(f".{path.name}.new")
    if not new:
        with suppress(FileNotFoundError):
            target.unlink()
    write_secret(target, data)
    if not new:
        target.replace(path)


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read; raises `Conflict` where one is there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as fault:
        raise Conflict(f"{path} is there already", hint="choose another name; keys are never replaced") from fault
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _unsealed(secret: Sealed, passphrase: bytes, did: str) -> bytes:
    if secret.n & (secret.n - 1):
        raise InvalidInput("the key file is damaged: n is no power of two")
    salt, nonce = _bytes(secret.salt), _bytes(secret.nonce)
    if len(nonce) != NONCE_BYTES:
        raise InvalidInput("the key file is damaged", hint="take a copy of it")
    try:
        return ChaCha20Poly1305(_stretched(passphrase, salt, secret.n, secret.r, secret.p)).decrypt(
            nonce, _bytes(secret.box), _bound(did)
        )
    except InvalidTag as fault:
        raise Forbidden("that is not the passphrase of this key file") from fault


def _stretched(passphrase: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)


def _bound(did: str) -> bytes:
    """What the box is bound to, so that it cannot be put under another name."""
    return f"{FORMAT}\0{did}".encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise InvalidInput("the key file is damaged", hint="take a copy of it") from fault
