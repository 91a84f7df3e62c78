"""Take an event that somebody signed with a key of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.attachment.added import KIND as ATTACHMENT_ADDED
from domain.attachment.added import AttachmentAdded
from domain.authority.enrolment import RANK_ENROL, read_certificate
from domain.authority.needs import HOLDS, need
from domain.authority.roles import Role
from domain.commands.attachments import check_blob, check_readable_blob
from domain.commands.conversations import check_conversation
from domain.commands.places import check_submitted
from domain.commands.refs import check_moves
from domain.commands.scene import Done, HeadChanged, ObjectsAdopted, RefsChanged, RepositoryGone, RepositoryMade, Scene
from domain.commands.standing import (
    DESK,
    charge,
    check_blocked,
    check_enrolment,
    check_waiting,
    fit_past,
    is_stranger,
    past_fault,
    rule_for_strangers,
)
from domain.envelope import RawEvent, open_event
from domain.errors import Conflict, Forbidden, InvalidInput, MissingParents, NotFound, Rejected, Unauthenticated
from domain.fold.kind import read_payload
from domain.follower.starred import KIND as STARRED
from domain.follower.unstarred import KIND as UNSTARRED
from domain.follower.watched import KIND as WATCHED
from domain.identity.created import KIND as IDENTITY_CREATED
from domain.identity.created import IdentityCreated
from domain.ids import Did
from domain.keys import is_did
from domain.kinds import KINDS
from domain.member.blocked import KIND as MEMBER_BLOCKED
from domain.member.blocked import MemberBlocked
from domain.moderation.desk import ANYWHERE
from domain.refs.moved import KIND as REFS_MOVED
from domain.refs.moved import RefsMoved
from domain.repository.created import RepositoryCreated
from domain.repository.default_branch_set import KIND as DEFAULT_BRANCH_SET
from domain.repository.deleted import KIND as DELETED
from domain.repository.deleted import RepositoryDeleted
from domain.repository.imported import KIND as IMPORTED
from domain.repository.state import RepositoryState
from domain.verdict import REJECTIONS, VOIDS, explain

FOLLOWING = frozenset({STARRED.name, UNSTARRED.name, WATCHED.name})
"""What changes nothing in a repository, so that an archived one takes it, too."""
OPERATOR_NAME = "operator"
"""How the node's own principal is called on every node."""

if TYPE_CHECKING:
    from domain.actor import Actor
    from domain.authority.enrolment import Enrolment
    from domain.commands.scene import Effect
    from domain.envelope import Event
    from domain.moderation.desk import Desk
    from domain.verdict import Verdict


class SubmitEvent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The three byte strings of a signed event, and the address that it came from, where there is one."""

    header: bytes
    signature: bytes
    payload: bytes
    origin: str = ""


def submit(scene: Scene, actor: Actor, args: SubmitEvent) -> Done:
    """Append a signed event, from the operator or from a signer who is no stranger; a stranger's may have to wait.

    The bytes are checked like a peer's. What would be void is refused here, with the reason, so that nobody
    fills the log with events of no effect.
    """
    try:
        event = open_event(RawEvent(args.header, args.signature, args.payload))
    except Rejected as fault:
        words = REJECTIONS[fault.reason]
        raise InvalidInput(f"the event is not well formed: {words}", field=fault.reason) from fault
    waits = False
    if not actor.operator and not event.genesis and is_stranger(scene, event):
        waits = rule_for_strangers(scene, event) == "hold"
    if waits:
        return _hold(scene, actor, event, args.origin)
    return Done(extra={"event": take_in(scene, actor, event).id.hex()})


def take_in(scene: Scene, actor: Actor, event: Event, *, waited: bool = False) -> Event:
    """Append an event that somebody else signed, or raise why not.

    One that `waited` here was checked when it came, and does not count against its author's budget.
    """
    effects = _check(scene, actor, event)
    if not waited and not actor.operator:
        charge(scene, event)
    try:
        taken = scene.take(event.raw, checked=waited)
    except (MissingParents, Rejected) as fault:
        raise past_fault(fault) from fault
    for effect in effects:
        scene.after(effect)
    if scene.desk is not None:
        _note_people(scene.desk, actor, event)
    return taken


def _note_people(desk: Desk, actor: Actor, event: Event) -> None:
    """Whom the operator takes in is known everywhere here, and of somebody who is blocked nothing waits."""
    if actor.operator and event.kind == IDENTITY_CREATED.name:
        desk.know(ANYWHERE, event.author)
    if event.kind == MEMBER_BLOCKED.name and event.payload is not None:
        payload = read_payload(MEMBER_BLOCKED, event.payload)
        assert isinstance(payload, MemberBlocked)
        desk.drop(event.stream, author=Did(payload.principal))


def _hold(scene: Scene, actor: Actor, event: Event, origin: str) -> Done:
    """Have a stranger's event wait for a decision, if it could be taken in as far as can be seen now."""
    desk = scene.desk
    assert desk is not None, "without one, strangers are refused"
    if check_waiting(scene, desk, event):
        _check(scene, actor, event)
    waiting = desk.hold(event, origin)
    told = {"event": event.id.hex(), "stream": event.stream.hex(), "author": event.author}
    return Done(extra={DESK: {**told, "until_ms": desk.until_ms(waiting)}})


def _check(scene: Scene, actor: Actor, event: Event) -> list[Effect]:
    """Raise what keeps an event out of the log; else what has to follow it."""
    verdict = _check_door(scene, actor, event)
    if event.genesis and verdict.accepted:
        _check_name(scene, event)
    state = scene.state(event.stream)
    if isinstance(state, RepositoryState) and verdict.accepted:
        check_submitted(scene, event, state)
        check_conversation(scene, event)
    return _effects(scene, actor, event) if verdict.accepted else []


def _check_door(scene: Scene, actor: Actor, event: Event) -> Verdict:
    if event.genesis:
        if not actor.operator:
            fault = Unauthenticated if actor.did is None else Forbidden
            raise fault("a new stream needs the operator's token", hint="ask the operator to begin it for you")
    else:
        _check_signer(scene, actor, event)
        fit_past(scene, event)
    verdict = scene.foresee(event)
    if verdict.standing == "void":
        raise Forbidden(
            f"the event would have no effect ({explain(verdict)})",
            hint=_HINTS.get(verdict.reason, ""),
            field=verdict.reason,
        )
    return verdict


_HINTS: Final = {
    "archived": "ask an admin to take it out of the archive",
    "locked": "ask those who manage issues to unlock it, or open an issue of your own",
    "protected": "push to another branch, or ask an admin",
}
"""What somebody can do about a refusal, by reason."""


def _check_name(scene: Scene, event: Event) -> None:
    """Raise `Conflict` if a new stream asks for a name by which something else is found here."""
    assert event.payload is not None, "it was submitted with one"
    payload = read_payload(KINDS[event.kind], event.payload)
    if isinstance(payload, RepositoryCreated):
        found = scene.repository_named(event.author, payload.name)
        if found is not None and found != event.stream:
            raise Conflict(f"{event.author} has a repository named {payload.name} here already")
    if isinstance(payload, IdentityCreated) and event.author != scene.operator:
        spelled = payload.name.replace("-", ":")
        if payload.name.lower() == OPERATOR_NAME or (is_did(spelled) and spelled != event.author):
            raise Conflict(f"{payload.name} is somebody else's name here", hint="choose another one")


def _check_signer(scene: Scene, actor: Actor, event: Event) -> None:
    if not actor.operator:
        # The verdict says so of every kind that is known here; of the others it says nothing about the author.
        _check_device(scene, event, check_enrolment(scene, event))
    state = scene.state(event.stream)
    if isinstance(state, RepositoryState):
        role = scene.role(event.stream, event.author)
        # What is deleted is there for nobody but those who may bring it back.
        gone = not state.exists and not (event.kind == DELETED.name and role >= need("repository.administer").role)
        if gone or (state.hidden and not actor.operator and role < Role.VIEWER):
            raise NotFound("there is no such repository")
        check_blocked(scene, event, state.name)
        # Nobody is kept from ending a stolen device, or a role, by archiving.
        authority = event.kind in KINDS and KINDS[event.kind].deed is not None
        free = authority or role >= HOLDS["archive"][0] or event.kind in FOLLOWING
        if state.closed and not free:
            raise Conflict("the repository is archived" if state.archived.value else "the repository goes on elsewhere")


def _check_device(scene: Scene, event: Event, enrolment: Enrolment) -> None:
    """Raise `Forbidden` for a device that its principal ended in the identity stream, or that such a one enrolled."""
    identity = scene.identity(event.author)
    if identity is None:
        return
    between = [found.device for data, _ in event.enrolment[:-1] if (found := read_certificate(data))]
    ended = identity.is_ended(event.device, enrolment.rank) or any(
        identity.is_ended(device, RANK_ENROL) for device in between
    )
    if ended:
        raise Forbidden(f"{event.author} ended the device ({VOIDS['device-revoked']})", field="device-revoked")


def _effects(scene: Scene, actor: Actor, event: Event) -> list[Effect]:
    """What an accepted event has to be followed by."""
    kind = KINDS[event.kind]
    if kind.creates == "repository":
        return [RepositoryMade(event.stream)]
    if kind is IMPORTED:
        return [ObjectsAdopted(event.stream, None)]
    if kind is DELETED:
        deleted = event.payload is not None and read_payload(kind, event.payload)
        gone = isinstance(deleted, RepositoryDeleted) and deleted.deleted
        return [RepositoryGone(event.stream) if gone else HeadChanged(event.stream)]
    if kind is DEFAULT_BRANCH_SET:
        return [HeadChanged(event.stream)]
    if kind is ATTACHMENT_ADDED:
        assert event.payload is not None, "it was submitted with one"
        attached = read_payload(kind, event.payload)
        assert isinstance(attached, AttachmentAdded)
        if actor.operator:
            check_blob(scene, attached.sha256, attached.size)
        else:
            check_readable_blob(scene, event.author, attached.sha256, attached.size)
    if kind is not REFS_MOVED:
        return []
    assert event.payload is not None, "it was submitted with one"
    payload = read_payload(kind, event.payload)
    assert isinstance(payload, RefsMoved)
    if not scene.has(event):
        check_moves(scene, event, payload)
    return [RefsChanged(event.stream, tuple(move.ref for move in payload.moves), None)]
