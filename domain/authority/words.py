"""An act of authority in words for a person, from its kind and payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORDS: Final[dict[str, str]] = {
    "member.granted.v1": "gave {principal} the role {role}",
    "member.demoted.v1": "left {principal} no more than the role {role}",
    "member.revoked.v1": "took every role from {principal}",
    "member.blocked.v1": "blocked {principal}",
    "device.revoked.v1": "ended the device {device}",
    "custodian.revoked.v1": "ended every device that the node {node} keeps",
    "branch.unprotected.v1": "ended the protection of {pattern}",
    "issue.locked.v1": "locked an issue",
    "issue.unlocked.v1": "unlocked an issue",
}


def act_words(kind: str, payload: Mapping[str, Any], name: Callable[[str], str] = str) -> str:
    """What an act did, without who did it; `name` gives a did's name. The kind itself, if it is no known one.

    Byte strings of `payload` are hexadecimal.
    """
    given = {key: name(value) if isinstance(value, str) else value for key, value in payload.items()}
    if kind == "branch.protected.v1":
        words = f"protected {payload['pattern']}: {_rules(payload, name)}"
    elif kind == "repository.archived.v1":
        words = "archived the repository" if payload.get("archived") else "took the repository out of the archive"
    elif kind == "events.admitted.v1":
        words = f"admitted {len(payload['events'])} events in spite of cuts"
    else:
        words = _WORDS.get(kind, kind).format(**given)
    cut: list[str] = payload.get("cut", [])
    return f"{words}, cut at {', '.join(each[:16] for each in cut)}" if cut else words


def _rules(payload: Mapping[str, Any], name: Callable[[str], str]) -> str:
    """The rules of a protection, those that bind somebody."""
    role = payload.get("push_role", "developer")
    rules = [f"pushing takes the role {role}"]
    if pushers := payload.get("pushers"):
        rules.append(f"only {', '.join(name(each) for each in pushers)} may push")
    rules += [] if payload.get("allow_force") else ["no force push"]
    rules += [] if payload.get("allow_delete") else ["no deletion"]
    if approvals := payload.get("approvals"):
        rules.append(f"{approvals} approvals")
    if payload.get("dismiss_stale"):
        rules.append("stale approvals are dismissed")
    if checks := payload.get("checks"):
        rules.append(f"checks: {', '.join(checks)}")
    return "; ".join(rules)
