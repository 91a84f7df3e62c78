"""What of strangers waits outside the log has all of its past, or is asked for again with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from domain.moderation.arrivals import Arrived, let_in
from tests.making import Story, key

if TYPE_CHECKING:
    from domain.envelope import Event
    from domain.ids import Did, EventId


@dataclass
class Porch:
    """A log and what is beside it; events of `strangers` wait, but for those it is `against`."""

    strangers: set[Did]
    log: dict[EventId, Event] = field(default_factory=dict["EventId", "Event"])
    beside: dict[EventId, Event] = field(default_factory=dict["EventId", "Event"])
    against: set[EventId] = field(default_factory=set["EventId"])
    wrong: set[EventId] = field(default_factory=set["EventId"])
    """Whose signatures are."""

    def keeps_out(self, event: Event) -> bool:
        return event.author in self.strangers

    def here(self, name: EventId) -> bool:
        return name in self.log

    def held(self, name: EventId) -> Event | None:
        return self.beside.get(name)

    def hold(self, event: Event) -> None:
        if event.id not in self.against:
            self.beside[event.id] = event

    def follower(self, event: Event) -> Event | None:
        return next((each for each in self.beside.values() if each.prev == event.id), None)

    def spoiled(self, name: EventId) -> bool:
        return name in self.log and name in self.wrong

    def forget(self, name: EventId) -> None:
        self.beside.pop(name, None)

    def take(self, event: Event) -> None:
        past = {*event.parents, *([event.prev] if event.prev else [])}
        assert past <= self.log.keys(), "its past is here"
        self.beside.pop(event.id, None)
        self.log[event.id] = event


def talk() -> tuple[Story, list[Event], Event]:
    """A repository, three comments of two strangers one after the other, and an answer to the last."""
    made = Story()
    issue = made.issue("root")
    said: list[Event] = []
    last: dict[str, Event] = {}
    for who in ("ann", "bob", "ann"):
        draft = made.draft(
            who, "comment.added.v1", {"body": "?"}, on=issue, after=[*said[-1:], issue], prev=last.get(who)
        )
        last[who] = draft
        said.append(draft)
    return made, said, made.draft("root", "comment.added.v1", {"body": "!"}, on=issue, after=said[-1:], prev=issue)


def porch() -> Porch:
    return Porch({key("ann").did, key("bob").did})


def test_strangers_events_wait_until_somebody_answers_and_come_in_with_all_before_them() -> None:
    made, said, answer = talk()
    door = porch()
    assert let_in([*made.events, *said], door) == Arrived(said, [])
    assert [*door.beside] == [event.id for event in said]
    assert let_in([answer], door) == Arrived()
    assert {answer.id, *(event.id for event in said)} <= door.log.keys()
    assert not door.beside


def test_what_follows_an_event_that_is_not_held_is_not_held_either() -> None:
    made, said, answer = talk()
    door = porch()
    door.against.add(said[0].id)  # it was dropped, say
    assert let_in([*made.events, *said], door).outside == said
    assert not door.beside
    assert let_in([answer], door).early == [answer]
    assert let_in([*said, answer], door) == Arrived()
    assert answer.id in door.log


def test_what_follows_an_event_that_was_forgotten_comes_again_with_it() -> None:
    made, said, answer = talk()
    door = porch()
    let_in([*made.events, *said], door)
    door.forget(said[1].id)
    assert let_in([answer], door) == Arrived([], [answer])
    assert [*door.beside] == [said[0].id], "what rests on it is not here any more"
    assert let_in([*said[1:], answer], door) == Arrived()
    assert answer.id in door.log


def monologue() -> tuple[Story, list[Event], Event]:
    """A repository, four comments of one stranger one after the other, and an answer to the first."""
    made = Story()
    issue = made.issue("root")
    said: list[Event] = []
    for body in "abcd":
        past, prev = said[-1:] or [issue], said[-1] if said else None
        said.append(made.draft("ann", "comment.added.v1", {"body": body}, on=issue, after=past, prev=prev))
    return made, said, made.draft("root", "comment.added.v1", {"body": "!"}, on=issue, after=said[:1], prev=issue)


@pytest.mark.parametrize("order", ["abcd!", "abcd|!", "ab!cd", "ab!|cd", "ab|!|c|d", "a|b|c|d|!", "a!|b|c|d"])
def test_what_vouches_for_a_wrong_signature_comes_in_with_it(order: str) -> None:
    """Whether it was held before, came in the same message (a bar ends one) or comes after: and no more than that."""
    made, said, answer = monologue()
    door = porch()
    door.wrong = {event.id for event in said[:2]}
    let_in(made.events, door)
    for message in order.split("|"):
        let_in([dict(zip("abcd!", [*said, answer], strict=True))[name] for name in message], door)
    assert door.log.keys() == {event.id for event in [*made.events, *said[:3], answer]}
    assert door.beside.keys() == {said[3].id}
