"""Ed25519 keys and did:key names (RFC 8032; W3C did:key with multicodec 0xed01, base58btc).

OpenSSL takes public keys of small order, for which one fixed signature fits every message, and encodings that
are not canonical. Both are refused here, so that every implementation of the format refuses the same bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import InvalidInput
from domain.ids import DeviceKey, Did

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_PRIME: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_Y_OF_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y: Final = frozenset({0, 1, _PRIME - 1, _Y_OF_ORDER_8, _PRIME - _Y_OF_ORDER_8})
_SMALL_ORDER_POINTS: Final = frozenset(
    (y | sign << 255).to_bytes(32, "little") for y in _SMALL_ORDER_Y for sign in (0, 1)
)
_ORDER_TOP: Final = _ORDER >> 248
_LOWER_255: Final = 2**255 - 1
_MULTICODEC: Final = b"\xed\x01"
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DID_PREFIX: Final = "did:key:z"
_DID_CHARS_MAX: Final = 64


class SigningKey:
    """A device's private key; never printed, never put into a repr."""

    __slots__ = ("_key", "device", "did")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.device = DeviceKey(self._key.public_key().public_bytes_raw())
        self.did = did_of(self.device)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`."""
        return self._key.sign(message)


@lru_cache(maxsize=4096)
def is_sound_key(key: bytes) -> bool:
    """Whether `key` is a canonical encoding of a point that is not of small order."""
    if len(key) != KEY_BYTES:
        return False
    return _is_sound_point(key)


def is_sound_signature(signature: bytes) -> bool:
    """Whether a signature is canonically encoded: R a sound point, S below the group order."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    if signature[63] < _ORDER_TOP and signature[31] & 0x7F < 0x7F:  # nearly all: S and y are small enough at a glance
        return signature[:32] not in _SMALL_ORDER_POINTS
    return int.from_bytes(signature[32:], "little") < _ORDER and _is_sound_point(signature[:32])


def _is_sound_point(encoded: bytes) -> bool:
    y = int.from_bytes(encoded, "little") & _LOWER_255
    return y < _PRIME and y not in _SMALL_ORDER_Y


def verify(key: DeviceKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is the sound key's over `message`."""
    try:
        _public(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def _public(key: DeviceKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)


@lru_cache(maxsize=4096)
def did_of(key: DeviceKey) -> Did:
    """The did:key that names a public key."""
    return Did(_DID_PREFIX + _base58(_MULTICODEC + key))


@lru_cache(maxsize=4096)
def key_of(did: str) -> DeviceKey:
    """The public key that a did:key names; raises `InvalidInput` for any other text."""
    if not did.startswith(_DID_PREFIX) or len(did) > _DID_CHARS_MAX:
        raise InvalidInput("a principal is named by a did:key of an Ed25519 key, like did:key:z6Mk…", field="did")
    raw = _unbase58(did[len(_DID_PREFIX) :])
    key = raw[2:]
    if raw[:2] != _MULTICODEC or not is_sound_key(key) or did_of(DeviceKey(key)) != did:
        raise InvalidInput("the did:key does not name a sound Ed25519 key", field="did")
    return DeviceKey(key)


def is_did(text: str) -> bool:
    """Whether `text` is a did:key that `key_of` would take."""
    try:
        key_of(text)
    except InvalidInput:
        return False
    return True


def _base58(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return _ALPHABET[0] * zeros + digits


def _unbase58(text: str) -> bytes:
    number = 0
    for char in text:
        digit = _ALPHABET.find(char)
        if digit < 0:
            raise InvalidInput("the did:key holds a character that base58 does not use", field="did")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip(_ALPHABET[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
