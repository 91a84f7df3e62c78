"""What of strangers waits outside the log has all of its past, or is asked for again with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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

    def keeps_out(self, event: Event) -> bool:
        return event.author in self.strangers

    def here(self, name: EventId) -> bool:
        return name in self.log

    def held(self, name: EventId) -> Event | None:
        return self.beside.get(name)

    def hold(self, event: Event) -> None:
        if event.id not in self.against:
            self.beside[event.id] = event

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
    door.against.add(said[0].id)  # its signature is wrong, say
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
