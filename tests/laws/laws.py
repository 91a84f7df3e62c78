"""The laws of the fold, and the one helper that holds a history to all of them.

1. Every order of arrival in which an event comes after its past gives the same states and the same verdicts.
2. So does every partition of the history that is merged later, an event that comes twice, and a node that keeps only
   one state at hand and drops everything it worked out now and then.
3. At any moment, what was folded step by step is what folding everything afresh gives, and what `apply` said
   to show again is all that changed.
4. A node that no longer holds what was redacted comes to the same, and nothing shows what was redacted.
5. It is what the rules say: `tests/laws/model.py` says them a second time.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from domain.canonical import NotCanonical, decode
from domain.envelope import read_own
from domain.fold.orset import ObservedSet
from domain.fold.register import Register
from domain.replay.states import STATES_MAX, States
from domain.repository.state import RepositoryState
from tests.laws.authority_model import TAKEN_AWAY
from tests.laws.dump import dump
from tests.laws.examples import Sort, run
from tests.laws.generators import history
from tests.laws.model import Model, standing_of
from tests.laws.world import TOKEN_FIRST
from tests.making import Node

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from domain.envelope import Event
    from domain.ids import EventId
    from domain.verdict import Verdict

REJUDGED_MAX = 1_000
HISTORIES = Sort("history", 120, 360, lambda data: history(data).events)


def run_laws(examples: int, seed: int, *, shrink: bool = True) -> None:
    """Hold `examples` generated histories to the laws; raises what the first that breaks one raises."""
    run(lambda data, chance: assert_laws(history(data).events, chance), HISTORIES, examples, seed, shrink=shrink)


def assert_laws(events: Sequence[Event], seed: int) -> None:
    """Hold one history, given parents first, to all laws; `seed` picks the orders of arrival."""
    assert_model(assert_converges(events, seed), events)


def assert_converges(events: Sequence[Event], seed: int) -> Node:
    """The laws that need to know nothing of what the kinds mean. Returns a node that has it all."""
    chance = random.Random(seed)
    straight = sorted(events, key=lambda event: event.order)
    whole = fold(straight)
    expected = state_of(whole)
    for order in (
        shuffled(events, chance),
        shuffled(events, chance, newest=True),
        with_repeats(shuffled(events, chance), chance),
        merged(events, chance),
    ):
        assert state_of(fold(order)) == expected
    for states_max in (1, STATES_MAX):
        order = shuffled(events, chance, last={event.entity for event in events})
        assert state_of(watched(order, states_max=states_max)) == expected
    assert state_of(fold([forgotten(event, whole) for event in shuffled(events, chance)])) == expected
    order = shuffled(events, chance)
    part = order[: chance.randrange(len(order))]
    assert state_of(fold(part)) == state_of(fold(sorted(part, key=lambda event: event.order)))
    assert_hidden(whole)
    return whole


def fold(order: Iterable[Event], *, states_max: int = STATES_MAX) -> Node:
    """A node that got events in this order."""
    node = Node(States(states_max=states_max))
    for event in order:
        applied = node.apply(event)
        assert applied is None or len(applied.rejudged) < REJUDGED_MAX
    return node


def watched(order: Iterable[Event], *, states_max: int = STATES_MAX) -> Node:
    """Like `fold`, with a view kept from what `apply` says changed, which must end up as the states do."""
    node = Node(States(states_max=states_max))
    view: dict[bytes, Any] = {}
    for number, event in enumerate(order):
        if states_max == 1 and number % 3 == 0:
            node.engine.forget()
        applied = node.apply(event)
        if applied is not None:
            view.update((key, dump(state)) for key, state in applied.states.items())
            for key in applied.gone:
                del view[key]
            assert applied.verdict == node.history.verdicts[event.id]
    assert view == states_of(node)
    node.engine.forget()
    assert view == states_of(node)
    return node


def states_of(node: Node) -> dict[bytes, Any]:
    """Every state a node has, as plain values."""
    keys = node.history.touched()
    return {key: dump(state) for key in keys if (state := node.engine.state(key)) is not None}


def state_of(node: Node) -> tuple[dict[bytes, Any], dict[EventId, Verdict], set[EventId]]:
    """All that two nodes with the same events must agree on."""
    history = node.history
    redacted = {name for name in history.events if history.redacted(name)}
    return states_of(node), dict(history.verdicts), redacted


# --- orders of arrival ---------------------------------------------------------------------------


def shuffled(
    events: Sequence[Event], chance: random.Random, *, newest: bool = False, last: Container[object] = ()
) -> list[Event]:
    """Any order in which each comes after its past.

    `newest` prefers what has just become possible; what is in `last` comes when nothing else can.
    """
    waiting = {event.id: {*event.parents, *([event.prev] if event.prev else [])} for event in events}
    by_id = {event.id: event for event in events}
    ready = [name for name, past in waiting.items() if not past]
    order: list[Event] = []
    while ready:
        places = [place for place, name in enumerate(ready) if name not in last] or range(len(ready))
        name = ready.pop(places[-1] if newest else chance.choice(places))
        order.append(by_id[name])
        for child, past in waiting.items():
            if name in past:
                past.remove(name)
                if not past:
                    ready.append(child)
    assert len(order) == len(events)
    return order


def with_repeats(order: list[Event], chance: random.Random) -> list[Event]:
    """Every event twice, the second time some while after the first."""
    twice = list(order)
    for event in order:
        twice.insert(chance.randrange(twice.index(event), len(twice)) + 1, event)
    return twice


def merged(events: Sequence[Event], chance: random.Random) -> list[Event]:
    """Two nodes have each a part that is closed under the past; one gets the rest from the other."""
    order = shuffled(events, chance)
    here: set[bytes] = set()
    for event in order:
        past = {*event.parents, *([event.prev] if event.prev else [])}
        if past <= here and chance.random() < 0.6:
            here.add(event.id)
    mine = [event for event in order if event.id in here]
    return mine + [event for event in shuffled(events, chance) if event.id not in here]


def forgotten(event: Event, node: Node) -> Event:
    """The event as a node holds it that has dropped what was redacted."""
    if not node.history.redacted(event.id):
        return event
    return read_own(event.header, event.signature, None)


# --- what must come out --------------------------------------------------------------------------


def assert_hidden(node: Node) -> None:
    """No word of a redacted payload is in any state. Generated words are unique to their event."""
    shown = repr(states_of(node))
    for event in node.history.events.values():
        if event.payload is not None and node.history.redacted(event.id):
            for word in words_of(event):
                assert word not in shown, f"{word} was redacted"


def words_of(event: Event) -> set[str]:
    """The words that a generated history put into a payload and nowhere else."""
    assert event.payload is not None
    try:
        ahead = [decode(event.payload)]
    except NotCanonical:
        return set()
    words: set[str] = set()
    while ahead:
        value = ahead.pop()
        if isinstance(value, str):
            words.update(char for char in value if 0 <= ord(char) - TOKEN_FIRST < 200)
        elif isinstance(value, list):
            ahead += value
        elif isinstance(value, dict):
            ahead += value.values()
    return words


def assert_model(node: Node, events: Sequence[Event]) -> None:
    """Verdicts, registers and sets are what the model says."""
    model = Model(events)
    for event in events:
        verdict = node.history.verdicts[event.id]
        if verdict.reason != "too-large":
            reason = model.reason(event)
            found = "revoked" if verdict.reason in TAKEN_AWAY else verdict.reason
            said = "revoked" if reason in TAKEN_AWAY else reason
            assert (verdict.standing, found) == (standing_of(reason), said), (event.kind, verdict, reason)
    assert {name for name in node.history.events if node.history.redacted(name)} == model.redacted
    registers, sets = _slots_of(node, Register), _slots_of(node, ObservedSet)
    expected = model.registers()
    assert {
        place: [(write.event, write.value) for write in register.current]
        for place, register in registers.items()
        if register.current
    } == expected
    for place, standing in expected.items():
        assert registers[place].value == standing[-1][1], "the greatest shows"
    successors = {place: [write.value for write in state.successors] for place, state in _repositories(node).items()}
    assert {place: found for place, found in successors.items() if found} == {
        place: found for place, found in model.successors(expected).items() if found
    }
    members = model.sets()
    assert {place: found.added for place, found in sets.items()} == {place: members.get(place, {}) for place in sets}


def _repositories(node: Node) -> dict[bytes, RepositoryState]:
    states = {key: node.engine.state(key) for key in node.history.touched()}
    return {key: state for key, state in states.items() if isinstance(state, RepositoryState)}


def _slots_of(node: Node, kind: type[Any]) -> dict[tuple[bytes, str], Any]:
    found: dict[tuple[bytes, str], Any] = {}
    for key in node.history.touched():
        state = node.engine.state(key)
        for name in getattr(type(state), "__slots__", ()):
            held = getattr(state, name)
            if isinstance(held, kind):
                found[key, name] = held
            elif isinstance(held, dict):
                found.update({(key, f"{name} {of}"): each for of, each in held.items() if isinstance(each, kind)})
    return found
