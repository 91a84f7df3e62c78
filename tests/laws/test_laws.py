"""The laws hold for generated histories, every kind of event takes part in them, and texts have laws of their own."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from domain.kinds import KINDS
from domain.verdict import CARRIES, VOIDS
from tests.cases.kinds import repository
from tests.laws.contest import contest
from tests.laws.councils import run_councils
from tests.laws.dump import dump
from tests.laws.generators import GENERATORS, history
from tests.laws.laws import assert_laws, fold, run_laws, shuffled
from tests.laws.model import REGISTERS, Model
from tests.laws.texts import run_text_laws
from tests.making import Node, key

if TYPE_CHECKING:
    from domain.envelope import Event

HISTORIES = 400
TEXTS = 500
COUNCILS = 40


@pytest.mark.slow
def test_the_laws_hold(request: pytest.FixtureRequest) -> None:
    run_laws(HISTORIES, _seed(request))


@pytest.mark.slow
def test_the_laws_of_texts_hold(request: pytest.FixtureRequest) -> None:
    run_text_laws(TEXTS, _seed(request))


def test_the_laws_of_succession_hold(request: pytest.FixtureRequest) -> None:
    run_councils(COUNCILS, _seed(request))


def _seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run, which `make test SEED=…` sets."""
    return int(request.config.getoption("--hypothesis-seed") or 0)


def test_every_kind_has_a_generator() -> None:
    assert set(GENERATORS) == set(KINDS)


def _some_histories() -> list[list[Event]]:
    chance = random.Random(1)
    return [history(chance.randbytes(300)).events for _ in range(120)]


def test_generated_histories_hold_what_they_are_for() -> None:
    """Every kind accepted and void, every reason but the size of a text, forks, late entities, strangers."""
    kinds: Counter[tuple[str, bool]] = Counter()
    reasons: Counter[str] = Counter()
    forks = late = redacted = 0
    chance = random.Random(2)
    contests = [contest(chance.randbytes(300)).events for _ in range(30)]
    for events in _some_histories() + contests:
        node = fold(events)
        for event in events:
            verdict = node.verdict(event)
            kinds[event.kind, verdict.accepted] += 1
            reasons[verdict.reason] += 1
        places = Counter((event.stream, event.device, event.seq) for event in events)
        forks += sum(count > 1 for count in places.values())
        late += sum(event.entity is not None and not _has_seen(node, event, event.entity) for event in events)
        redacted += sum(node.history.redacted(event.id) for event in events)
    assert set(kinds) >= {(kind, accepted) for kind in KINDS for accepted in (True, False)}
    assert set(reasons) >= {"", *CARRIES, *VOIDS} - {"too-large", "enrolment-invalid"}
    assert forks > 50
    assert late > 50
    assert redacted > 10
    assert reasons[""] > sum(reasons.values()) / 3


def _has_seen(node: Node, event: Event, name: bytes) -> bool:
    """Whether `name` is in an event's past."""
    ahead = [*event.parents, *([event.prev] if event.prev else [])]
    seen: set[bytes] = set()
    while ahead:
        next_one = ahead.pop()
        if next_one not in seen:
            seen.add(next_one)
            earlier = node.history.events[next_one]
            ahead += [*earlier.parents, *([earlier.prev] if earlier.prev else [])]
    return name in seen


def test_generated_histories_are_such_as_a_node_takes_in() -> None:
    """With real signatures they pass every check in front of the log."""
    chance = random.Random(2)
    for _ in range(15):
        world = history(chance.randbytes(200), key)
        node = Node()
        for event in shuffled(world.events, chance):
            assert node.receive(event.raw) is not None


def test_the_laws_hold_for_the_story_of_every_kind() -> None:
    for seed in range(20):
        assert_laws(repository().events, seed)


def test_every_state_can_be_dumped() -> None:
    """A slot of a new sort fails here, not by comparing nothing."""
    dumped = {}
    for events in _some_histories():
        node = fold(events)
        for name in node.history.touched():
            state = node.engine.state(name)
            assert state is not None
            dumped[type(state).__name__] = dump(state)
    assert set(dumped) == {
        "AttachmentState",
        "CommentState",
        "FollowerState",
        "IdentityState",
        "IssueState",
        "LabelState",
        "MemberState",
        "ProtectionState",
        "RefState",
        "RepositoryState",
    }


def test_the_model_knows_every_kind_that_writes_a_register() -> None:
    assert set(REGISTERS) <= set(KINDS)
    writing = {kind.name for kind in KINDS.values() if "replaces" in kind.payload.__struct_fields__}
    assert writing - {"body.reset.v1"} <= set(REGISTERS)


def test_the_model_agrees_on_a_plain_story() -> None:
    story = repository()
    model = Model(story.events)
    assert [model.reason(event) for event in story.events] == [""] * len(story.events)
    assert len(model.redacted) == 2
