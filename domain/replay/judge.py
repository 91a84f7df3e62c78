"""The verdict on one event: its payload, its device, what it acts on, and its author's right to do that. Pure.

A verdict reads the event, the events its payload and entity name, and its stream's court. Where it rests on
another event (one that is not here yet, one that is void, an act that takes a right away), the judgement says what it
awaits: the engine asks again when that arrives or changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.authority.needs import need
from domain.authority.rights import Request, deny
from domain.authority.roles import Role
from domain.content.redacted import EventRedacted
from domain.envelope import VERSION
from domain.fold.kind import Kind, Payload, PayloadFault, read_payload
from domain.ids import EventId
from domain.kinds import KINDS
from domain.verdict import ACCEPTED, CARRIES, Verdict, carried, void

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from domain.authority.ancestry import Branch, Place
    from domain.authority.court import Court
    from domain.envelope import Event
    from domain.ids import Did, StreamId


class Known(NamedTuple):
    """What a verdict needs to know of an event that another one names."""

    kind: str
    stream: StreamId
    entity: EventId | None
    author: Did
    accepted: bool
    lamport: int
    roots: tuple[Did, ...] = ()


class Bench(NamedTuple):
    """Where an event is judged: its stream's court, its branch and place, and whether its cut is in its past.

    `seen` says whether some events are all in its past; only redactions are asked.
    """

    court: Court
    branch: Branch
    place: Place
    seen: Callable[[Iterable[EventId]], bool]
    cut_known: bool


class Judgement(NamedTuple):
    """A verdict, the payload it was read from (None if redacted or unusable), and what may change it.

    `role` is the author's at this event; `by` the act of authority that voids it; `detail` words for a person.
    """

    verdict: Verdict
    payload: Payload | None = None
    awaits: tuple[EventId, ...] = ()
    role: int = Role.BLOCKED
    by: EventId | None = None
    detail: str = ""


def judge(event: Event, bench: Bench, find: Callable[[EventId], Known | None], *, redacted: bool = False) -> Judgement:
    """Judge one event. `redacted` withholds its payload."""
    if event.v != VERSION:
        return Judgement(carried("version-unknown"))
    kind = KINDS.get(event.kind)
    if kind is None:
        return Judgement(carried("kind-unknown"))
    if event.unknown:
        return Judgement(carried("field-unknown"))
    payload = None
    if event.payload is not None and not redacted:
        try:
            payload = read_payload(kind, event.payload)
        except PayloadFault as fault:
            reason = fault.reason
            return Judgement(carried(reason) if reason in CARRIES else void(reason))
        reason = kind.check(event, payload) if kind.check else ""
        if reason:
            return Judgement(void(reason))
    if payload is None and not kind.redactable:
        return Judgement(void("payload-invalid"))  # it is nowhere but in a damaged log
    if event.genesis:
        return _judge_genesis(event, kind, payload, bench)
    return _judge_act(event, kind, payload, bench, find)


def _judge_genesis(event: Event, kind: Kind, payload: Payload | None, bench: Bench) -> Judgement:
    if kind.acts_on:
        return Judgement(void("entity-unknown"))
    enrolment = bench.branch.enrolment
    if enrolment.fault or enrolment.principal != event.author:
        return Judgement(void(enrolment.fault or "not-enrolled"))
    if event.author not in event.roots:
        return Judgement(void("no-authority"))
    return Judgement(ACCEPTED, payload, role=Role.ROOT)


def _judge_act(
    event: Event, kind: Kind, payload: Payload | None, bench: Bench, find: Callable[[EventId], Known | None]
) -> Judgement:
    assert event.entity is not None
    if not kind.acts_on:
        return Judgement(void("entity-mismatch"))
    thing = find(event.entity)
    if thing is None or thing.stream != event.stream:
        # Of another stream is as good as not here: nothing outside a stream changes a verdict in it.
        return Judgement(void("entity-unknown"), awaits=(event.entity,) if thing is None else ())
    made = KINDS.get(thing.kind)
    if made is None or made.creates not in kind.acts_on:
        return Judgement(void("entity-mismatch"))
    if thing.lamport >= event.lamport:
        # It would be folded before what it changes is there; whoever writes honestly has that in the past.
        return Judgement(void("entity-later"))
    if not thing.accepted:
        return Judgement(void("entity-void"), awaits=(event.entity,))
    # Should the thing turn void, that is the reason which counts, on every node.
    awaits = () if bytes(event.entity) == event.stream else (event.entity,)
    if not bench.cut_known:
        return Judgement(void("cut-unknown"), awaits=awaits)
    thing_author = None if kind.acts_on == ("repository",) else thing.author
    request = request_for(event, event.entity, kind, payload, thing_author)
    role, denial = deny(bench.court, request, bench.branch, bench.place, event.id)
    if denial is not None:
        by = denial.by.event if denial.by else None
        return Judgement(void(denial.reason), None, (by, *awaits) if by else awaits, role, by, denial.detail)
    if type(payload) is EventRedacted:  # payload classes make `isinstance` slow
        return _judge_redaction(event, payload, bench, find, role, awaits)
    return Judgement(ACCEPTED, payload, role=role)


def request_for(
    event: Event, entity: EventId, kind: Kind, payload: Payload | None, thing_author: Did | None
) -> Request:
    """What an event does, to the thing of an entity, as the table and the holds see it."""
    further = kind.demands(payload) if kind.demands and payload is not None else ""
    return Request(
        (kind.action, further) if further else (kind.action,),
        event.author,
        thing_author,
        entity,
        kind.pushes(payload) if kind.pushes else (),  # what moves refs or counts with authority is not redactable
        kind.deed(event, payload) if kind.deed else None,
    )


def _judge_redaction(
    event: Event,
    payload: EventRedacted,
    bench: Bench,
    find: Callable[[EventId], Known | None],
    role: int,
    awaits: tuple[EventId, ...],
) -> Judgement:
    targets = [EventId(name) for name in payload.events]
    anyones = role >= need("content.redact").role
    for name in targets:
        target = find(name)
        if target is None:
            return Judgement(void("redaction-invalid"), awaits=awaits)  # its past is here, so this is not in it
        kind = KINDS.get(target.kind)
        part = event.entity in (name, target.entity)
        if kind is None or not kind.redactable or not part or not (anyones or target.author == event.author):
            return Judgement(void("redaction-invalid"), awaits=awaits)
    # Or else a node could not tell from a header without its payload whether to wait for a redaction of it.
    if not bench.seen(targets):
        return Judgement(void("redaction-invalid"), awaits=awaits)
    return Judgement(ACCEPTED, payload, role=role)
