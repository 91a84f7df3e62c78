"""Folds events into entity states, one at a time, in whatever order they arrive.

The fast path is an append at the end of an entity's own history. An event that sorts before what is already
folded, or that changes how earlier ones read, makes the engine fold that entity again from its history. What comes
out is the same for every order of arrival: `tests/laws` holds it to that.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec

from domain.content.redacted import EventRedacted
from domain.fold.kind import PayloadFault, State, Touch, read_payload
from domain.ids import EventId
from domain.kinds import KINDS
from domain.replay.judge import Judgement, Known, judge
from domain.verdict import ACCEPTED, Verdict, void

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.policy import Policy


class Member(NamedTuple):
    """One event of an entity's history, and whether its recorded verdict is accepted."""

    event: Event
    accepted: bool


class History(Protocol):
    """What the engine remembers beyond its cache; the views keep it, a dictionary does for tests."""

    def known(self, name: EventId) -> Known | None:
        """An event by id, as other events' verdicts need it."""
        ...

    def event(self, name: EventId) -> Event | None:
        """An event by id, whole."""
        ...

    def members(self, key: bytes) -> Sequence[Member]:
        """The accepted and fold-voided events that touch an entity, in total order."""
        ...

    def redacted(self, name: EventId) -> bool:
        """Whether an accepted redaction covers an event's payload."""
        ...

    def awaiting(self, name: EventId) -> Sequence[EventId]:
        """Events whose verdict waits for this one."""
        ...

    def record(self, event: Event, judgement: Judgement, keys: Sequence[bytes]) -> None:
        """Remember an event with its verdict, what it awaits, and the entities it touches (again, if judged again)."""
        ...

    def record_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """Remember that an accepted redaction covers these events."""
        ...

    def record_verdict(self, name: EventId, verdict: Verdict) -> None:
        """Change the verdict of an event, found only by folding."""
        ...


class Applied(msgspec.Struct):
    """What one event changed: its own verdict, the states to show again by entity key, and who was judged again.

    `stale` is the engine's own note of entities to fold again, each once, when all verdicts are known.
    """

    event: EventId
    verdict: Verdict = ACCEPTED
    states: dict[bytes, State] = {}
    rejudged: list[EventId] = []
    stale: set[bytes] = set()


@dataclass(slots=True)
class _Folded:
    state: State
    last: tuple[int, bytes]


_NARROW_TOUCHES: Final = 8
_WIDE_MAX: Final = 32


class Engine:
    """Folds events; keeps the most recently used `states_max` entity states."""

    def __init__(self, history: History, policy: Policy, *, states_max: int = 8192) -> None:
        self._history = history
        self._policy = policy
        self._states_max = states_max
        self._folded: OrderedDict[bytes, _Folded] = OrderedDict()
        self._wide: OrderedDict[EventId, tuple[Any, Sequence[Touch]]] = OrderedDict()

    def apply(self, event: Event) -> Applied:
        """Judge and fold one event whose past is already here and that was not applied before: the log drops those."""
        applied = Applied(event.id)
        self._judge(event, applied)
        self._settle_awaiting(event.id, applied)
        for key in sorted(applied.stale):
            state = self._refold(key)
            if state is not None:
                applied.states[key] = state
        for state in applied.states.values():
            reason = state.voided.get(event.id)
            if reason:
                applied.verdict = void(reason)
        return applied

    def state(self, key: bytes) -> State | None:
        """An entity's present state, or None if nothing accepted touches it."""
        folded = self._folded.get(key)
        if folded is not None:
            self._folded.move_to_end(key)
            return folded.state
        return self._refold(key)

    def foresee(self, event: Event) -> Verdict:
        """The verdict an event would get now, by judging alone; nothing is recorded."""
        return judge(event, self._history.known, self._policy).verdict

    def forget(self) -> None:
        """Drop every cached state: what was applied did not become durable."""
        self._folded.clear()

    def _judge(self, event: Event, applied: Applied, *, again: bool = False) -> None:
        history = self._history
        judgement = judge(event, history.known, self._policy, redacted=history.redacted(event.id))
        if event.id == applied.event:
            applied.verdict = judgement.verdict
        if judgement.verdict is not ACCEPTED:
            history.record(event, judgement, ())
            return
        kind = KINDS[event.kind]
        touches = kind.touches(event, judgement.payload)
        history.record(event, judgement, [touch.key for touch in touches])
        if type(judgement.payload) is EventRedacted:  # payload classes make `isinstance` slow
            history.record_redaction(judgement.payload.events, event.id)
            self._judge_redacted(judgement.payload, applied)
        for touch in touches:
            if again or kind.refolds:
                applied.stale.add(touch.key)
            else:
                applied.states[touch.key] = self._fold_touch(event, touch, judgement.payload)

    def _fold_touch(self, event: Event, touch: Touch, payload: Any) -> State:
        folded = self._folded.get(touch.key)
        if folded is None:
            # An entity may begin with an event that does not bear its name: a ref does, with its first move.
            members = () if touch.key == event.id else self._history.members(touch.key)
            if len(members) > 1:
                return self._fold_all(touch.key, members)
            folded = self._keep(touch.key, _Folded(touch.state(touch.key), (0, b"")))
        elif folded.last >= event.order:
            return self._fold_all(touch.key, self._history.members(touch.key))
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
        return self._fold_all(key, members)

    def _fold_all(self, key: bytes, members: Sequence[Member]) -> State:
        state: State | None = None
        for event, _ in members:
            payload, touches = self._read(event)
            for touch in touches:
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

    def _read(self, event: Event) -> tuple[Any, Sequence[Touch]]:
        """An event's payload and what it touches.

        An event that moves hundreds of refs is read for each of them in turn, so such are remembered for a while.
        """
        found = self._wide.get(event.id)
        if found is None:
            payload = self._payload(event)
            kind = KINDS[event.kind]
            found = payload, kind.touches(event, payload)
            if len(found[1]) > _NARROW_TOUCHES and not kind.redactable:
                self._wide[event.id] = found
                if len(self._wide) > _WIDE_MAX:
                    self._wide.popitem(last=False)
        return found

    def _payload(self, event: Event) -> Any:
        if event.payload is None or self._history.redacted(event.id):
            return None
        try:
            return read_payload(KINDS[event.kind], event.payload, own=True)
        except PayloadFault as fault:
            raise AssertionError(f"an accepted event has an unusable payload: {event.id.hex()}") from fault

    def _keep(self, key: bytes, folded: _Folded) -> _Folded:
        self._folded[key] = folded
        self._folded.move_to_end(key, last=not folded.state.settled)
        if len(self._folded) > self._states_max:
            self._folded.popitem(last=False)
        return folded

    def _judge_redacted(self, payload: EventRedacted, applied: Applied) -> None:
        for name in payload.events:
            target = self._history.event(EventId(name))
            assert target is not None, "a redaction is accepted when all that it names is here"
            self._again(target, applied)

    def _settle_awaiting(self, name: EventId, applied: Applied) -> None:
        for waiting in self._history.awaiting(name):
            event = self._history.event(waiting)
            assert event is not None, "what awaits is in the log"
            self._again(event, applied)

    def _again(self, event: Event, applied: Applied) -> None:
        """Judge an event once more, and then what waits for it: its verdict may have changed."""
        applied.rejudged.append(event.id)
        self._judge(event, applied, again=True)
        self._settle_awaiting(event.id, applied)
