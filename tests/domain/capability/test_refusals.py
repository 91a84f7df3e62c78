"""Invalid delegations, each refused for its own reason: malformed ones as they are read, others in their chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cbor2
import pytest

from domain.capability.chain import check
from domain.capability.container import pack, read_word, sorted_out, unpack
from domain.capability.dagcbor import Link, encode
from domain.capability.refused import REASONS, Refused
from domain.capability.token import DELEGATION, VARSIG, read_token
from domain.ids import DeviceKey
from domain.keys import did_of
from tests.domain.capability.making import LEFT_OUT, NOW_S, delegation, invocation, invoke, lend
from tests.making import key

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = lend("ann", "bob")
SIGNATURE, SIGNED = cbor2.loads(GOOD)
PAYLOAD: dict[str, Any] = SIGNED[DELEGATION]
WEAK = did_of(DeviceKey(b"\1" + bytes(31)))
P256 = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
NESTED: Any = []
for _ in range(20):
    NESTED = [NESTED]


def envelope(**more: Any) -> bytes:
    """The good delegation with another envelope."""
    return encode([more.pop("signature", SIGNATURE), {"h": more.pop("h", VARSIG), **(more or {DELEGATION: PAYLOAD})}])


def swapped() -> bytes:
    """Its maps in another order."""
    return cbor2.dumps([SIGNATURE, {DELEGATION: PAYLOAD, "h": VARSIG}])


MALFORMED: list[tuple[str, str, Callable[[], bytes]]] = [
    ("nothing", "not-dag-cbor", lambda: b""),
    ("something behind it", "not-dag-cbor", lambda: GOOD + b"\0"),
    ("cut off", "not-dag-cbor", lambda: GOOD[:-1]),
    ("keys in another order", "not-dag-cbor", swapped),
    ("an indefinite length", "not-dag-cbor", lambda: b"\x9f" + GOOD[1:] + b"\xff"),
    ("a longer head than it needs", "not-dag-cbor", lambda: b"\x98\x02" + GOOD[1:]),
    ("a tag that is no link", "not-dag-cbor", lambda: cbor2.dumps([SIGNATURE, cbor2.CBORTag(1, 0)])),
    ("a float that is not finite", "not-dag-cbor", lambda: cbor2.dumps([SIGNATURE, float("nan")])),
    ("an integer over 53 bits", "not-dag-cbor", lambda: cbor2.dumps([SIGNATURE, 2**53])),
    ("a key that is no text", "not-dag-cbor", lambda: cbor2.dumps([SIGNATURE, {1: 2}])),
    ("nested very deep", "not-dag-cbor", lambda: cbor2.dumps(NESTED)),
    ("very large", "token-too-large", lambda: lend("ann", "bob", meta={"filling": "x" * 4096})),
    ("no envelope", "envelope", lambda: encode({"h": VARSIG})),
    ("a signature too many", "envelope", lambda: encode([SIGNATURE, SIGNATURE, SIGNED])),
    ("no header", "envelope", lambda: encode([SIGNATURE, {DELEGATION: PAYLOAD}])),
    ("two payloads", "envelope", lambda: envelope(**{DELEGATION: PAYLOAD, "other": {}})),
    ("a payload that is no map", "envelope", lambda: envelope(**{DELEGATION: []})),
    ("another algorithm", "varsig", lambda: envelope(h=bytes.fromhex("3401ec01e7011371"))),
    ("another encoding", "varsig", lambda: envelope(h=VARSIG[:-1] + b"\x70")),
    ("an earlier version", "version", lambda: envelope(**{"ucan/dlg@1.0.0-rc.1": PAYLOAD})),
    ("a receipt", "version", lambda: envelope(**{"ucan/rcpt@1.0.0": PAYLOAD})),
    ("no issuer", "field-missing", lambda: lend("ann", "bob", iss=LEFT_OUT)),
    ("no expiry at all", "field-missing", lambda: lend("ann", "bob", exp=LEFT_OUT)),
    ("no subject at all", "field-missing", lambda: lend("ann", "bob", sub=LEFT_OUT)),
    ("a field of its own", "field-unknown", lambda: lend("ann", "bob", role="owner")),
    ("a field of invocations", "field-unknown", lambda: lend("ann", "bob", args={})),
    ("an issuer that is no text", "field-type", lambda: lend("ann", "bob", iss=7)),
    ("an expiry that is no integer", "field-type", lambda: lend("ann", "bob", exp=1.5)),
    ("an expiry that is true", "field-type", lambda: lend("ann", "bob", exp=True)),
    ("a negative time", "field-type", lambda: lend("ann", "bob", nbf=-1)),
    ("a beginning that is null", "field-type", lambda: lend("ann", "bob", nbf=None)),
    ("an empty nonce", "field-type", lambda: lend("ann", "bob", nonce=b"")),
    ("a nonce of text", "field-type", lambda: lend("ann", "bob", nonce="nonce")),
    ("a nonce of 65 bytes", "field-type", lambda: lend("ann", "bob", nonce=b"n" * 65)),
    ("meta that is no map", "field-type", lambda: lend("ann", "bob", meta=[])),
    ("another sort of did", "did", lambda: lend("ann", "bob", aud="did:web:example.org")),
    ("a key of another sort", "did", lambda: lend("ann", "bob", aud=P256)),
    ("a key of small order", "did", lambda: lend("ann", "bob", sub=WEAK)),
    ("a did with a fragment", "did", lambda: lend("ann", "bob", aud=f"{key('bob').did}#x")),
    ("a command without a slash", "command-malformed", lambda: lend("ann", "bob", cmd="gitant/repo/read")),
    ("a command with one behind", "command-malformed", lambda: lend("ann", "bob", cmd="/gitant/")),
    ("a command with an empty part", "command-malformed", lambda: lend("ann", "bob", cmd="/gitant//read")),
    ("a command in capitals", "command-malformed", lambda: lend("ann", "bob", cmd="/gitant/Repo")),
    ("a policy that is no list", "policy-malformed", lambda: lend("ann", "bob", pol={})),
    ("a statement without a list", "policy-malformed", lambda: lend("ann", "bob", pol=["=="])),
    ("a statement of its own", "policy-malformed", lambda: lend("ann", "bob", pol=[["=~", ".a", "x"]])),
    ("an order of texts", "policy-malformed", lambda: lend("ann", "bob", pol=[["<", ".a", "x"]])),
    ("a choice of no list", "policy-malformed", lambda: lend("ann", "bob", pol=[["or", {}]])),
    ("65 statements", "policy-malformed", lambda: lend("ann", "bob", pol=[["==", ".a", 1]] * 65)),
    ("17 stars", "policy-malformed", lambda: lend("ann", "bob", pol=[["like", ".a", "*" * 17]])),
    ("a selector without a dot", "selector-malformed", lambda: lend("ann", "bob", pol=[["==", "a", 1]])),
    ("a selector that is not closed", "selector-malformed", lambda: lend("ann", "bob", pol=[["==", ".a[0", 1]])),
    ("a selector of two dots", "selector-malformed", lambda: lend("ann", "bob", pol=[["==", "..a", 1]])),
]  # fmt: skip

Proofs = tuple[bytes, ...]
READ, NODE = "/gitant/repo/read", "/gitant/repo/write"


def _forged() -> bytes:
    return envelope(signature=bytes([SIGNATURE[0] ^ 1]) + SIGNATURE[1:])


CHAINS: list[tuple[str, str, int, Proofs, dict[str, Any]]] = [
    ("signed by somebody else", "signature", 1, (lend("ann", "bob", signed_by="eve"),), {}),
    ("a signature with a bit more", "signature", 1, (_forged(),), {}),
    ("expired this second", "expired", 1, (lend("ann", "bob", exp=NOW_S),), {}),
    ("expired at the start of time", "expired", 1, (lend("ann", "bob", exp=0),), {}),
    ("from the next second on", "too-early", 1, (lend("ann", "bob", nbf=NOW_S + 1),), {}),
    ("by somebody else about it", "root-subject", 1, (lend("eve", "bob", sub=key("ann").did),), {}),
    ("of anything, and the first", "root-subject", 1, (lend("ann", "bob", sub=None),), {}),
    ("for somebody else", "audience", 1, (lend("ann", "eve"),), {}),
    (
        "a step left out",
        "audience",
        1,
        (lend("ann", "cid"), lend("dan", "bob", sub=key("ann").did)),
        {},
    ),
    (
        "in the wrong order",
        "root-subject",
        1,
        (lend("cid", "bob", sub=key("ann").did), lend("ann", "cid")),
        {},
    ),
    ("another subject in the middle", "subject", 2, (lend("ann", "cid"), lend("cid", "bob")), {}),
    ("of itself, invoked on another", "subject", 2, (lend("eve", "bob"),), {}),
    (
        "a wider command further on",
        "command",
        2,
        (lend("ann", "cid"), lend("cid", "bob", sub=key("ann").did, cmd="/gitant")),
        {},
    ),
    (
        "another command further on",
        "command",
        2,
        (lend("ann", "cid"), lend("cid", "bob", sub=key("ann").did, cmd=NODE)),
        {"cmd": NODE},
    ),
    ("a command that only begins like it", "command", 2, (lend("ann", "bob", cmd="/gitant/repo/rea"),), {}),
    ("another command invoked", "command", 2, (lend("ann", "bob"),), {"cmd": NODE}),
    ("a policy that is not met", "policy", 1, (lend("ann", "bob", pol=[["==", ".method", "HEAD"]]),), {}),
    ("a policy about what is not there", "policy", 1, (lend("ann", "bob", pol=[["==", ".repo", "x"]]),), {}),
    ("the opposite of that", "policy", 1, (lend("ann", "bob", pol=[["not", ["==", ".repo", "x"]]]),), {}),
    (
        "a policy in the middle that is not met",
        "policy",
        1,
        (lend("ann", "cid", pol=[["==", ".method", "HEAD"]]), lend("cid", "bob", sub=key("ann").did)),
        {},
    ),
]


def test_without_the_defect_each_of_them_is_taken() -> None:
    assert len(check(invocation(invoke("bob", "ann", GOOD)), {delegation(GOOD).link: delegation(GOOD)}, NOW_S)) == 1
    middle = (lend("ann", "cid"), lend("cid", "bob", sub=key("ann").did, pol=[["==", ".method", "GET"]]))
    known = {delegation(each).link: delegation(each) for each in middle}
    assert len(check(invocation(invoke("bob", "ann", *middle)), known, NOW_S)) == 2
    assert len(MALFORMED) + len(CHAINS) > 60


@pytest.mark.parametrize(
    ("name", "reason", "make"), MALFORMED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_malformed_is_refused_as_it_is_read(name: str, reason: str, make: Callable[[], bytes]) -> None:
    with pytest.raises(Refused) as refused:
        read_token(make())
    assert refused.value.reason == reason, (name, refused.value)


@pytest.mark.parametrize(("name", "reason", "place", "proofs", "more"), CHAINS, ids=[case[0] for case in CHAINS])
def test_what_leads_nowhere_is_refused_with_its_place(
    name: str, reason: str, place: int, proofs: Proofs, more: dict[str, Any]
) -> None:
    known = {delegation(proof).link: delegation(proof) for proof in proofs}
    with pytest.raises(Refused) as refused:
        check(invocation(invoke("bob", "ann", *proofs, **more)), known, NOW_S)
    assert refused.value.reason == reason, (name, refused.value)
    assert f"token {place} of {len(proofs) + 1}" in str(refused.value)


def test_what_is_revoked_anywhere_in_the_chain_ends_it() -> None:
    chain = (lend("ann", "cid"), lend("cid", "bob", sub=key("ann").did))
    known = {delegation(each).link: delegation(each) for each in chain}
    invoked = invocation(invoke("bob", "ann", *chain))
    check(invoked, known, NOW_S)
    for link in known:
        with pytest.raises(Refused) as refused:
            check(invoked, known, NOW_S, revoked={link})
        assert refused.value.reason == "revoked"


def test_who_lends_of_anything_passes_on_what_others_lent_him() -> None:
    chain = (lend("ann", "cid"), lend("cid", "bob", sub=None))
    known = {delegation(each).link: delegation(each) for each in chain}
    assert len(check(invocation(invoke("bob", "ann", *chain)), known, NOW_S)) == 2


def test_containers_come_in_one_form() -> None:
    invoked = invoke("bob", "ann", GOOD)
    word = pack([invoked, GOOD])
    found, proofs = sorted_out(unpack(word))
    assert found == invocation(invoked)
    assert list(proofs) == [delegation(GOOD).link]
    assert read_word(word) == unpack(word)
    bad = [word[1:], "P" + word[1:], word + "=", word + "A", word[:-1] + "!", "C", "C" * 20_000]
    for each in bad:
        with pytest.raises(Refused) as refused:
            unpack(each)
        assert refused.value.reason in {"container-malformed", "not-dag-cbor"}
    with pytest.raises(Refused) as refused:
        sorted_out(unpack(pack([invoked, invoke("bob", "ann", nonce=b"another")])))
    assert refused.value.reason == "container-invocations"
    with pytest.raises(Refused) as refused:
        unpack(pack([lend("ann", "bob", nonce=bytes([number])) for number in range(10)]))
    assert refused.value.reason == "proofs-too-many"


def test_every_reason_has_its_words() -> None:
    for _, reason, _ in MALFORMED:
        assert REASONS[reason]
    links = [Link(bytes([1, 0x71, 0x12, 0x20]) + bytes(32))] * 9
    with pytest.raises(Refused) as refused:
        read_token(invoke("bob", "ann", prf=links))
    assert refused.value.reason == "proofs-too-many"
