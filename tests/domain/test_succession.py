"""What a repository goes on as: enough roots have to name the same, and each speaks for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.repository.state import RepositoryState
from tests.making import Story, key

if TYPE_CHECKING:
    from domain.envelope import Event

ONE, TWO = b"\x01" * 32, b"\x02" * 32
ROOTS = ("root", "friend", "other")


class Council(Story):
    """A repository of three roots, of whom some number names a successor."""

    def __init__(self, threshold: int = 2) -> None:
        super().__init__(roots=sorted(key(who).did for who in ROOTS), threshold=threshold)

    def say(self, who: str, successor: bytes | None, *replaces: Event) -> Event:
        payload = {"successor": successor, "replaces": [event.id for event in replaces]}
        return self.write(who, "repository.succeeded.v1", payload)

    @property
    def repo(self) -> RepositoryState:
        state = self.state(self.genesis)
        assert isinstance(state, RepositoryState)
        return state

    @property
    def successors(self) -> list[bytes]:
        return [write.value for write in self.repo.successors]


def test_it_counts_once_enough_roots_name_the_same() -> None:
    council = Council()
    first = council.say("root", ONE)
    assert (council.successors, council.repo.closed) == ([], False)
    council.say("root", ONE)
    assert council.successors == [], "one root is one root, however often it says so"
    assert council.verdict(council.say("bob", ONE)).reason == "no-authority"
    second = council.say("friend", ONE)
    assert (council.successors, council.repo.closed) == ([ONE], True)
    council.say("other", TWO)
    assert council.successors == [ONE], "fewer roots name the other one"
    council.say("friend", None, first)
    assert council.successors == [], "what a root says last is what it says"
    council.say("friend", TWO, second)
    assert council.successors == [TWO]


def test_nobody_takes_back_what_another_root_said() -> None:
    council = Council()
    first, second = council.say("root", ONE), council.say("friend", ONE)
    council.say("other", None, first, second)
    assert council.successors == [ONE]


def test_successors_that_enough_roots_name_are_a_conflict_to_see() -> None:
    council = Council(threshold=1)
    first = council.say("root", ONE)
    council.say("friend", TWO)
    assert council.successors == [ONE, TWO]
    council.say("other", ONE)
    assert council.successors == [TWO, ONE], "the greatest shows"
    council.say("root", TWO, first)
    assert council.successors == [ONE, TWO]


def test_a_repository_does_not_succeed_itself() -> None:
    council = Council(threshold=1)
    council.say("root", council.genesis.id)
    assert (council.successors, list(council.repo.named)) == ([], [])
