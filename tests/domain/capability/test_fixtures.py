"""The specification's own fixtures: what is valid is taken, what is not is refused for the reason they name."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from domain.capability.chain import check
from domain.capability.dagcbor import link_of
from domain.capability.refused import Refused
from domain.capability.token import Delegation, Invocation, is_signed, read_token, sign_token
from domain.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIXTURES = Path(__file__).parent / "fixtures"
DELEGATIONS: dict[str, Any] = json.loads((FIXTURES / "delegation.json").read_text())
INVOCATIONS: dict[str, Any] = json.loads((FIXTURES / "invocation.json").read_text())
NAMED = {
    "InvalidClaim": {"proof-absent", "root-subject"},
    "UnavailableProof": {"proof-missing"},
    "Expired": {"expired"},
    "TooEarly": {"too-early"},
    "InvalidAudience": {"audience"},
    "InvalidSubject": {"subject"},
    "InvalidSignature": {"signature"},
    "MatchError": {"policy"},
}
"""Their names of what is wrong, by ours."""


def unbase64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def followed(case: Mapping[str, Any]) -> Sequence[Delegation]:
    invocation, *proofs = (read_token(unbase64(link["/"]["bytes"])) for link in (case["invocation"], *case["proofs"]))
    assert isinstance(invocation, Invocation)
    return check(invocation, {proof.link: proof for proof in proofs if isinstance(proof, Delegation)}, case["time"])


@pytest.mark.parametrize("case", DELEGATIONS["valid"], ids=lambda case: case["name"])
def test_a_valid_delegation_says_what_they_say(case: Any) -> None:
    data = unbase64(case["token"])
    said = case["envelope"]["payload"]
    token = read_token(data)
    assert isinstance(token, Delegation)
    assert is_signed(token)
    assert token.link == link_of(case["cid"])
    assert str(token.link) == case["cid"]
    assert (token.issuer, token.audience, token.subject) == (said["iss"], said["aud"], said["sub"])
    assert (token.command, token.policy, token.expires) == (said["cmd"], said["pol"], said["exp"])
    assert token.nonce == unbase64(said["nonce"])
    assert token.signature == unbase64(case["envelope"]["signature"])


@pytest.mark.parametrize("case", DELEGATIONS["valid"], ids=lambda case: case["name"])
def test_the_same_delegation_signed_here_is_the_same_bytes(case: Any) -> None:
    said = case["envelope"]["payload"]
    seed = unbase64(DELEGATIONS["principals"]["bob"])[2:]
    made = sign_token("ucan/dlg@1.0.0", {**said, "nonce": unbase64(said["nonce"])}, SigningKey(seed))
    assert made == unbase64(case["token"])


@pytest.mark.parametrize("case", INVOCATIONS["valid"], ids=lambda case: case["name"])
def test_a_valid_invocation_is_taken(case: Any) -> None:
    assert len(followed(case)) == len(case["proofs"])


@pytest.mark.parametrize("case", INVOCATIONS["invalid"], ids=lambda case: case["name"])
def test_an_invalid_invocation_is_refused_for_what_is_wrong_with_it(case: Any) -> None:
    with pytest.raises(Refused) as refused:
        followed(case)
    assert refused.value.reason in NAMED[case["error"]["name"]]


def test_they_are_all_there() -> None:
    assert len(DELEGATIONS["valid"]) == 1
    assert len(INVOCATIONS["valid"]) == 7
    assert len(INVOCATIONS["invalid"]) == 13
