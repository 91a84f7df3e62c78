"""What people do: each writes from what their own node shows, now and then, wherever the network has got to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from domain.refs.state import ref_key
from tests.making import write

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from domain.envelope import Event
    from domain.ids import EventId
    from tests.simulation.people import Writer
    from tests.simulation.replica import Replica

BRANCHES: Final = ("refs/heads/main", "refs/heads/next", "refs/tags/v1")
ROLES: Final = ("viewer", "developer", "developer", "maintainer", "admin", "owner")
REDACTION: Final = "event.redacted.v1"
OBJECTS: Final = 40
"""Pushes choose from so many commits, so that two sometimes push the same one."""


class Desk(NamedTuple):
    """Somebody about to write in one stream, with what their node shows."""

    replica: Replica
    genesis: Event
    chance: random.Random
    people: list[Writer]

    def thing(self, sort: str) -> Event | None:
        """Something to act on: mostly what much happens to anyhow."""
        found = self.replica.things.get((self.genesis.stream, sort), [])
        found = [event for event in found if self.replica.verdict(event).accepted]
        if not found:
            return None
        return found[0] if self.chance.random() < 0.4 else self.chance.choice(found)

    def somebody(self) -> Writer:
        """Whom an act is about."""
        return self.chance.choice(self.people)


class Act(NamedTuple):
    """What an event says; `on` is what it acts on if that is not the repository."""

    payload: dict[str, Any]
    on: EventId | None = None


def next_event(desk: Desk, who: Writer, claimed_off_ms: int, prev: Event | None) -> Event | None:
    """Whatever `who` does next, signed, after all that the node has; None when there is nothing to do it to."""
    kinds = _PRIVILEGED if who.stranger else tuple(_ACTS)
    kind = desk.chance.choices(kinds, [_WEIGHTS[name] for name in kinds])[0]
    act = _ACTS[kind](desk)
    if act is None:
        return None
    return put(desk, who, kind, act, claimed_off_ms, prev)


def put(desk: Desk, who: Writer, kind: str, act: Act, claimed_off_ms: int, prev: Event | None) -> Event:
    """An event after everything a node has."""
    parents = desk.replica.frontier(desk.genesis.stream) or [prev or desk.genesis]
    return write(
        who.device,
        kind,
        act.payload,
        genesis=desk.genesis,
        after=parents,
        prev=prev,
        entity=act.on,
        **{"time": max(0, parents[-1].time + 1_000 + claimed_off_ms), **who.papers(first=prev is None)},
    )


def _opened(desk: Desk) -> Act:
    count = len(desk.replica.things.get((desk.genesis.stream, "issue"), []))
    return Act({"title": f"Issue {count + 1}", "body": "It does not work.", "number": count + 1})


def _commented(desk: Desk) -> Act | None:
    issue = desk.thing("issue")
    return None if issue is None else Act({"body": f"Said at {desk.chance.randrange(10**6)}."}, issue.id)


def _label(desk: Desk) -> Act:
    return Act({"name": f"label {desk.chance.randrange(10**6)}", "colour": f"{desk.chance.randrange(256**3):06x}"})


def _labelled(desk: Desk) -> Act | None:
    issue, label = desk.thing("issue"), desk.thing("label")
    return None if issue is None or label is None else Act({"add": [label.id], "remove": []}, issue.id)


def _setting(slot: str, field: str) -> Callable[[Desk], Act | None]:
    def make(desk: Desk) -> Act | None:
        issue = desk.thing("issue")
        if issue is None:
            return None
        register = getattr(desk.replica.state(issue.id), slot)
        return Act({field: f"new {desk.chance.randrange(10**6)}", "replaces": register.heads}, issue.id)

    return make


def _reopened(desk: Desk) -> Act | None:
    act = _setting("status", "reason")(desk)
    return None if act is None else Act({"replaces": act.payload["replaces"]}, act.on)


def _edited(desk: Desk) -> Act | None:
    issue = desk.thing("issue")
    return (
        None if issue is None else Act({"base": [issue.id], "splices": [{"at": 0, "cut": 1, "text": "So "}]}, issue.id)
    )


def _reacted(desk: Desk) -> Act | None:
    issue = desk.thing("issue")
    return None if issue is None else Act({"content": desk.chance.choice(("heart", "+1"))}, issue.id)


def _redacted(desk: Desk) -> Act | None:
    comment = desk.thing("comment")
    return None if comment is None else Act({"events": [comment.id], "reason": "private"}, comment.id)


def oid_of(number: int) -> bytes:
    """The commit with a number."""
    return bytes([1 + number]) * 20


def _pushed(desk: Desk) -> Act:
    ref = desk.chance.choice(BRANCHES)
    state = desk.replica.engine.state(ref_key(desk.genesis.stream, ref))
    shown = state.moves if state is not None else None  # type: ignore[attr-defined]
    new = oid_of(desk.chance.randrange(OBJECTS))
    old = shown.value if shown else None
    return Act({"moves": [{"ref": ref, "old": old, "new": new, "replaces": shown.heads if shown else []}]})


def _granted(desk: Desk) -> Act:
    return Act({"principal": desk.somebody().did, "role": desk.chance.choice(ROLES)})


def _demoted(desk: Desk) -> Act:
    return Act({"principal": desk.somebody().did, "role": desk.chance.choice(("viewer", "developer", "maintainer"))})


def _removed(desk: Desk) -> Act:
    return Act({"principal": desk.somebody().did})


def _device_revoked(desk: Desk) -> Act:
    return Act({"device": desk.somebody().device_key})


def _protected(desk: Desk) -> Act:
    return Act({"pattern": desk.chance.choice(("main", "*")), "replaces": [], "push_role": "maintainer"})


_ACTS: Final[dict[str, Callable[[Desk], Act | None]]] = {
    "issue.opened.v1": _opened,
    "comment.added.v1": _commented,
    "label.created.v1": _label,
    "issue.labelled.v1": _labelled,
    "issue.retitled.v1": _setting("title", "title"),
    "issue.closed.v1": _setting("status", "reason"),
    "issue.reopened.v1": _reopened,
    "body.edited.v1": _edited,
    "reaction.added.v1": _reacted,
    REDACTION: _redacted,
    "refs.moved.v1": _pushed,
    "member.granted.v1": _granted,
    "member.demoted.v1": _demoted,
    "member.revoked.v1": _removed,
    "device.revoked.v1": _device_revoked,
    "branch.protected.v1": _protected,
}
_WEIGHTS: Final = dict(zip(_ACTS, (10, 25, 5, 8, 6, 3, 3, 4, 4, 3, 12, 4, 2, 2, 1, 2), strict=True))
_PRIVILEGED: Final = ("refs.moved.v1", "member.granted.v1", "member.revoked.v1", "label.created.v1")
"""What a stranger does: nothing of it may ever count."""
