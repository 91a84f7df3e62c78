"""Folds events into entity states, one at a time, in whatever order they arrive.

The fast path is an append at the end of an entity's own history. An event that sorts before what is already
folded, or that changes how earlier ones read, makes the engine fold that entity again from its history. What comes
out is the same for every order of arrival: `tests/laws` holds it to that.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec

from domain.authority.ancestry import NO_BRANCH, Branch, enrolment_of, foresee, has_seen, locate
from domain.content.redacted import EventRedacted
from domain.envelope import VERSION
from domain.fold.kind import Payload, PayloadFault, State, Touch, read_payload
from domain.ids import EventId, StreamId
from domain.kinds import KINDS
from domain.replay.courts import Courts, Records, level_of
from domain.replay.judge import Bench, Judgement, judge
from domain.replay.states import Folded, States
from domain.verdict import ACCEPTED, Verdict, void

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.authority.ancestry import Place
    from domain.authority.court import Act, Court
    from domain.envelope import Event


class Member(NamedTuple):
    """One event of an entity's history, and whether its recorded verdict is accepted."""

    event: Event
    accepted: bool


class History(Records, Protocol):
    """What the engine remembers beyond its cache; the views keep it, a dictionary does for tests."""

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

    def leave(self, event: Event, keys: Sequence[bytes]) -> Sequence[bytes]:
        """An event touches these entities no longer: those it did touch."""
        ...

    def record_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """Remember that an accepted redaction covers these events."""
        ...

    def drop_redaction(self, targets: Sequence[bytes], by: EventId) -> None:
        """A redaction covers these events no longer."""
        ...

    def record_verdict(self, name: EventId, verdict: Verdict) -> None:
        """Change the verdict of an event, found only by folding."""
        ...


class Applied(msgspec.Struct):
    """What one event changed: its own verdict, the states to show again by entity key, and who was judged again.

    `gone` are entities of which nothing accepted is left, by the class of their state. `overturned` says which accepted
    events an act of authority has voided. `courts` are the streams where somebody's standing may be another now.
    `stale` is the engine's own note of entities to fold again, each once, when all verdicts are known.
    """

    event: EventId
    verdict: Verdict = ACCEPTED
    states: dict[bytes, State] = {}
    gone: dict[bytes, type[State]] = {}
    rejudged: list[EventId] = []
    overturned: dict[EventId, list[EventId]] = {}
    courts: set[StreamId] = set()
    stale: dict[bytes, type[State]] = {}


_NARROW_TOUCHES: Final = 8
_WIDE_MAX: Final = 32


class Engine:
    """Folds events; keeps the most recently used entity states."""

    def __init__(self, history: History, *, states: States | None = None) -> None:
        self._history = history
        self._courts = Courts(history)
        self._changed: list[tuple[Act, bool]] = []
        self._queue: deque[EventId] = deque()
        self._states = states or States()
        self._wide: OrderedDict[EventId, tuple[Any, Sequence[Touch]]] = OrderedDict()

    def apply(self, event: Event) -> Applied:
        """Judge and fold one event whose past is already here and that was not applied before: the log drops those."""
        applied = Applied(event.id)
        self._judge(event, applied)
        self._wake(event.id)
        self._settle(applied)
        for key in sorted(applied.stale):
            state = self._refold(key)
            if state is not None:
                applied.states[key] = state
            else:
                applied.states.pop(key, None)
                applied.gone[key] = applied.stale[key]
        for state in applied.states.values():
            reason = state.voided.get(event.id)
            if reason:
                applied.verdict = void(reason)
        return applied

    def state(self, key: bytes) -> State | None:
        """An entity's present state, or None if nothing accepted touches it."""
        return self._states.find(key) or self._refold(key)

    def foresee(self, event: Event) -> Verdict:
        """The verdict an event would get now, by judging alone; nothing is recorded."""
        return self.foresee_judgement(event).verdict

    def foresee_judgement(self, event: Event) -> Judgement:
        """Like `foresee`, with what the verdict rests on."""
        history, court = self._history, self.court(event.stream, event if event.genesis else None)
        place = foresee(history, event)
        if place.branch == NO_BRANCH:
            branch = Branch(NO_BRANCH, event.stream, event.device, enrolment_of(history, event))
        else:
            branch = history.branch(place.branch)
        bench = Bench(court, branch, place, partial(has_seen, history, event), self._cut_known(event))
        return judge(event, bench, history.known)

    def court(self, stream: StreamId, genesis: Event | None = None) -> Court:
        """Who may do what in a stream."""
        return self._courts.of(stream, genesis)

    def forget(self) -> None:
        """Drop every cached state: what was applied did not become durable."""
        self._states.clear()
        self._courts.forget()
        self._changed.clear()
        self._queue.clear()

    def _cut_known(self, event: Event) -> bool:
        kind, payload = KINDS.get(event.kind), _act_of(event)
        if kind is None or kind.deed is None or payload is None:
            return True
        return self._courts.reach(event, kind.deed(event, payload)) is not None

    def _judge(self, event: Event, applied: Applied, *, again: bool = False) -> bool:
        """Judge an event and fold it; whether others that wait for it have reason to be judged again."""
        history = self._history
        was = history.known(event.id) if again else None
        act, bench = self._bench(event, again=again)
        judgement = judge(event, bench, history.known, redacted=history.redacted(event.id))
        if event.id == applied.event:
            applied.verdict = judgement.verdict
        accepted = judgement.verdict is ACCEPTED
        if not accepted:
            history.record(event, judgement, ())
            if again and judgement.verdict.standing == "void":
                self._withdraw(event, applied)
            if was is not None and was.accepted and judgement.by is not None:
                applied.overturned.setdefault(judgement.by, []).append(event.id)
        else:
            self._let_in(event, judgement.payload, judgement, applied, again=again)
        if act is not None:
            self._settle_act(act, judgement, new=not again)
        return was is None or was.accepted != accepted

    def _bench(self, event: Event, *, again: bool) -> tuple[Act | None, Bench]:
        """Where an event is judged; a new one gets its place first, and a new act of authority its number."""
        history = self._history
        court = self._courts.of(event.stream, event if event.genesis else None)
        if again:
            place = history.place(event.id)
            assert place is not None, "it was judged before"
            act = court.act(event.id)
        else:
            place = locate(history, event)
            act = self._enter(event, place)
        seen, cut_known = partial(has_seen, history, event), act is None or act.cut_known
        return act, Bench(court, history.branch(place.branch), place, seen, cut_known)

    def _enter(self, event: Event, place: Place) -> Act | None:
        payload = _act_of(event)
        if payload is None:
            return None
        assert event.entity is not None, "only what begins a stream is about nothing, and that is no act"
        if KINDS[event.kind].acts_on == ("repository",) and bytes(event.entity) != event.stream:
            return None  # void for good; and what somebody says of own keys would count without being accepted
        return self._courts.enter(event, payload, place)

    def _let_in(
        self, event: Event, payload: Payload | None, judgement: Judgement, applied: Applied, *, again: bool
    ) -> None:
        history, kind = self._history, KINDS[event.kind]
        touches = kind.touches(event, payload)
        history.record(event, judgement, [touch.key for touch in touches])
        if type(payload) is EventRedacted:  # payload classes make `isinstance` slow
            history.record_redaction(payload.events, event.id)
            self._judge_redacted(payload)
        for touch in touches:
            if again or kind.refolds:
                _refold_later(applied, touch.key, touch.state)
            else:
                applied.states[touch.key] = self._fold_touch(event, touch, payload, _share(event, touches))

    def _withdraw(self, event: Event, applied: Applied) -> None:
        """An event that was judged before counts no longer: undo what it did, and judge again what acts on it."""
        history, kind = self._history, KINDS[event.kind]
        if bool(kind.acts_on) == event.genesis:
            return  # it never counted
        payload = self._readable(event)
        if payload is None and event.payload is not None and not history.redacted(event.id):
            return  # unusable from the start
        touches = {touch.key: touch.state for touch in kind.touches(event, payload)}
        left = history.leave(event, list(touches))
        if not left:
            return
        for key in left:
            _refold_later(applied, key, touches[key])
        if type(payload) is EventRedacted:
            history.drop_redaction(payload.events, event.id)
            self._judge_redacted(payload)
        if event.id in left:
            members = (member.event for member in history.members(event.id))
            self._queue.extend(member.id for member in members if member.entity == event.id)

    def _settle_act(self, act: Act, judgement: Judgement, *, new: bool) -> None:
        """Tell the court what an act counts for now, and have those judged again whom that may concern."""
        accepted = judgement.verdict is ACCEPTED
        if self._courts.settle(act, level_of(act.deed, judgement.role, accepted=accepted), alive=accepted):
            self._changed.append((act, new))

    def _settle(self, applied: Applied) -> None:
        """Judge again whom a change may concern, until nothing changes any more: levels end that, from the top."""
        while self._queue or self._changed:
            while self._queue:
                name = self._queue.popleft()
                event = self._history.event(name)
                assert event is not None, "only what is in the log waits, or is on a branch"
                self._again(event, applied)
            if self._changed:
                act, new = self._changed.pop()
                applied.courts.add(act.branch.stream)
                affected = dict.fromkeys(self._courts.affected(act, new=new))
                self._queue.extend(name for name in affected if name != act.event)

    def _fold_touch(self, event: Event, touch: Touch, payload: Any, share: int) -> State:
        folded = self._states.take(touch.key)
        if folded is None:
            # An entity may begin with an event that does not bear its name: a ref does, with its first move.
            members = () if touch.key == event.id else self._history.members(touch.key)
            if len(members) > 1:
                return self._fold_all(touch.key, members)
            folded = Folded(touch.state(touch.key), event.order)
        elif folded.last >= event.order:
            return self._fold_all(touch.key, self._history.members(touch.key))
        touch.apply(folded.state, event, payload)
        folded.last = event.order
        folded.payload_bytes += share
        self._states.keep(touch.key, folded)
        reason = folded.state.voided.get(event.id)
        if reason:
            self._history.record_verdict(event.id, void(reason))
        return folded.state

    def _refold(self, key: bytes) -> State | None:
        """Fold an entity from its whole history."""
        self._states.take(key)
        members = self._history.members(key)
        return self._fold_all(key, members) if members else None

    def _fold_all(self, key: bytes, members: Sequence[Member]) -> State:
        state: State | None = None
        payload_bytes = 0
        for event, _ in members:
            payload, touches = self._read(event)
            payload_bytes += _share(event, touches)
            for touch in touches:
                if touch.key == key:
                    state = state or touch.state(key)
                    touch.apply(state, event, payload)
        assert state is not None
        for event, accepted in members:
            reason = state.voided.get(event.id)
            if accepted == bool(reason):
                self._history.record_verdict(event.id, void(reason) if reason else ACCEPTED)
        self._states.keep(key, Folded(state, members[-1].event.order, payload_bytes))
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

    def _readable(self, event: Event) -> Payload | None:
        """The payload of an event whose verdict may be anything; None if it cannot be used."""
        if event.payload is None or self._history.redacted(event.id):
            return None
        try:
            return read_payload(KINDS[event.kind], event.payload)
        except PayloadFault:
            return None

    def _payload(self, event: Event) -> Any:
        if event.payload is None or self._history.redacted(event.id):
            return None
        try:
            return read_payload(KINDS[event.kind], event.payload, own=True)
        except PayloadFault as fault:
            raise AssertionError(f"an accepted event has an unusable payload: {event.id.hex()}") from fault

    def _judge_redacted(self, payload: EventRedacted) -> None:
        self._queue.extend(map(EventId, payload.events))

    def _wake(self, name: EventId) -> None:
        self._queue.extend(self._history.awaiting(name))

    def _again(self, event: Event, applied: Applied) -> None:
        """Judge an event once more, and if its verdict has changed, then what waits for it, too."""
        applied.rejudged.append(event.id)
        if self._judge(event, applied, again=True):
            self._wake(event.id)


def _refold_later(applied: Applied, key: bytes, sort: type[State]) -> None:
    """Note an entity to be folded again; kinds that act on several sorts of things do not know which one it is."""
    if sort is not State or key not in applied.stale:
        applied.stale[key] = sort


def _share(event: Event, touches: Sequence[Touch]) -> int:
    """What of an event's payload an entity weighs for: one that moves a thousand refs is not kept a thousand times."""
    return len(event.payload or b"") // len(touches)


def _act_of(event: Event) -> Payload | None:
    """The payload of an act of authority; None for what is none, and for one that for its bytes can never count."""
    kind = KINDS.get(event.kind)
    if kind is None or kind.deed is None or event.v != VERSION or event.unknown or event.genesis:
        return None
    try:
        return read_payload(kind, event.payload or b"")
    except PayloadFault:
        return None
