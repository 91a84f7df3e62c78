"""Generated acts of authority: roles given and taken, devices ended, branches protected, cuts of all sorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.ids import Did
from tests.laws.world import NODE, Made, World
from tests.making import key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROLES: Final = ("guest", "viewer", "developer", "maintainer", "admin", "owner")
PATTERNS: Final = ("main", "*")


def somebody(world: World) -> Did:
    """Whom an act is about."""
    return Did(world.anybody())


def cut(world: World) -> dict[str, Sequence[bytes]]:
    """Mostly the act's own past, which need not be said; sometimes something older, or something unseen."""
    if world.choices.below(3):
        return {}
    return {"cut": sorted({event.id for event in world.choices.some(world.events)})}


def _granted(world: World) -> Made:
    payload = {"principal": somebody(world), "role": world.choices.pick(ROLES)}
    return Made(world.thing("repository"), payload)


def _limited(*, role: bool) -> Callable[[World], Made]:
    def make(world: World) -> Made:
        payload: dict[str, Any] = {"principal": somebody(world), **cut(world)}
        if role:
            payload["role"] = world.choices.pick(ROLES[1:5])
        return Made(world.thing("repository"), payload)

    return make


def _device_revoked(world: World) -> Made:
    payload = {"device": key(world.writer()).device, **cut(world)}
    return Made(world.thing("repository"), payload)


def _custodian_revoked(world: World) -> Made:
    return Made(world.thing("repository"), {"node": key(NODE).did, **cut(world)})


def _admitted(world: World) -> Made:
    events = world.choices.some(world.events) or [world.choices.pick(world.events)]
    return Made(world.thing("repository"), {"events": [event.id for event in events]})


def _protected(world: World) -> Made:
    entity, pattern = world.thing("repository"), world.choices.pick(PATTERNS)
    payload: dict[str, Any] = {"pattern": pattern, "replaces": world.written(entity, pattern), **cut(world)}
    match world.choices.below(4):
        case 0:
            payload["push_role"] = "maintainer"
        case 1:
            payload["pushers"] = [somebody(world)]
        case 2:
            payload["allow_delete"] = True
        case _:
            payload["approvals"] = 1
    return Made(entity, payload, ((entity, pattern),))


def _unprotected(world: World) -> Made:
    entity, pattern = world.thing("repository"), world.choices.pick(PATTERNS)
    return Made(entity, {"pattern": pattern, "replaces": world.written(entity, pattern)}, ((entity, pattern),))


def archived(world: World) -> Made:
    """Put into the archive, or taken out of it."""
    entity = world.thing("repository")
    payload = {
        "archived": world.choices.below(2) == 1,
        "replaces": world.written(entity, "archived"),
        **cut(world),
    }
    return Made(entity, payload, ((entity, "archived"),))


GENERATORS: Final[dict[str, Callable[[World], Made]]] = {
    "member.granted.v1": _granted,
    "member.demoted.v1": _limited(role=True),
    "member.revoked.v1": _limited(role=False),
    "member.blocked.v1": _limited(role=False),
    "device.revoked.v1": _device_revoked,
    "custodian.revoked.v1": _custodian_revoked,
    "events.admitted.v1": _admitted,
    "branch.protected.v1": _protected,
    "branch.unprotected.v1": _unprotected,
}
