"""Why a capability is refused: stable codes, for programs and tests, with words for people."""

from __future__ import annotations

from typing import Final, final

from domain.errors import PeerFault

REASONS: Final = {
    "token-too-large": "a token is over 4 KiB",
    "container-malformed": "the container is no UCAN container in base64url",
    "container-invocations": "the container has no invocation, or more than one",
    "proofs-too-many": "there are more than 8 delegations",
    "not-dag-cbor": "the bytes are not canonical DAG-CBOR",
    "envelope": "the token is no envelope of a signature and a payload",
    "varsig": "the header does not say Ed25519 over DAG-CBOR",
    "version": "the payload is not of UCAN 1.0.0",
    "field-missing": "the payload lacks a field",
    "field-unknown": "the payload has a field that is not known",
    "field-type": "a field of the payload has the wrong type, size or range",
    "did": "a principal is not named by the did:key of a sound Ed25519 key",
    "command-malformed": "the command is not written as one",
    "policy-malformed": "a statement of the policy is not written as one",
    "selector-malformed": "a selector of the policy is not written as one",
    "signature": "the signature is not the issuer's",
    "expired": "it has expired",
    "too-early": "it does not hold yet",
    "proof-missing": "a delegation that is named is not here",
    "proof-absent": "the issuer is not the subject and shows no delegation",
    "root-subject": "the first delegation is not by its subject",
    "audience": "it is for somebody else than who issues the next one",
    "subject": "its subject is not the invocation's",
    "command": "its command does not cover the invocation's",
    "policy": "its policy does not allow the invocation's arguments",
    "revoked": "it was revoked",
    "elsewhere": "it is for another node",
    "lifetime": "an invocation is for now: iat is here, and exp at most five minutes behind it",
    "command-unknown": "no capability of this node has this command",
    "request": "its arguments are not those of the request",
    "replayed": "it was used before",
    "device": "the device that begins the chain does not act for the subject here",
    "unknown": "the subject is not known on this node",
}


@final
class Refused(PeerFault):
    """A capability that is not taken; `reason` is one of the codes above."""

    def __init__(self, reason: str, detail: str = "") -> None:
        words = REASONS[reason]
        super().__init__(f"{words} ({detail})" if detail else words)
        self.reason = reason
        self.detail = detail
