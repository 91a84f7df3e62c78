"""A signed request: what its signature covers, whose it is, and how long it holds.

What has to be covered is said here, not by who signs: a signature over less is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast, final

import http_sf

from domain.errors import InvalidInput
from domain.ids import Did
from domain.keys import is_sound_signature, key_of, verify
from domain.signature.digest import Member, dictionary
from domain.signature.refused import BadSignature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.ids import DeviceKey
    from domain.keys import SigningKey

TAG: Final = "gitant"
LABEL: Final = "gitant"
ALGORITHM: Final = "ed25519"
CREATED_S_MAX: Final = 60
"""How far `created` may be from the clock of who looks."""
LIFETIME_S_MAX: Final = 300
PARAMETERS: Final = ("created", "expires", "nonce", "keyid", "alg", "tag")
METHOD: Final = "@method"
WHERE: Final = (frozenset({"@target-uri"}), frozenset({"@authority", "@path", "@query"}))
"""One of these sets is covered."""
DIGEST: Final = "content-digest"
MORE: Final = frozenset({"content-type", "idempotency-key", "if-match"})
"""Fields that may be covered besides."""
_NONCE: Final = re.compile(r"[\x21-\x7e]{16,128}")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


@final
@dataclass(frozen=True, slots=True)
class Message:
    """A request as its signature sees it. `target` is path and query as they are sent, header names are lower case."""

    method: str
    scheme: str
    authority: str
    target: str
    headers: Mapping[str, str]

    def value(self, component: str) -> str | None:
        """A component's value, or None where there is no such thing."""
        path, mark, query = self.target.partition("?")
        host = self.authority.lower().removesuffix(_DEFAULT_PORTS.get(self.scheme, "\0"))
        match component:
            case "@method":
                return self.method
            case "@authority":
                return host
            case "@path":
                return path or "/"
            case "@query":
                return "?" + query
            case "@target-uri":
                return f"{self.scheme}://{host}{path or '/'}{mark}{query}"
            case _:
                return None if component.startswith("@") else self.headers.get(component)


class KeyName(NamedTuple):
    """Whose key: a principal's root key, or that of a device."""

    principal: Did
    device: DeviceKey | None

    @property
    def key(self) -> DeviceKey:
        return self.device or key_of(self.principal)


class Signed(NamedTuple):
    """What a good signature says. `once` may be seen only once until `expires` (seconds since 1970)."""

    by: KeyName
    once: str
    created: int
    expires: int


def accept_signature(*, body: bool) -> str:
    """The field that says how requests are to be signed here, for one with or without a body."""
    covered = [METHOD, "@target-uri", *([DIGEST] if body else [])]
    asked: dict[str, Any] = {"created": True, "expires": True, "nonce": True, "keyid": True}
    member: Any = ([(name, {}) for name in covered], {**asked, "alg": ALGORITHM, "tag": TAG})
    return http_sf.ser({LABEL: member})


def verified(message: Message, now_s: int | None) -> Signed:
    """Who signed a request; raises `BadSignature`. That nothing is taken twice is asked where nonces are kept.

    Without `now_s` its times are not looked at: for a request that was let in before and goes on.
    """
    inputs = dictionary(message.headers.get("signature-input", ""), "malformed")
    signatures = dictionary(message.headers.get("signature", ""), "malformed")
    if len(inputs) != 1 or inputs.keys() != signatures.keys():
        raise BadSignature("malformed")
    ((label, member),) = inputs.items()
    items, parameters = member
    signature = _bytes(signatures[label])
    covered = _covered(items)
    _check_covered(message, covered)
    said = _parameters(parameters)
    if now_s is not None:
        _check_times(said.created, said.expires, now_s)
    by = read_key_name(said.keyid)
    base = signature_base(message, covered, http_sf.ser({label: member}).removeprefix(f"{label}="))
    if not is_sound_signature(signature) or not verify(by.key, signature, base):
        raise BadSignature("signature")
    return Signed(by, f"{said.keyid} {said.nonce}", said.created, said.expires)


def signed_fields(message: Message, key: SigningKey, keyid: str, now_s: int, nonce: str) -> dict[str, str]:
    """`Signature` and `Signature-Input` for a request, whose `headers` have its Content-Digest if it has a body."""
    covered = [METHOD, "@target-uri", *([DIGEST] if DIGEST in message.headers else [])]
    parameters = {"created": now_s, "expires": now_s + CREATED_S_MAX, "nonce": nonce, "keyid": keyid}
    member: Any = ([(name, {}) for name in covered], {**parameters, "alg": ALGORITHM, "tag": TAG})
    field = http_sf.ser({LABEL: member})
    signature = key.sign(signature_base(message, covered, field.removeprefix(f"{LABEL}=")))
    return {"signature-input": field, "signature": http_sf.ser({LABEL: (signature, {})})}


def signature_base(message: Message, covered: Sequence[str], parameters: str) -> bytes:
    """What is signed (RFC 9421 §2.5): each component on a line, then the parameters."""
    lines = [f'"{name}": {message.value(name)}' for name in covered]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def read_key_name(keyid: str) -> KeyName:
    """Whose key a `keyid` names: `did:key:zRoot`, or `did:key:zRoot#zDevice` as DID documents do."""
    principal, mark, device = keyid.partition("#")
    try:
        root = key_of(principal)
        name = KeyName(Did(principal), key_of(f"did:key:{device}") if mark else None)
    except InvalidInput as fault:
        raise BadSignature("key") from fault
    # Both names of the root key would be two nonces for one signature.
    if name.device == root:
        raise BadSignature("key")
    return name


def write_key_name(principal: Did, device: Did | None) -> str:
    """The `keyid` of a principal's root key, or of a device's."""
    return f"{principal}#{device.removeprefix('did:key:')}" if device and device != principal else principal


@dataclass(frozen=True, slots=True)
class _Said:
    created: int
    expires: int
    nonce: str
    keyid: str


def _bytes(member: Member) -> bytes:
    signature, parameters = member
    if not isinstance(signature, bytes) or parameters:
        raise BadSignature("malformed", "no signature")
    return signature


def _covered(items: Any) -> list[str]:
    if not isinstance(items, list):
        raise BadSignature("malformed", "no list of components")
    covered = list[str]()
    for name, parameters in cast("list[Member]", items):
        if type(name) is not str or parameters:
            raise BadSignature("component-unknown", "one with parameters")
        covered.append(name)
    return covered


def _check_covered(message: Message, covered: list[str]) -> None:
    names = set(covered)
    if len(names) != len(covered):
        raise BadSignature("malformed", "a component twice")
    known = {METHOD, DIGEST, *MORE, *(name for each in WHERE for name in each)}
    if unknown := names - known:
        raise BadSignature("component-unknown", min(unknown)[:40])
    for name in covered:
        value = message.value(name)
        if value is None:
            raise BadSignature("component-absent", name)
        if not value.isascii() or not value.isprintable():
            raise BadSignature("malformed", name)
    if METHOD not in names:
        raise BadSignature("component-missing", METHOD)
    if not any(each <= names for each in WHERE):
        raise BadSignature("component-missing", "@target-uri")
    if DIGEST in message.headers and DIGEST not in names:
        raise BadSignature("component-missing", DIGEST)


def _parameters(parameters: dict[str, Any]) -> _Said:
    for name in PARAMETERS:
        if name not in parameters:
            raise BadSignature("parameter-missing", name)
    if unknown := parameters.keys() - set(PARAMETERS):
        raise BadSignature("parameter-unknown", min(unknown)[:40])
    for name in PARAMETERS:
        kind = int if name in {"created", "expires"} else str
        if type(parameters[name]) is not kind:
            raise BadSignature("parameter-type", name)
    if parameters["alg"] != ALGORITHM:
        raise BadSignature("algorithm")
    if parameters["tag"] != TAG:
        raise BadSignature("tag")
    if not _NONCE.fullmatch(parameters["nonce"]):
        raise BadSignature("parameter-type", "nonce: 16 to 128 characters")
    return _Said(parameters["created"], parameters["expires"], parameters["nonce"], parameters["keyid"])


def _check_times(created: int, expires: int, now_s: int) -> None:
    if abs(created - now_s) > CREATED_S_MAX:
        raise BadSignature("created")
    if expires <= now_s:
        raise BadSignature("expired")
    if expires - created > LIFETIME_S_MAX:
        raise BadSignature("lifetime")
