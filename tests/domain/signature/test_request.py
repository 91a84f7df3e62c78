"""Signed requests: what is signed as the node asks is taken; with any one thing changed it is not."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import http_sf
import pytest
from http_message_signatures import algorithms
from http_message_signatures.resolvers import HTTPSignatureKeyResolver
from http_message_signatures.signatures import HTTPMessageSigner

from domain.signature.digest import read_digest, write_digest
from domain.signature.refused import REASONS, BadSignature
from domain.signature.request import Message, accept_signature, signature_base, signed_fields, verified, write_key_name
from tests.making import key, seed_of

NOW_S = 1_790_000_000
NONCE = "0123456789abcdef"
KEY = key("ann")
BODY = b'{"title": "Lamp"}'
PLAIN = Message("GET", "https", "git.example.org", "/api/v1/repos?page=2", {})
WITH_BODY = Message(
    "POST",
    "https",
    "git.example.org:8443",
    "/api/v1/repos/attic/issues",
    {"content-digest": write_digest(hashlib.sha256(BODY).digest()), "content-type": "application/json"},
)


def signed(message: Message, *, by: Any = KEY, keyid: str = "", now_s: int = NOW_S, nonce: str = NONCE) -> Message:
    fields = signed_fields(message, by, keyid or by.did, now_s, nonce)
    return replace(message, headers={**message.headers, **fields})


def write_member(member: Any) -> str:
    return http_sf.ser({"gitant": member})


def signed_over(message: Message, covered: list[Any], **parameters: Any) -> Message:
    """Signed with components and parameters of one's own choice."""
    said = {
        "created": NOW_S,
        "expires": NOW_S + 60,
        "nonce": NONCE,
        "keyid": KEY.did,
        "alg": "ed25519",
        "tag": "gitant",
    }
    said = {name: value for name, value in {**said, **parameters}.items() if value is not None}
    member: Any = ([each if isinstance(each, tuple) else (each, {}) for each in covered], said)
    line = write_member(member)
    base = signature_base(message, [each for each in covered if isinstance(each, str)], line.removeprefix("gitant="))
    fields = {"signature-input": line, "signature": write_member((KEY.sign(base), {}))}
    return replace(message, headers={**message.headers, **fields})


@pytest.mark.parametrize("message", [PLAIN, WITH_BODY], ids=["without a body", "with one"])
def test_what_is_signed_as_asked_is_taken(message: Message) -> None:
    found = verified(signed(message), NOW_S)
    assert (found.by.principal, found.by.device) == (KEY.did, None)
    assert found.expires == NOW_S + 60
    assert NONCE in found.once


def test_a_device_signs_for_its_principal_and_says_so() -> None:
    device = key("laptop")
    name = write_key_name(KEY.did, device.did)
    found = verified(signed(PLAIN, by=device, keyid=name), NOW_S)
    assert (found.by.principal, found.by.device) == (KEY.did, device.device)
    assert write_key_name(KEY.did, KEY.did) == KEY.did


def test_the_parts_of_the_address_do_instead_of_the_whole() -> None:
    covered = ["@query", "@method", "@path", "@authority", "content-type", "content-digest"]
    assert verified(signed_over(WITH_BODY, covered), NOW_S).by.principal == KEY.did


ALL = ["@method", "@target-uri"]
CHOSEN: list[tuple[str, str, Message]] = [
    ("nothing", "component-missing", signed_over(PLAIN, [])),
    ("no method", "component-missing", signed_over(PLAIN, ["@target-uri"])),
    ("no address", "component-missing", signed_over(PLAIN, ["@method"])),
    ("no query", "component-missing", signed_over(PLAIN, ["@method", "@authority", "@path"])),
    ("no digest", "component-missing", signed_over(WITH_BODY, ALL)),
    ("a date instead", "component-unknown", signed_over(PLAIN, ["date"])),
    ("a header besides", "component-unknown", signed_over(PLAIN, [*ALL, "x-forwarded-for"])),
    ("a field that is not there", "component-absent", signed_over(PLAIN, [*ALL, "content-type"])),
    ("one parameter of the query", "component-unknown", signed_over(PLAIN, [*ALL, ("@query-param", {"name": "page"})])),
    ("something twice", "malformed", signed_over(PLAIN, [*ALL, "@method"])),
    *(
        (f"no {name}", "parameter-missing", signed_over(PLAIN, ALL, **{name: None}))
        for name in ("created", "expires", "nonce", "keyid", "alg", "tag")
    ),
    ("a parameter more", "parameter-unknown", signed_over(PLAIN, ALL, context="x")),
    ("a time that is text", "parameter-type", signed_over(PLAIN, ALL, created=str(NOW_S))),
    ("a short nonce", "parameter-type", signed_over(PLAIN, ALL, nonce="short")),
    ("a nonce with a space", "parameter-type", signed_over(PLAIN, ALL, nonce="0123456789 abcdef")),
    ("another algorithm", "algorithm", signed_over(PLAIN, ALL, alg="hmac-sha256")),
    ("another application's", "tag", signed_over(PLAIN, ALL, tag="web-bot-auth")),
    ("a key of no sort", "key", signed_over(PLAIN, ALL, keyid="ann")),
    ("the root key as its own device", "key", signed_over(PLAIN, ALL, keyid=KEY.did + "#" + KEY.did[8:])),
    ("another's name", "signature", signed_over(PLAIN, ALL, keyid=key("bob").did)),
    ("a device's key as the root's", "signature", signed_over(PLAIN, ALL, keyid=f"{KEY.did}#{key('bob').did[8:]}")),
    ("an hour ago", "created", signed_over(PLAIN, ALL, created=NOW_S - 3600)),
    ("61 seconds ahead", "created", signed_over(PLAIN, ALL, created=NOW_S + 61, expires=NOW_S + 100)),
    ("expired now", "expired", signed_over(PLAIN, ALL, created=NOW_S - 30, expires=NOW_S)),
    ("for an hour", "lifetime", signed_over(PLAIN, ALL, expires=NOW_S + 3600)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "reason", "message"), CHOSEN, ids=[case[0] for case in CHOSEN])
def test_the_sender_does_not_choose(name: str, reason: str, message: Message) -> None:
    with pytest.raises(BadSignature) as refused:
        verified(message, NOW_S)
    assert refused.value.reason == reason, (name, str(refused.value))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"scheme": "http"},
        {"authority": "other.example.org:8443"},
        {"target": "/api/v1/repos/attic/issues?labels=x"},
        {"target": "/api/v1/repos/cellar/issues"},
    ],
    ids=str,
)
def test_with_anything_changed_it_is_somebody_elses(change: Any) -> None:
    with pytest.raises(BadSignature) as refused:
        verified(replace(signed(WITH_BODY), **change), NOW_S)
    assert refused.value.reason == "signature"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("signature", ""),
        ("signature", "gitant=:AAAA"),
        ("signature", "other=:AAAA:"),
        ("signature", "gitant=:AAAA:;x=1"),
        ("signature", "gitant=token"),
        ("signature-input", "gitant=?1"),
        ("signature-input", "gitant=()" + ";created=1" * 300),
        ("signature-input", "é=()"),
    ],
)
def test_what_is_malformed_is_refused(field: str, value: str) -> None:
    message = signed(PLAIN)
    with pytest.raises(BadSignature) as refused:
        verified(replace(message, headers={**message.headers, field: value}), NOW_S)
    assert refused.value.reason == "malformed"


def test_two_signatures_are_one_too_many() -> None:
    message = signed(PLAIN)
    twice = {name: f"{value}, b{value}" for name, value in message.headers.items()}
    again = {name: f"{value}, {value}" for name, value in message.headers.items()}
    for headers in (twice, again):
        with pytest.raises(BadSignature) as refused:
            verified(replace(message, headers=headers), NOW_S)
        assert refused.value.reason == "malformed"


def test_a_bit_of_the_signature_changed_is_noticed() -> None:
    message = signed(PLAIN)
    fields: Any = http_sf.parse(message.headers["signature"].encode(), tltype="dictionary")
    raw: bytes = fields["gitant"][0]
    for forged in (bytes([raw[0] ^ 1]) + raw[1:], raw[:32] + bytes([255] * 32), raw[:-1], bytes(64)):
        headers = {**message.headers, "signature": write_member((forged, {}))}
        with pytest.raises(BadSignature) as refused:
            verified(replace(message, headers=headers), NOW_S)
        assert refused.value.reason == "signature"


def test_digests_are_read_strictly() -> None:
    sha256 = hashlib.sha256(BODY).digest()
    assert read_digest(write_digest(sha256)) == sha256
    assert read_digest(f"sha-512=:AAAA:, {write_digest(sha256)}") == sha256
    for field_ in (
        "",
        "sha-256=:AAAA:",
        "sha-512=:AAAA:",
        "sha-256",
        "SHA-256=:AAAA:",
        f"{write_digest(sha256)}, sha-256=1",
    ):
        with pytest.raises(BadSignature) as refused:
            read_digest(field_)
        assert refused.value.reason == "digest-malformed"


def test_a_refusal_says_how_to_sign() -> None:
    ask = accept_signature(body=True)
    assert ask.startswith('gitant=("@method" "@target-uri" "content-digest");created')
    assert ask.endswith('alg="ed25519";tag="gitant"')
    assert "content-digest" not in accept_signature(body=False)
    assert all(REASONS.values())


@dataclass
class Theirs:
    """A request as the library of somebody else wants it."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict[str, str])


class Keys(HTTPSignatureKeyResolver):  # type: ignore[misc,unused-ignore]
    def resolve_private_key(self, key_id: str) -> Any:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        assert key_id == KEY.did
        return Ed25519PrivateKey.from_private_bytes(seed_of("ann"))


def test_a_client_that_nobody_here_wrote_is_understood() -> None:
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,  # pyright: ignore[reportPrivateImportUsage]
        key_resolver=Keys(),
    )
    theirs = Theirs("POST", "https://git.example.org/api/v1/repos/attic/issues?a=b", {})
    signer.sign(
        theirs,
        key_id=KEY.did,
        created=dt.datetime.fromtimestamp(NOW_S, dt.UTC),
        expires=dt.datetime.fromtimestamp(NOW_S + 60, dt.UTC),
        nonce=NONCE,
        tag="gitant",
        label="pyhms",
        covered_component_ids=("@method", "@target-uri"),
        body=BODY,
    )
    headers = {name.lower(): value for name, value in theirs.headers.items()}
    ours = Message("POST", "https", "git.example.org", "/api/v1/repos/attic/issues?a=b", headers)
    assert verified(ours, NOW_S).by.principal == KEY.did
    assert read_digest(headers["content-digest"]) == hashlib.sha256(BODY).digest()
