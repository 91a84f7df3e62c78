"""How an event of each kind comes about in a generated history, by the kind's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.laws import authority
from tests.laws.world import DEVICES, IDENTITY, Made, World, devices_of, enrolment
from tests.making import key

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.keys import SigningKey

BRANCHES: Final = ("refs/heads/main", "refs/heads/next", "refs/tags/v1")


def history(data: bytes, sign: Callable[[str], SigningKey] | None = None) -> World:
    """The history that `data` stands for: a repository with an issue, a comment and a label, then whatever comes."""
    world = World(data) if sign is None else World(data, sign)
    world.begin("root", "repository.created.v1", {"name": "project"})
    if world.choices.below(4):
        world.begin("eve", IDENTITY, {"name": "eve"})
    for kind in ("label.created.v1", "issue.opened.v1", "comment.added.v1"):
        world.step(kind, GENERATORS[kind], "root" if world.choices.below(4) else "")
    if world.choices.below(4):
        for who, role in (("eve", "owner"), ("ann", "maintainer"), ("ben", "developer")):
            if world.choices.below(3):
                world.grant(who, role)
    while not world.choices.used_up:
        kind = world.choices.pick(_KINDS)
        world.step(kind, GENERATORS[kind])
    return world


def _repository_created(world: World) -> Made:
    return Made(world.thing("repository"), {"name": "project", "description": world.token})


def _repository_forked(world: World) -> Made:
    origin = world.thing("repository")
    payload = {"name": f"n{world.choices.below(4)}", "origin": origin, "frontier": [origin]}
    return Made(world.thing("repository"), payload)


def _repository_imported(world: World) -> Made:
    choices = world.choices
    objects = sorted({bytes([choices.below(4)]) * 20 for _ in range(1 + choices.below(3))})
    fault = choices.pick(("badTimezone", "zeroPaddedFilemode"))
    skips = [{"fault": fault, "objects": objects}] if choices.below(3) else []
    return Made(world.thing("repository"), {"source": f"https://{world.token}/", "skips": skips})


def _identity_created(world: World) -> Made:
    return Made(world.thing("repository"), {"name": "somebody"})


def _identity_described(world: World) -> Made:
    entity = world.thing("identity")
    payload = {"display_name": world.token, "website": _website(world), "replaces": world.written(entity, "profile")}
    return Made(entity, payload, ((entity, "profile"),))


def _papers(world: World, who: str = "") -> list[dict[str, bytes]]:
    """The certificates of a device, mostly one of the writer's own."""
    own = devices_of(world.who.partition("/")[0])
    who = who or world.choices.pick(own if own and world.choices.below(4) else DEVICES)
    links = enrolment(who, forged=world.choices.rarely(6))
    return [{"certificate": certificate, "signature": signature} for certificate, signature in links]


def _device_enrolled(world: World) -> Made:
    return Made(world.thing("identity"), {"certificates": _papers(world)})


def _device_ended(world: World) -> Made:
    signer = world.who if "/" in world.who and world.choices.below(3) else ""
    payload = {"device": key(world.choices.pick(DEVICES)).device, "certificates": _papers(world, signer)}
    return Made(world.thing("identity"), payload)


def _agent_described(world: World) -> Made:
    entity = world.thing("identity")
    payload = {
        "purpose": world.token,
        "owner": world.anybody() if world.choices.below(3) else "",
        "capabilities": sorted({f"c{world.choices.below(4)}" for _ in range(world.choices.below(3))}),
        "retired": not world.choices.below(4),
        "replaces": world.written(entity, "agent"),
    }
    return Made(entity, payload, ((entity, "agent"),))


def _attestation_given(world: World) -> Made:
    entity, about = world.thing("identity"), world.anybody()
    said = {"about": about, "value": world.choices.below(3) - 1, "statement": world.token}
    slot = f"attestation {about}"
    return Made(entity, {**said, "replaces": world.written(entity, slot)}, ((entity, slot),))


def _setting(sort: str, slot: str, field: str, value: Callable[[World], Any]) -> Callable[[World], Made]:
    def make(world: World) -> Made:
        entity = world.thing(sort)
        payload = {field: value(world), "replaces": world.written(entity, slot)}
        return Made(entity, payload, ((entity, slot),))

    return make


def _token(world: World) -> str:
    return world.token


def _either(world: World) -> bool:
    return world.choices.below(2) == 1


def _colour(world: World) -> str:
    return f"{world.choices.below(256):06x}"


def _website(world: World) -> str:
    return f"https://example.org/{world.choices.below(9)}"


def _repository_offered(world: World) -> Made:
    entity = world.thing("repository")
    to = world.anybody() if world.choices.below(5) < 4 else ""
    return Made(entity, {"to": to, "replaces": world.written(entity, "offer")}, ((entity, "offer"),))


def _repository_transferred(world: World) -> Made:
    entity = world.thing("repository")
    offers: list[bytes] = [*world.written(entity, "offer")] or [entity]
    return Made(entity, {"offer": offers[-1], "replaces": world.written(entity, "owner")}, ((entity, "owner"),))


def _repository_succeeded(world: World) -> Made:
    entity = world.thing("repository")
    successor = world.choices.pick((b"\x01" * 32, b"\x02" * 32, entity, None))
    payload = {"successor": successor, "replaces": world.written(entity, "succession")}
    return Made(entity, payload, ((entity, "succession"),))


def _topics_changed(world: World) -> Made:
    entity = world.thing("repository")
    topics = [f"t{world.choices.below(4)}" for _ in range(3)]
    observed = world.written(entity, "topics")
    payload = {"add": topics[: world.choices.below(3)], "remove": [{"topic": topics[2], "observed": observed}]}
    return Made(entity, payload, ((entity, "topics"),))


def _starred(world: World) -> Made:
    entity = world.thing("repository")
    return Made(entity, {}, ((entity, "star"),))


def _unstarred(world: World) -> Made:
    entity = world.thing("repository")
    return Made(entity, {"observed": world.written(entity, "star")})


def _level(world: World) -> str:
    return world.choices.pick(("", "ignore", "all", "participating"))


def _refs_moved(world: World) -> Made:
    moves: list[dict[str, Any]] = []
    stream = world.thing("repository")
    for ref in BRANCHES[: 1 + world.choices.below(len(BRANCHES))]:
        new = world.choices.below(8)
        oid = bytes([new]) * 20 if new else None
        move = {"ref": ref, "old": None, "new": oid, "replaces": world.written(stream, ref)}
        moves.append({**move, "forced": True} if world.choices.rarely(4) else move)
    return Made(stream, {"moves": moves}, tuple((stream, move["ref"]) for move in moves))


def _label_created(world: World) -> Made:
    payload = {"name": world.token, "colour": _colour(world)}
    return Made(world.thing("repository"), payload, ((None, "name"), (None, "colour"), (None, "description")))


def _label_deleted(world: World) -> Made:
    return Made(world.thing("label"), {})


def _issue_opened(world: World) -> Made:
    choices = world.choices
    number = 1 if choices.below(8) else choices.below(9)
    payload: dict[str, Any] = {"title": world.token, "body": f"{world.token} said", "number": number, **_links(world)}
    if choices.below(2):
        payload |= {"labels": [world.thing("label")], "assignees": [world.anybody()]}
    slots = ("title", "status", "body", "labels", "assignees")
    return Made(world.thing("repository"), payload, tuple((None, slot) for slot in slots))


def _issue_closed(world: World) -> Made:
    entity = world.thing("issue")
    payload = {"reason": world.token, "replaces": world.written(entity, "status")}
    return Made(entity, payload, ((entity, "status"),))


def _issue_reopened(world: World) -> Made:
    entity = world.thing("issue")
    return Made(entity, {"replaces": world.written(entity, "status")}, ((entity, "status"),))


def _issue_locked(world: World) -> Made:
    entity = world.thing("issue")
    payload: dict[str, Any] = {"reason": world.token, "replaces": world.written(entity, "lock")}
    if world.choices.rarely(4):
        payload["cut"] = sorted({event.id for event in world.choices.some(world.events)})
    return Made(entity, payload, ((entity, "lock"),))


def _issue_unlocked(world: World) -> Made:
    entity = world.thing("issue")
    return Made(entity, {"replaces": world.written(entity, "lock")}, ((entity, "lock"),))


def _reaction_added(world: World) -> Made:
    entity = world.thing("issue", "comment")
    return Made(entity, {"content": world.choices.pick(("heart", "+1"))}, ((entity, "reactions"),))


def _reaction_removed(world: World) -> Made:
    entity = world.thing("issue", "comment")
    content = world.choices.pick(("heart", "+1"))
    return Made(entity, {"content": content, "observed": world.written(entity, "reactions")})


def _links(world: World) -> dict[str, Any]:
    """What words name; mostly nothing, as words do."""
    if not world.choices.rarely(4):
        return {}
    issues = [world.thing("issue") for _ in range(world.choices.below(3))]
    return {"mentions": [world.anybody()], "references": issues, "commits": [bytes([world.choices.below(4)]) * 20]}


def _members(slot: str, field: str, member: Callable[[World], Any]) -> Callable[[World], Made]:
    def make(world: World) -> Made:
        entity = world.thing("issue")
        payload: dict[str, Any] = {"add": [], "remove": []}
        if world.choices.below(3) < 2:
            payload["add"] = [member(world)]
        if world.choices.below(2):
            payload["remove"] = [{field: member(world), "observed": world.written(entity, slot)}]
        return Made(entity, payload, ((entity, slot),))

    return make


def _a_label(world: World) -> bytes:
    return world.thing("label")


def _comment_added(world: World) -> Made:
    return Made(world.thing("issue"), {"body": f"{world.token} replied", **_links(world)}, ((None, "body"),))


def _attachment_added(world: World) -> Made:
    choices = world.choices
    payload = {"name": f"{world.token}.png", "size": 1 + choices.below(3), "sha256": bytes([choices.below(3)]) * 32}
    return Made(world.thing("repository", "issue", "comment"), payload)


def _body_edited(world: World) -> Made:
    choices = world.choices
    entity = world.thing("issue", "comment")
    splices = [
        {"at": choices.below(12), "cut": choices.below(4), "text": world.token if choices.below(3) else "é😀"}
        for _ in range(1 + choices.below(3))
    ]
    base: list[bytes] = [*world.written(entity, "body")] or [entity]
    return Made(entity, {"base": base, "splices": splices, **_links(world)}, ((entity, "body"),))


def _body_reset(world: World) -> Made:
    entity = world.thing("issue", "comment")
    payload = {"text": f"{world.token} again", "replaces": world.written(entity, "body"), **_links(world)}
    return Made(entity, payload, ((entity, "body"),))


def _event_redacted(world: World) -> Made:
    choices = world.choices
    target = choices.pick(world.forgettable() if choices.below(8) < 7 else world.events)
    targets = [target.id, *([choices.pick(world.events).id] if choices.rarely(3) else [])]
    entity = choices.pick([target.entity or target.id, target.id]) if choices.below(4) else world.thing("issue")
    return Made(entity, {"events": targets, "reason": world.token})


GENERATORS: Final[dict[str, Callable[[World], Made]]] = {
    "identity.created.v1": _identity_created,
    "identity.described.v1": _identity_described,
    "identity.device_enrolled.v1": _device_enrolled,
    "identity.device_revoked.v1": _device_ended,
    "agent.described.v1": _agent_described,
    "attestation.given.v1": _attestation_given,
    "repository.created.v1": _repository_created,
    "repository.described.v1": _setting("repository", "description", "description", _token),
    "repository.default_branch_set.v1": _setting("repository", "default_branch", "branch", _token),
    "repository.visibility_set.v1": _setting("repository", "private", "private", _either),
    "repository.archived.v1": authority.archived,
    "repository.deleted.v1": _setting("repository", "deleted", "deleted", _either),
    "repository.renamed.v1": _setting("repository", "name", "name", lambda world: f"n{world.choices.below(4)}"),
    "repository.forked.v1": _repository_forked,
    "repository.imported.v1": _repository_imported,
    "repository.offered.v1": _repository_offered,
    "repository.transferred.v1": _repository_transferred,
    "repository.succeeded.v1": _repository_succeeded,
    "repository.website_set.v1": _setting("repository", "website", "website", _website),
    "repository.topics_changed.v1": _topics_changed,
    "repository.starred.v1": _starred,
    "repository.unstarred.v1": _unstarred,
    "repository.watched.v1": _setting("repository", "watch", "level", _level),
    **authority.GENERATORS,
    "label.recoloured.v1": _setting("label", "colour", "colour", _colour),
    "label.renamed.v1": _setting("label", "name", "name", _token),
    "label.described.v1": _setting("label", "description", "description", _token),
    "label.deleted.v1": _label_deleted,
    "issue.assigned.v1": _members("assignees", "assignee", World.anybody),
    "issue.labelled.v1": _members("labels", "label", _a_label),
    "refs.moved.v1": _refs_moved,
    "label.created.v1": _label_created,
    "issue.locked.v1": _issue_locked,
    "issue.unlocked.v1": _issue_unlocked,
    "issue.pinned.v1": _setting("issue", "pin", "pinned", _either),
    "reaction.added.v1": _reaction_added,
    "reaction.removed.v1": _reaction_removed,
    "issue.closed.v1": _issue_closed,
    "issue.reopened.v1": _issue_reopened,
    "issue.retitled.v1": _setting("issue", "title", "title", _token),
    "body.reset.v1": _body_reset,
    "body.edited.v1": _body_edited,
    "attachment.added.v1": _attachment_added,
    "event.redacted.v1": _event_redacted,
    "comment.added.v1": _comment_added,
    "issue.opened.v1": _issue_opened,
}

_ABOUT_ISSUES: Final = list(GENERATORS)[list(GENERATORS).index("issue.assigned.v1") :]
_FORGETTING: Final = ["event.redacted.v1"] * 2
_SELDOM: Final = frozenset({"agent.described.v1", "attestation.given.v1"})
_KINDS: Final = [
    *GENERATORS,
    *(kind for kind in list(GENERATORS)[1:] if kind not in _SELDOM),
    *_ABOUT_ISSUES,
    *_ABOUT_ISSUES,
    *_FORGETTING,
    "identity.created.v1",
]
"""What is about words and people comes up most often, and forgetting often enough."""
