"""Folds events into entity states, one at a time, in whatever order they arrive.

The fast path is an append at the end of an entity's own history. An event that sorts before what is already
folded, or that changes how earlier ones read, makes the engine fold that entity again from its history. What comes
out is the same for every order of arrival: `tests/laws` holds it to that.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from domain.content.redacted import EventRedacted
from domain.fold.kind import PayloadFault, State, Touch, read_payload
from domain.kinds import KINDS
from domain.replay.judge import Judgement, Known, judge
from domain.verdict import ACCEPTED, Verdict, void

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import EventId
    from domain.policy import Policy


class Member(NamedTuple):
    """One event of an entity's history, and whether its recorded verdict is accepted."""

    event: Event
    accepted: bool


class History(Protocol):
    """What the engine remembers beyond its cache; the views keep it, a dictionary does for tests."""

    def known(self, name: EventId) -> Known | None:
        """An event by id, as other events' verdicts need it."""

    def event(self, name: EventId) -> Event | None:
        """An event by id, whole."""

    def members(self, key: bytes) -> Sequence[Member]:
        """The accepted and fold-voided events that touch an entity, in total order."""

    def redacted(self, name: EventId) -> bool:
        """Whether an accepted redaction covers an event's payload."""

    def awaiting(self, name: EventId) -> Sequence[EventId]:
        """Events whose verdict waits for this one."""

    def record(self, event: Event, judgement: Judgement, keys: Sequence[bytes]) -> None:
        """Remember an event with its verdict, what it awaits, and the entities it touches (again, if judged again)."""

    def record_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """Remember that an accepted redaction covers these events."""

    def record_verdict(self, name: EventId, verdict: Verdict) -> None:
        """Change the verdict of an event, found only by folding."""


@dataclass(slots=True)
class Applied:
    """What one event changed: the states to show again, by entity key, and its own verdict."""

    verdict: Verdict
    states: dict[bytes, State] = field(default_factory=dict)
    rejudged: list[EventId] = field(default_factory=list)


@dataclass(slots=True)
class _Folded:
    state: State
    last: tuple[int, bytes]


class Engine:
    """Folds events; keeps the most recently used `states_max` entity states."""

    def __init__(self, history: History, policy: Policy, *, states_max: int = 8192) -> None:
        self._history = history
        self._policy = policy
        self._states_max = states_max
        self._folded: OrderedDict[bytes, _Folded] = OrderedDict()

    def apply(self, event: Event, *, own: bool = True) -> Applied:
        """Judge and fold one event whose past is already here. `own` says its payload bytes were checked before."""
        applied = self._judge_and_fold(event, own=own)
        self._settle_awaiting(event.id, applied)
        return applied

    def state(self, key: bytes) -> State | None:
        """An entity's present state, or None if nothing accepted touches it."""
        folded = self._folded.get(key)
        if folded is not None:
            self._folded.move_to_end(key)
            return folded.state
        return self._refold(key)

    def forget(self) -> None:
        """Drop every cached state: what was applied did not become durable."""
        self._folded.clear()

    def _judge_and_fold(self, event: Event, *, own: bool) -> Applied:
        history = self._history
        redacted = history.redacted(event.id)
        judgement = judge(event, history.known, self._policy, redacted=redacted, own=own)
        if judgement.verdict is not ACCEPTED:
            history.record(event, judgement, ())
            return Applied(judgement.verdict)
        kind = KINDS[event.kind]
        touches = kind.touches(event, judgement.payload)
        history.record(event, judgement, [touch.key for touch in touches])
        applied = Applied(ACCEPTED)
        if isinstance(judgement.payload, EventRedacted):
            history.record_redaction(judgement.payload.events, event.id)
            self._rejudge_redacted(judgement.payload, applied)
        for touch in touches:
            state = self._refold(touch.key) if kind.refolds else self._fold_touch(event, touch, judgement.payload)
            if state is not None:
                applied.states[touch.key] = state
        verdict = self._own_verdict(event, applied)
        applied.verdict = verdict
        return applied

    def _own_verdict(self, event: Event, applied: Applied) -> Verdict:
        for state in applied.states.values():
            reason = state.voided.get(event.id)
            if reason:
                return void(reason)
        return ACCEPTED

    def _fold_touch(self, event: Event, touch: Touch, payload: Any) -> State | None:
        folded = self._folded.get(touch.key)
        if folded is None and touch.key != event.id:
            return self._refold(touch.key)
        if folded is None:
            folded = self._keep(touch.key, _Folded(touch.state(touch.key), (0, b"")))
        elif folded.last >= event.order:
            return self._refold(touch.key)
        else:
            self._folded.move_to_end(touch.key)
        touch.apply(folded.state, event, payload)
        folded.last = event.order
        reason = folded.state.voided.get(event.id)
        if reason:
            self._history.record_verdict(event.id, void(reason))
        return folded.state

    def _refold(self, key: bytes) -> State | None:
        """Fold an entity from its whole history."""
        members = self._history.members(key)
        if not members:
            self._folded.pop(key, None)
            return None
        state: State | None = None
        for event, _ in members:
            payload = self._payload(event)
            for touch in KINDS[event.kind].touches(event, payload):
                if touch.key == key:
                    state = state or touch.state(key)
                    touch.apply(state, event, payload)
        assert state is not None
        for event, accepted in members:
            reason = state.voided.get(event.id)
            if accepted == bool(reason):
                self._history.record_verdict(event.id, void(reason) if reason else ACCEPTED)
        self._keep(key, _Folded(state, members[-1].event.order))
        return state

    def _payload(self, event: Event) -> Any:
        if event.payload is None or self._history.redacted(event.id):
            return None
        try:
            return read_payload(KINDS[event.kind], event.payload, own=True)
        except PayloadFault as fault:
            raise AssertionError(f"an accepted event has an unusable payload: {event.id.hex()}") from fault

    def _keep(self, key: bytes, folded: _Folded) -> _Folded:
        self._folded[key] = folded
        self._folded.move_to_end(key)
        if len(self._folded) > self._states_max:
            self._folded.popitem(last=False)
        return folded

    def _rejudge_redacted(self, payload: EventRedacted, applied: Applied) -> None:
        for name in payload.events:
            target = self._history.event(name)  # type: ignore[arg-type]  # 32 bytes by the payload's type
            if target is not None:
                self._again(target, applied)

    def _settle_awaiting(self, name: EventId, applied: Applied) -> None:
        for waiting in self._history.awaiting(name):
            event = self._history.event(waiting)
            assert event is not None, "what awaits is in the log"
            self._again(event, applied)
            self._settle_awaiting(waiting, applied)

    def _again(self, event: Event, applied: Applied) -> None:
        inner = self._judge_and_fold(event, own=False)
        applied.rejudged.append(event.id)
        applied.states.update(inner.states)
