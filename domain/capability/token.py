"""Tokens: a delegation or an invocation, signed whole by its issuer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from domain.capability.dagcbor import Link, decode, encode, is_list, is_map, link_to
from domain.capability.policy import check_policy
from domain.capability.refused import Refused
from domain.ids import Did
from domain.keys import is_did, is_sound_signature, key_of, verify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.keys import SigningKey

TOKEN_BYTES_MAX: Final = 4 * 1024
PROOFS_MAX: Final = 8
NONCE_BYTES_MAX: Final = 64
COMMAND_CHARS_MAX: Final = 128
SECONDS_MAX: Final = 2**53 - 1
VARSIG: Final = bytes.fromhex("3401ed01ed011371")
"""Ed25519, SHA-512 inside, over DAG-CBOR."""
DELEGATION: Final = "ucan/dlg@1.0.0"
INVOCATION: Final = "ucan/inv@1.0.0"
_COMMAND: Final = re.compile(r"/|(/[^/\s\x00-\x1f\x7f]+)+")

_FIELDS: Final = {
    DELEGATION: (frozenset({"iss", "aud", "sub", "cmd", "pol", "nonce", "exp"}), frozenset({"nbf", "meta"})),
    INVOCATION: (
        frozenset({"iss", "sub", "cmd", "args", "prf", "nonce", "exp"}),
        frozenset({"aud", "iat", "meta", "cause"}),
    ),
}
"""By sort of payload: the fields it must have, and those it may."""


@final
@dataclass(frozen=True, slots=True)
class Delegation:
    """`issuer` lends `audience` what `command` and `policy` say of the subject's.

    Where there is no subject, it lends of whatever it has, whosever that is.

    Times are in seconds since 1970; `expires` is None for what does not end by itself.
    """

    issuer: Did
    audience: Did
    subject: Did | None
    command: str
    policy: list[Any]
    nonce: bytes
    expires: int | None
    not_before: int | None
    meta: Mapping[str, Any]
    link: Link
    signed: bytes
    signature: bytes


@final
@dataclass(frozen=True, slots=True)
class Invocation:
    """`issuer` does `command` with `args` to `subject`; `proofs` are the delegations, the subject's own first."""

    issuer: Did
    audience: Did | None
    subject: Did
    command: str
    args: Mapping[str, Any]
    proofs: Sequence[Link]
    nonce: bytes
    expires: int | None
    issued: int | None
    meta: Mapping[str, Any]
    link: Link
    signed: bytes
    signature: bytes


Token = Delegation | Invocation


def read_token(data: bytes) -> Token:
    """The token that bytes are; raises `Refused`. Whether it is signed by its issuer is asked by `is_signed`."""
    if len(data) > TOKEN_BYTES_MAX:
        raise Refused("token-too-large")
    value = decode(data)
    if not is_list(value) or len(value) != 2:
        raise Refused("envelope")
    signature, signed = value
    if not isinstance(signature, bytes) or not is_map(signed) or len(signed) != 2 or "h" not in signed:
        raise Refused("envelope")
    if signed["h"] != VARSIG:
        raise Refused("varsig")
    (sort,) = signed.keys() - {"h"}
    if sort not in _FIELDS:
        raise Refused("version", sort[:40])
    payload = signed[sort]
    if not is_map(payload):
        raise Refused("envelope")
    _check_names(sort, payload)
    make = _delegation if sort == DELEGATION else _invocation
    return make(payload, link_to(data), encode(signed), signature)


def is_signed(token: Token) -> bool:
    """Whether its issuer signed it."""
    return is_sound_signature(token.signature) and verify(key_of(token.issuer), token.signature, token.signed)


def sign_token(sort: str, payload: Mapping[str, Any], key: SigningKey) -> bytes:
    """A token's bytes. `sort` is DELEGATION or INVOCATION, `payload` has the names of the specification (`iss`, …)."""
    signed = {"h": VARSIG, sort: dict(payload)}
    return encode([key.sign(encode(signed)), signed])


def covers(command: str, other: str) -> bool:
    """Whether a command is another one or one that it is part of."""
    return command in {"/", other} or other.startswith(command + "/")


def is_command(text: str) -> bool:
    """Whether a text is written as commands are: lower case, each part behind a slash."""
    return len(text) <= COMMAND_CHARS_MAX and text == text.lower() and _COMMAND.fullmatch(text) is not None


def _check_names(sort: str, payload: dict[str, Any]) -> None:
    required, optional = _FIELDS[sort]
    if missing := required - payload.keys():
        raise Refused("field-missing", min(missing))
    if unknown := payload.keys() - required - optional:
        raise Refused("field-unknown", min(unknown)[:40])


def _delegation(payload: dict[str, Any], link: Link, signed: bytes, signature: bytes) -> Delegation:
    check_policy(payload["pol"])
    return Delegation(
        issuer=_did(payload["iss"], "iss"),
        audience=_did(payload["aud"], "aud"),
        subject=None if payload["sub"] is None else _did(payload["sub"], "sub"),
        command=_command(payload["cmd"]),
        policy=payload["pol"],
        nonce=_nonce(payload["nonce"]),
        expires=_seconds(payload["exp"], "exp"),
        not_before=_seconds(payload["nbf"], "nbf") if "nbf" in payload else None,
        meta=_map(payload.get("meta", {}), "meta"),
        link=link,
        signed=signed,
        signature=signature,
    )


def _invocation(payload: dict[str, Any], link: Link, signed: bytes, signature: bytes) -> Invocation:
    if not isinstance(payload.get("cause"), Link | None):
        raise Refused("field-type", "cause")
    return Invocation(
        issuer=_did(payload["iss"], "iss"),
        audience=_did(payload["aud"], "aud") if "aud" in payload else None,
        subject=_did(payload["sub"], "sub"),
        command=_command(payload["cmd"]),
        args=_map(payload["args"], "args"),
        proofs=_links(payload["prf"]),
        nonce=_nonce(payload["nonce"]),
        expires=_seconds(payload["exp"], "exp"),
        issued=_seconds(payload.get("iat"), "iat"),
        meta=_map(payload.get("meta", {}), "meta"),
        link=link,
        signed=signed,
        signature=signature,
    )


def _did(value: Any, name: str) -> Did:
    if not isinstance(value, str):
        raise Refused("field-type", name)
    if not is_did(value):
        raise Refused("did", name)
    return Did(value)


def _command(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("field-type", "cmd")
    if not is_command(value):
        raise Refused("command-malformed", value[:40])
    return value


def _nonce(value: Any) -> bytes:
    if not isinstance(value, bytes) or not 1 <= len(value) <= NONCE_BYTES_MAX:
        raise Refused("field-type", "nonce")
    return value


def _seconds(value: Any, name: str) -> int | None:
    if value is None and name != "nbf":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= SECONDS_MAX:
        raise Refused("field-type", name)
    return value


def _map(value: Any, name: str) -> dict[str, Any]:
    if not is_map(value):
        raise Refused("field-type", name)
    return value


def _links(value: Any) -> list[Link]:
    if not is_list(value):
        raise Refused("field-type", "prf")
    if len(value) > PROOFS_MAX:
        raise Refused("proofs-too-many")
    if not all(isinstance(link, Link) for link in value):
        raise Refused("field-type", "prf")
    return value
