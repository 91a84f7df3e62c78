"""Acts of authority in words: each says whom it is about, and what binds whom."""

from __future__ import annotations

from typing import Any

import pytest

from domain.authority.words import act_words

NAMES = {"did:key:zA": "ann", "did:key:zB": "ben"}
RULES = {"pattern": "main", "replaces": []}


def words(kind: str, **payload: Any) -> str:
    return act_words(kind, payload, lambda did: NAMES.get(did, did))


@pytest.mark.parametrize(
    ("said", "kind", "payload"),
    [
        ("gave ann the role owner", "member.granted.v1", {"principal": "did:key:zA", "role": "owner"}),
        ("left ben no more than the role viewer", "member.demoted.v1", {"principal": "did:key:zB", "role": "viewer"}),
        ("took every role from ann, cut at aaaaaaaaaaaaaaaa, bb", "member.revoked.v1", {"cut": ["a" * 64, "bb"]}),
        ("blocked ann", "member.blocked.v1", {"cut": []}),
        ("ended the device ff", "device.revoked.v1", {"device": "ff"}),
        ("ended every device that the node ben keeps", "custodian.revoked.v1", {"node": "did:key:zB"}),
        ("ended the protection of main", "branch.unprotected.v1", RULES),
        ("locked an issue", "issue.locked.v1", {"reason": ""}),
        ("unlocked an issue", "issue.unlocked.v1", {}),
        ("archived the repository", "repository.archived.v1", {"archived": True}),
        ("took the repository out of the archive", "repository.archived.v1", {"archived": False}),
        ("admitted 2 events in spite of cuts", "events.admitted.v1", {"events": ["aa", "bb"]}),
        ("something.else.v1", "something.else.v1", {"principal": "did:key:zA"}),
    ],
)
def test_an_act_in_words(said: str, kind: str, payload: dict[str, Any]) -> None:
    assert words(kind, **{"principal": "did:key:zA", **payload}) == said


def test_a_protection_names_the_rules_that_bind() -> None:
    strict = "protected main: pushing takes the role developer; no force push; no deletion"
    assert words("branch.protected.v1", **RULES) == strict
    lax = {"push_role": "admin", "allow_force": True, "allow_delete": True}
    assert words("branch.protected.v1", **RULES, **lax) == "protected main: pushing takes the role admin"
    more = {"pushers": list(NAMES), "approvals": 2, "dismiss_stale": True, "checks": ["ci", "lint"]}
    assert words("branch.protected.v1", **RULES, **more) == (
        "protected main: pushing takes the role developer; only ann, ben may push; no force push; no deletion; "
        "2 approvals; stale approvals are dismissed; checks: ci, lint"
    )
    unstale = words("branch.protected.v1", **RULES, approvals=1, dismiss_stale=False)
    assert unstale == f"{strict}; 1 approvals"
