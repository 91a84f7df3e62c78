"""Who is a stranger to a stream, what has to be right before his event may wait, and what one without a role may add.

Rules of this node for what gets into its log; a verdict in the log knows nothing of them (docs/design/moderation.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.authority.roles import Role
from domain.chain import Link, check_links
from domain.errors import Conflict, Forbidden, InvalidInput, MissingParents, NotFound, Rejected
from domain.kinds import KINDS
from domain.moderation.budgets import Spend
from domain.moderation.desk import ANYWHERE
from domain.repository.state import RepositoryState
from domain.verdict import REJECTIONS, VOIDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.authority.enrolment import Enrolment
    from domain.commands.scene import Scene
    from domain.envelope import Event
    from domain.ids import EventId
    from domain.moderation.desk import Desk, Strangers

DESK: Final = "held"
"""In the `extra` of what a command has done, if that changed what is held."""
_NOTHING: Final[Mapping[EventId, Link]] = {}


def is_stranger(scene: Scene, event: Event) -> bool:
    """Whether nobody let the author in: by a role, by an event that counts, or by a decision of this node."""
    desk = scene.desk
    # That an identity is here says nothing by itself: identities may come from other nodes.
    everywhere = scene.enrolled(event.author) if desk is None else desk.held.knows(ANYWHERE, event.author)
    if everywhere or event.author == scene.operator:
        return False
    if not isinstance(scene.state(event.stream), RepositoryState):
        return True
    if scene.role(event.stream, event.author) > Role.GUEST or scene.counts(event.stream, event.author):
        return False
    return desk is None or not desk.held.knows(event.stream, event.author)


def rule_for_strangers(scene: Scene, event: Event) -> Strangers:
    """What is to become of a stranger's event; raises what it says to one whom nothing is taken from."""
    desk, state = scene.desk, scene.state(event.stream)
    refused = Forbidden(f"{event.author} is not enrolled on this node", hint="ask the operator to enrol your key")
    if desk is None:
        raise refused
    if not isinstance(state, RepositoryState) or not state.exists or state.hidden:
        # Where all are refused, nothing is said about what is here; else the same of all that nobody may see.
        raise refused if desk.strangers == "refuse" else NotFound("there is no such repository")
    rule = desk.rule_of(event.stream)
    if rule == "refuse":
        raise refused
    check_blocked(scene, event, state.name)
    return rule


def check_blocked(scene: Scene, event: Event, name: str) -> None:
    """Raise `Forbidden` for somebody who is blocked, whatever the kind is; only devices of his own he may still end."""
    if scene.role(event.stream, event.author) is not Role.BLOCKED:
        return
    verdict = scene.foresee(event)
    if not verdict.accepted:
        reason = verdict.reason if verdict.reason in VOIDS else "revoked"
        hint = "only those who look after it can undo that"
        raise Forbidden(f"{event.author} is blocked in {name}: {VOIDS[reason]}", hint=hint, field=reason)


def check_waiting(scene: Scene, desk: Desk, event: Event) -> bool:
    """Whether all that a stranger's event builds on is in the log; raises what keeps it from being held."""
    if desk.held.was_dropped(event.id):
        raise Forbidden("it waited here, and was dropped", hint="ask those who look after the repository")
    ahead = {*event.parents, *([event.prev] if event.prev is not None else [])}
    # What waits together is one author's: nobody's event depends on what somebody else's is decided to be.
    held = {name: link for name in ahead if (link := _held_link(desk, event, name)) is not None}
    fit_past(scene, event, held)
    if event.prev is None or event.prev not in held:
        check_enrolment(scene, event)
    rival = desk.held.at(event.stream, event.device, event.seq)
    if rival is not None and rival.id != event.id:
        # Whoever asks the log where his feed ends is not told of what waits, and would fork it unawares.
        raise Conflict(
            f"number {event.seq} of this device's feed waits here already: {rival.id.hex()[:16]}",
            hint="go on from that one: name it in prev, with the next seq",
        )
    acted_on = event.entity is None or _own_link(scene, event, event.entity) is not None
    if not acted_on and _held_link(desk, event, event.entity) is None:
        raise Conflict("what it acts on is not here", hint="send that first")
    return not held and acted_on


def check_enrolment(scene: Scene, event: Event) -> Enrolment:
    """For whom the event's device signs; raises `Forbidden` unless that is its author."""
    enrolment = scene.enrolment(event)
    if enrolment.fault or enrolment.principal != event.author:
        reason = enrolment.fault or "not-enrolled"
        raise Forbidden(f"the event would have no effect ({VOIDS[reason]})", field=reason)
    return enrolment


def fit_past(scene: Scene, event: Event, held: Mapping[EventId, Link] = _NOTHING) -> None:
    """Check an event against its past, with faults for whoever hands it in.

    What is in another stream is as good as not here: that it is in one that they may not read is nobody's to find out.
    """
    try:
        check_links(event, lambda name: held.get(name) or _own_link(scene, event, name))
    except (MissingParents, Rejected) as fault:
        raise past_fault(fault) from fault


def _own_link(scene: Scene, event: Event, name: EventId) -> Link | None:
    found = scene.link(name)
    return found if found is not None and found.stream == event.stream else None


def past_fault(fault: MissingParents | Rejected) -> Conflict | InvalidInput:
    """What to say of an event whose past is not here, or is not what it says."""
    if isinstance(fault, Rejected):
        return InvalidInput(f"the event does not fit its past: {REJECTIONS[fault.reason]}", field=fault.reason)
    listed = ", ".join(name.hex()[:12] for name in fault.missing)
    return Conflict(f"events it builds on are not here: {listed}", hint="send those first, oldest first")


def charge(scene: Scene, event: Event) -> None:
    """Charge the author of an event that is about to be taken in, unless they have a role there."""
    desk = scene.desk
    if desk is None or scene.link(event.id) is not None or scene.role(event.stream, event.author) > Role.GUEST:
        return
    size = len(event.header) + len(event.signature) + len(event.payload or b"")
    kind = KINDS.get(event.kind)
    void_act = kind is not None and kind.deed is not None and not scene.foresee(event).accepted
    desk.charge(event.stream, event.author, Spend(size, refolds=scene.refolds(event), void_acts=int(void_act)))


def _held_link(desk: Desk, event: Event, name: EventId | None) -> Link | None:
    found = desk.held.get(name) if name is not None else None
    if found is None or (found.stream, found.author) != (event.stream, event.author):
        return None
    return Link(found.stream, found.device, found.seq, found.lamport)
