"""Why a signed request is refused: stable codes, for programs and tests, with words for people."""

from __future__ import annotations

from typing import Final, final

from domain.errors import PeerFault

REASONS: Final = {
    "malformed": "Signature and Signature-Input are not structured fields with one member of the same name",
    "component-missing": "the signature does not cover what this node asks for",
    "component-unknown": "the signature covers something that this node does not look at",
    "component-absent": "the signature covers a field that the request does not have",
    "parameter-missing": "the signature lacks a parameter",
    "parameter-unknown": "the signature has a parameter that is not known",
    "parameter-type": "a parameter of the signature has the wrong type or size",
    "algorithm": "the signature's alg is not ed25519",
    "tag": "the signature's tag is not gitant",
    "key": "keyid is not the did:key of a sound Ed25519 key, nor a principal's with a device's behind a #",
    "created": "created is more than a minute from this node's clock",
    "expired": "the signature has expired",
    "lifetime": "the signature lasts more than five minutes",
    "signature": "the signature is not that key's over this request",
    "digest-missing": "the request has a body and no Content-Digest",
    "digest-malformed": "Content-Digest has no sha-256 of 32 bytes",
    "digest": "the body is not the one that Content-Digest names",
    "replayed": "the nonce was used before",
    "unknown": "the principal's identity is not on this node",
    "device": "the device does not act for the principal here",
}


@final
class BadSignature(PeerFault):
    """A signed request that is not taken; `reason` is one of the codes above."""

    def __init__(self, reason: str, detail: str = "") -> None:
        words = REASONS[reason]
        super().__init__(f"{words} ({detail})" if detail else words)
        self.reason = reason
        self.detail = detail
