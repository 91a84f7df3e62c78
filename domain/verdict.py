"""What becomes of an event, and the stable codes that say why.

`rejected` is a pure function of the bytes and is never stored, so it is an exception (`Rejected`) and not a
value here. What is stored is accepted, void (valid bytes, no effect) or carried (kept and passed on for
nodes that know more than this one).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Standing = Literal["accepted", "void", "carried"]


class Verdict(NamedTuple):
    """A standing with its reason code; an accepted event has none."""

    standing: Standing
    reason: str = ""

    @property
    def accepted(self) -> bool:
        return self.standing == "accepted"


ACCEPTED: Final = Verdict("accepted")

REJECTIONS: Final = {
    "header-too-large": "the header is over 4 KiB",
    "header-not-canonical": "the header does not re-encode to the same bytes (RFC 8949 §4.2)",
    "header-not-a-map": "the header is not a map",
    "field-missing": "the header lacks a field that every event has",
    "field-type": "a header field has the wrong type, size or range",
    "parents-unsorted": "parents are not sorted, or one is named twice",
    "parents-missing": "an event that is no genesis names no parents",
    "genesis-shape": "a genesis has a past or an entity, or no roots, threshold or nonce, or another event has those",
    "enrolment-shape": "enrolment certificates are not one or two pairs of bytes, or not on a feed's first event",
    "chain-shape": "the first event of a feed has a prev, or a later one has none",
    "key-weak": "the device key is of small order or not canonically encoded",
    "signature-not-canonical": "the signature is not canonically encoded",
    "signature-wrong": "the signature is not the device's over this header",
    "author-malformed": "the author is not a did:key of an Ed25519 key",
    "payload-mismatch": "the payload is not the one that the header's hash and size name",
    "payload-too-large": "the payload is over 64 KiB",
    "payload-missing": "the payload is absent and no accepted redaction covers it",
    "lamport-wrong": "lamport is not one more than the greatest among parents and prev",
    "stream-mismatch": "a parent or prev is of another stream",
    "prev-mismatch": "prev is not the same device's event with the preceding seq",
}

VOIDS: Final = {
    "payload-not-canonical": "the payload is not canonical CBOR",
    "payload-invalid": "the payload is not what its kind asks for",
    "salt-missing": "the payload has no 16-byte salt",
    "not-enrolled": "the device is not the author's own key and no enrolment says it may act for them",
    "enrolment-invalid": "the enrolment of the device is not well formed",
    "enrolment-forged": "the enrolment of the device is not signed by a key that may enrol it",
    "enrolment-elsewhere": "the enrolment of the device is for another stream",
    "device-revoked": "the device, or the node that keeps it, was revoked, and this is not in the past of the cut",
    "no-authority": "the author may not do this here",
    "above-level": "nobody grants, or takes away, what is not strictly below his own role",
    "revoked": "the author's rights were taken away before this, and it is not in the past of the cut",
    "revoked-meanwhile": "the author's rights were taken away meanwhile, and this is not in the past of the cut",
    "cut-unknown": "its cut names something that is not in its own past",
    "archived": "the repository is archived, and this is not in the past of the cut",
    "locked": "the issue is locked, and this is not in the past of the cut",
    "protected": "the branch is protected against this, and it is not in the past of the cut",
    "entity-unknown": "it acts on an event that is not in this log",
    "entity-void": "it acts on something that itself has no effect",
    "entity-mismatch": "it acts on something of another sort than its kind is for",
    "entity-later": "it acts on something that sorts after it, so that it cannot have been in its past",
    "number-invalid": "an issue number must be above 0 and below the event's lamport time",
    "redaction-invalid": "it redacts what cannot be redacted, is not in its past or not part of the thing it acts on",
    "too-large": "the document is over 1 MiB or 2,000 edits, or its concurrent edits over 4 Mi merge steps",
}

CARRIES: Final = {
    "version-unknown": "a later version of the envelope",
    "kind-unknown": "a kind this node does not know",
    "field-unknown": "a field this node does not know",
}


def void(reason: str) -> Verdict:
    """A void verdict; `reason` must be one of `VOIDS`."""
    assert reason in VOIDS, reason
    return Verdict("void", reason)


def carried(reason: str) -> Verdict:
    """A carried verdict; `reason` must be one of `CARRIES`."""
    assert reason in CARRIES, reason
    return Verdict("carried", reason)


def explain(verdict: Verdict) -> str:
    """The verdict in words for a person."""
    if verdict.standing == "accepted":
        return "accepted: it counts"
    words = VOIDS if verdict.standing == "void" else CARRIES
    return f"{verdict.standing}: {words[verdict.reason]}"
