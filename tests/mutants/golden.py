"""Histories with what the unchanged code makes of them: to fold them again is much less than to make and model them.

The laws hold that very code to the model, so whoever differs here differs from the model, or between orders.
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.kinds import KINDS
from domain.verdict import void
from tests.cases.judged import carries, voids
from tests.laws.authority_model import TAKEN_AWAY
from tests.laws.contest import ban, contest
from tests.laws.contests import BANS, CONTESTS
from tests.laws.examples import Sort, example
from tests.laws.generators import history
from tests.laws.laws import HISTORIES, REJUDGED_MAX, fold, forgotten, shuffled, state_of, watched
from tests.making import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from domain.envelope import Event
    from tests.laws.world import World

SEED: Final = 4
_COUNTS: Final = {"contest": 220, "ban": 40, "history": 40}
_MADE: Final[tuple[tuple[Sort, Callable[[bytes], World]], ...]] = (
    (CONTESTS, contest),
    (BANS, ban),
    (HISTORIES, history),
)


_CASES: Final = (*voids(), *carries())
CASES: Final = len(_CASES)
"""So many of the tales are cases, the first ones."""


class Tale(NamedTuple):
    """Events in an order of arrival, and what came of them.

    `watching` keeps a view at every step, `forgetting` drops what the engine worked out at every fourth.
    """

    order: tuple[Event, ...]
    watching: bool
    forgetting: bool
    found: bytes


def tales() -> list[Tale]:
    """Everything there is: cases, then histories in several orders."""
    told: list[Tale] = []
    for number, (order, watching) in enumerate(_orders()):
        forgetting = number % 2 == 0
        told.append(Tale(order, watching, forgetting, _found(order, watching=watching, forgetting=forgetting)))
    return told


def assert_told(told: Sequence[Tale]) -> None:
    """Raises if something comes of any of them that did not before."""
    for tale in told:
        assert _found(tale.order, watching=tale.watching, forgetting=tale.forgetting) == tale.found


def _orders() -> Iterator[tuple[tuple[Event, ...], bool]]:
    for case in _CASES:
        node = case.node()
        node.receive(case.raw)
        yield tuple(node.history.events.values()), False
    for sort, make in _MADE:
        for number in range(_COUNTS[sort.name]):
            data, seed = example(sort, SEED, number)
            events, chance = make(data).events, random.Random(seed)
            acts = {event.id for event in events if (kind := KINDS.get(event.kind)) and kind.deed}
            yield tuple(shuffled(events, chance, last=acts)), number % 18 == 0
            if sort is not CONTESTS or number % 4 == 0:
                yield tuple(shuffled(events, chance, newest=number % 2 == 0)), False
            if sort is HISTORIES:
                things = {event.entity for event in events}
                yield tuple(shuffled(events, chance, last=things)), number % 8 == 0
                whole = fold(events)
                yield tuple(forgotten(event, whole) for event in shuffled(events, chance)), False


def _found(order: Sequence[Event], *, watching: bool, forgetting: bool) -> bytes:
    node, notes = Node(), list[object]()
    for number, event in enumerate(order):
        if forgetting and number % 4 == 0:
            node.engine.forget()
        applied = node.apply(event)
        if applied is not None:
            assert len(applied.rejudged) < REJUDGED_MAX, "it never ends"
            notes.append(
                (applied.verdict.standing, sorted((by, sorted(names)) for by, names in applied.overturned.items()))
            )
    if watching:
        notes.append(state_of(watched(order, states_max=1))[0])
    states, verdicts, redacted = state_of(node)
    which = {name: void("revoked") if verdict.reason in TAKEN_AWAY else verdict for name, verdict in verdicts.items()}
    notes.append((states, sorted(which.items()), sorted(redacted)))
    return hashlib.sha256(repr(notes).encode()).digest()
