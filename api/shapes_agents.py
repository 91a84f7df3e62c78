"""What answers about agents, devices and capabilities look like."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class GeneratedKey(Struct):
    """A new key, handed out once. `key_file` is what `gitant --key FILE` reads."""

    did: str
    public_key: str
    secret: str
    key_file: dict[str, Any]


class Finding(Struct):
    """What is wrong with a token; `reason` is stable."""

    reason: str
    words: str


class ExplainedLink(Struct, omit_defaults=True):
    """One token of a chain, and what is wrong with it."""

    cid: str
    sort: str
    issuer: str
    audience: str | None
    subject: str | None
    command: str
    expires_at: int | None
    not_before: int | None = None
    policy: list[Any] = []
    args: dict[str, Any] = {}
    problems: list[Finding] = []


class Explained(Struct):
    """A capability, link by link, the subject's own first. `good`: nothing is wrong; `scope` is what it allows here."""

    good: bool
    links: list[ExplainedLink]
    problems: list[Finding]
    scope: str


class Delegated(Struct):
    """A delegation that this node has signed: `token` goes with invocations."""

    token: str
    cid: str
    issuer: str
    audience: str
    subject: str
    command: str
    policy: list[Any]
    expires_at: int


class Revoked(Struct):
    """A delegation that nobody may use here any more. Times are in seconds since 1970."""

    cid: str
    by: str
    issuer: str
    revoked_at: int
    expires_at: int | None


class Revocations(Struct):
    """Some of them."""

    revocations: list[Revoked]


class KnownDevice(Struct, omit_defaults=True):
    """A device that acts for somebody; `kept_here` where this node keeps its key."""

    did: str
    powers: list[str]
    node: str = ""
    repo: str = ""
    kept_here: bool = False


class KnownDevices(Struct):
    """All that an identity names and has not ended."""

    devices: list[KnownDevice]


class NewDevice(Struct):
    """A key that this node made. It acts for somebody once their root key has signed its certificate."""

    device: str
    node: str
    next: str


class AttestationShown(Struct):
    """What one principal says of another; `weight` is how much that counts here."""

    source: str
    about: str
    value: int
    statement: str
    event: str
    weight: int


class Score(Struct):
    """`score` is `weighted` ÷ (`prior` + `weight`): the sums of weight × value and of weight over those shown."""

    score: float
    weighted: int
    weight: int
    prior: int


class Attestations(Struct):
    """What is said of somebody, and the score that it comes to."""

    about: str
    score: Score
    attestations: list[AttestationShown]
