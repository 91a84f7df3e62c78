"""The verdict on one event: its payload, its enrolment, what it acts on, and the policy. Pure.

A verdict reads nothing but the event, the events its payload and entity name, and its stream's authority. Where
a named event is not here yet, the verdict is void and says what it awaits; the engine asks again when that arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.content.redacted import EventRedacted
from domain.envelope import VERSION
from domain.fold.kind import Kind, Payload, PayloadFault, read_payload
from domain.keys import did_of
from domain.kinds import KINDS
from domain.policy import Policy, Question
from domain.verdict import ACCEPTED, CARRIES, Verdict, carried, void

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.envelope import Event
    from domain.ids import Did, EventId, StreamId


class Known(NamedTuple):
    """What a verdict needs to know of an event that another one names."""

    kind: str
    stream: StreamId
    entity: EventId | None
    author: Did
    accepted: bool
    lamport: int
    roots: tuple[Did, ...] = ()


class Judgement(NamedTuple):
    """A verdict, the payload it was read from (None if redacted or unusable), and what is still missing."""

    verdict: Verdict
    payload: Payload | None = None
    awaits: tuple[EventId, ...] = ()


def judge(
    event: Event, find: Callable[[EventId], Known | None], policy: Policy, *, redacted: bool = False
) -> Judgement:
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
    if did_of(event.device) != event.author:
        return Judgement(void("not-enrolled"))
    if event.genesis:
        return _judge_genesis(event, kind, payload)
    return _judge_act(event, kind, payload, find, policy)


def _judge_genesis(event: Event, kind: Kind, payload: Payload | None) -> Judgement:
    if kind.acts_on:
        return Judgement(void("entity-unknown"))
    if event.author not in event.roots:
        return Judgement(void("no-authority"))
    return Judgement(ACCEPTED, payload)


def _judge_act(
    event: Event, kind: Kind, payload: Payload | None, find: Callable[[EventId], Known | None], policy: Policy
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
    genesis = find(event.stream)  # type: ignore[arg-type]  # a stream's id is its genesis event's
    assert genesis is not None, "an event without its stream's genesis has missing parents"
    author = None if kind.acts_on == ("repository",) else thing.author
    further = kind.demands(payload) if kind.demands and payload is not None else ""
    for action in (kind.action, further) if further else (kind.action,):
        if not policy.allows(Question(action, event.author, genesis.roots, author)):
            return Judgement(void("no-authority"))
    if type(payload) is EventRedacted:  # payload classes make `isinstance` slow
        return _judge_redaction(event, payload, find, genesis.roots)
    return Judgement(ACCEPTED, payload)


def _judge_redaction(
    event: Event, payload: EventRedacted, find: Callable[[EventId], Known | None], roots: tuple[Did, ...]
) -> Judgement:
    for name in payload.events:
        target = find(name)  # type: ignore[arg-type]  # checked to be 32 bytes by the payload's type
        if target is None:
            return Judgement(void("redaction-invalid"), awaits=(name,))  # type: ignore[arg-type]
        kind = KINDS.get(target.kind)
        own = target.author == event.author or event.author in roots
        part = event.entity in (name, target.entity) and target.stream == event.stream
        if kind is None or not kind.redactable or not own or not part:
            return Judgement(void("redaction-invalid"))
    return Judgement(ACCEPTED, payload)
