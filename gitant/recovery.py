"""A recovery key as it is handed out once: one line that holds its seed and its certificate."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from domain.authority.enrolment import POWERS, Certificate, certify
from domain.authority.enrolment_text import chain_of, chain_text, last_of
from domain.canonical import NotCanonical, decode, encode
from domain.errors import InvalidInput
from domain.keys import KEY_BYTES, SigningKey, key_of

if TYPE_CHECKING:
    from domain.authority.enrolment import Chain
    from domain.ids import DeviceKey, Did, StreamId

PREFIX: Final = "gitant-recovery:"
_CHARS_MAX: Final = 8_192


def recovery_text(seed: bytes, chain: Chain) -> str:
    """The line to write down. It is a secret."""
    data = encode({"seed": seed, "enrolment": chain_text(chain)})
    return PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")


def root_text(seed: bytes) -> str:
    """The line of a root key itself, which may enrol devices as a recovery key does. It is a secret."""
    root = SigningKey(seed)
    own = certify(Certificate(root.did, root.device, POWERS), root)
    return recovery_text(seed, (own,))


def seed_of(text: str) -> tuple[bytes, Chain]:
    """The seed in a line, and its certificate: none for a root key, which needs none. Raises as `recovery_of` does."""
    key, chain = recovery_of(text)
    return _held(text)[0], () if last_of(chain).principal == key.did else chain


def recovery_of(text: str) -> tuple[SigningKey, Chain]:
    """The key and its certificate; raises `InvalidInput` for a line that is none, without repeating it."""
    seed, enrolment = _held(text)
    key, chain = SigningKey(seed), chain_of(enrolment)
    if last_of(chain).device != key.device or "enrol" not in last_of(chain).powers:
        raise InvalidInput("the recovery key is damaged: its certificate is for another key")
    return key, chain


def _held(text: str) -> tuple[bytes, str]:
    line = text.strip()
    if not line.startswith(PREFIX) or len(line) > _CHARS_MAX:
        raise InvalidInput(f"a recovery key is one line that begins with {PREFIX}")
    coded = line.removeprefix(PREFIX)
    try:
        held: Any = decode(base64.b64decode(coded + "=" * (-len(coded) % 4), b"-_", validate=True))
        seed, enrolment = held["seed"], held["enrolment"]
    except (binascii.Error, ValueError, NotCanonical, KeyError, TypeError):
        raise InvalidInput("the recovery key is damaged", hint="copy the whole line") from None
    if not isinstance(seed, bytes) or len(seed) != KEY_BYTES or not isinstance(enrolment, str):
        raise InvalidInput("the recovery key is damaged", hint="copy the whole line")
    return seed, enrolment


def enrol(
    signer: SigningKey,
    chains: tuple[Chain, ...],
    device: DeviceKey,
    powers: tuple[str, ...] = (),
    *,
    node: Did | None = None,
    stream: StreamId | None = None,
) -> Chain:
    """The certificates that enrol a device, signed by a principal's root key or by one with the power `enrol`.

    Raises `InvalidInput` where the key may not.
    """
    if not chains:
        return (certify(Certificate(signer.did, device, powers, node, stream), signer),)
    able = [chain for chain in chains if len(chain) == 1 and "enrol" in last_of(chain).powers]
    if not able:
        raise InvalidInput(
            "this key may enrol no devices",
            hint="use the root key (--key), or the recovery key (gitant identity recover)",
        )
    if "enrol" in powers:
        raise InvalidInput("only the root key makes recovery keys", hint="enrol the device without --recovery")
    principal = last_of(able[-1]).principal
    if device == key_of(principal):
        raise InvalidInput("that is the root key itself, which needs no certificate")
    return (*able[-1], certify(Certificate(principal, device, powers, node, stream), signer))
