"""The laws find bugs: each rule of folding, broken on purpose, breaks a law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.authority import rights
from domain.authority.enrolment import RANK_ROOT, Enrolment
from domain.authority.roles import Role
from domain.fold import text
from domain.fold.kind import read_payload
from domain.fold.merged import MergedText, Splice
from domain.fold.orset import ObservedSet
from domain.fold.register import Register, Written
from domain.ids import EventId
from domain.kinds import KINDS
from domain.replay import engine, judge
from domain.replay.engine import Engine
from domain.replay.memory import MemoryHistory
from domain.replay.states import Folded
from domain.repository.state import RepositoryState
from tests.laws.councils import run_councils
from tests.laws.laws import run_laws
from tests.laws.texts import run_text_laws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.authority.ancestry import Branch
    from domain.envelope import Event

EXAMPLES = 800
REJUDGED_MAX = 2_000
"""A broken rule may have two acts overturn each other for ever."""


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would never end is a bug that was found, too."""
    honest = Engine._settle

    def settle(self: Engine, applied: Any) -> None:
        again = self._again

        def counted(event: Event, applied: Any) -> None:
            assert len(applied.rejudged) < REJUDGED_MAX, "it never ends"
            again(event, applied)

        self._again = counted  # type: ignore[method-assign]
        try:
            honest(self, applied)
        finally:
            del self._again

    monkeypatch.setattr(Engine, "_settle", settle)


Patch = pytest.MonkeyPatch


def a_register_ignores_what_is_replaced(patch: Patch) -> None:
    def write(self: Register[Any], event: Event, value: Any, replaces: object = ()) -> None:
        self.current = (*self.current, Written(event.lamport, event.id, event.author, value))

    patch.setattr(Register, "write", write)


def a_register_keeps_only_the_last_write(patch: Patch) -> None:
    def write(self: Register[Any], event: Event, value: Any, replaces: object = ()) -> None:
        self.current = (Written(event.lamport, event.id, event.author, value),)

    patch.setattr(Register, "write", write)


def a_register_shows_the_smallest(patch: Patch) -> None:
    patch.setattr(Register, "value", property(lambda self: self.current[0].value))


def a_set_removes_what_was_not_observed(patch: Patch) -> None:
    patch.setattr(ObservedSet, "remove", lambda self, member, _: self.added.pop(member, None))


def a_set_never_removes(patch: Patch) -> None:
    patch.setattr(ObservedSet, "remove", lambda self, member, observed: None)


def late_events_are_appended(patch: Patch) -> None:
    def fold_touch(self: Engine, event: Event, touch: Any, payload: Any, share: int) -> Any:
        folded = self._states.take(touch.key) or Folded(touch.state(touch.key), (0, b""))
        touch.apply(folded.state, event, payload)
        self._states.keep(touch.key, folded)
        return folded.state

    patch.setattr(Engine, "_fold_touch", fold_touch)


def nobody_asks_about_authority(patch: Patch) -> None:
    patch.setattr(judge, "deny", lambda *_: (Role.ROOT, None))


def forged_authors_pass(patch: Patch) -> None:
    honest = rights.deny

    def lax(court: Any, request: rights.Request, branch: Branch, *rest: Any) -> Any:
        return honest(court, request, branch._replace(enrolment=Enrolment(request.author, RANK_ROOT)), *rest)

    patch.setattr(judge, "deny", lax)


def what_is_void_can_be_acted_on(patch: Patch) -> None:
    known = MemoryHistory.known

    def lax(self: MemoryHistory, name: EventId) -> judge.Known | None:
        found = known(self, name)
        return found and found._replace(accepted=True)

    patch.setattr(MemoryHistory, "known", lax)


def other_streams_reach_in(patch: Patch) -> None:
    known = MemoryHistory.known

    def lax(self: MemoryHistory, name: EventId) -> judge.Known | None:
        found = known(self, name)
        return found and found._replace(stream=next(iter(self.events.values())).stream)

    patch.setattr(MemoryHistory, "known", lax)


def what_sorts_later_can_be_acted_on(patch: Patch) -> None:
    known = MemoryHistory.known

    def lax(self: MemoryHistory, name: EventId) -> judge.Known | None:
        found = known(self, name)
        return found and found._replace(lamport=0)

    patch.setattr(MemoryHistory, "known", lax)


def redactions_do_not_hide(patch: Patch) -> None:
    patch.setattr(Engine, "_payload", _read_anyway)


def _read_anyway(self: Engine, event: Event) -> Any:
    assert event.payload is not None
    return read_payload(KINDS[event.kind], event.payload)


def redactions_are_not_folded_again(patch: Patch) -> None:
    patch.setattr(Engine, "_judge_redacted", lambda self, payload: None)


def what_was_not_seen_can_be_redacted(patch: Patch) -> None:
    patch.setattr(engine, "has_seen", lambda *_: True)


def what_waits_is_forgotten(patch: Patch) -> None:
    patch.setattr(MemoryHistory, "awaiting", lambda self, name: ())


def what_is_judged_again_wakes_nobody(patch: Patch) -> None:
    def again(self: Engine, event: Event, applied: Any) -> None:
        self._judge(event, applied, again=True)

    patch.setattr(Engine, "_again", again)


def what_is_judged_again_is_folded_from_nothing(patch: Patch) -> None:
    honest = Engine._judge

    def hasty(self: Engine, event: Event, applied: Any, *, again: bool = False) -> None:
        honest(self, event, applied)

    patch.setattr(Engine, "_judge", hasty)


def changes_are_kept_quiet(patch: Patch) -> None:
    honest = Engine.apply

    def apply(self: Engine, event: Event) -> Any:
        applied = honest(self, event)
        applied.states = {key: state for key, state in applied.states.items() if key in (event.id, event.entity)}
        return applied

    patch.setattr(Engine, "apply", apply)


def one_root_of_two_names_a_successor(patch: Patch) -> None:
    honest = RepositoryState.successors

    def lax(self: RepositoryState) -> Any:
        asked, self.threshold = self.threshold, 1
        try:
            return honest.__get__(self)
        finally:
            self.threshold = asked

    patch.setattr(RepositoryState, "successors", property(lax))


def a_root_who_says_it_twice_is_two_roots(patch: Patch) -> None:
    every = property(lambda self: tuple(write for write in self.succession.current if write.value))
    patch.setattr(RepositoryState, "named", every)


FOLD_BUGS: list[Callable[[Patch], None]] = [
    a_register_ignores_what_is_replaced,
    a_register_keeps_only_the_last_write,
    a_register_shows_the_smallest,
    a_set_removes_what_was_not_observed,
    a_set_never_removes,
    late_events_are_appended,
    nobody_asks_about_authority,
    forged_authors_pass,
    what_is_void_can_be_acted_on,
    other_streams_reach_in,
    what_sorts_later_can_be_acted_on,
    redactions_do_not_hide,
    redactions_are_not_folded_again,
    what_was_not_seen_can_be_redacted,
    what_waits_is_forgotten,
    what_is_judged_again_wakes_nobody,
    what_is_judged_again_is_folded_from_nothing,
    changes_are_kept_quiet,
]


@pytest.mark.slow
@pytest.mark.parametrize("plant", FOLD_BUGS, ids=lambda plant: plant.__name__)
def test_a_broken_rule_breaks_a_law(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    # Whatever a broken fold trips over first: a law, or an assertion of the code's own.
    with pytest.raises((AssertionError, AttributeError, IndexError, KeyError)):
        run_laws(EXAMPLES, seed=1, shrink=False)


COUNCIL_BUGS: list[Callable[[Patch], None]] = [
    one_root_of_two_names_a_successor,
    a_root_who_says_it_twice_is_two_roots,
]


@pytest.mark.parametrize("plant", COUNCIL_BUGS, ids=lambda plant: plant.__name__)
def test_a_broken_rule_of_succession_breaks_a_law(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_councils(100, seed=1, shrink=False)


def edits_merge_into_what_has_arrived(patch: Patch) -> None:
    def merge(self: MergedText, event: EventId, _: object, splices: Sequence[Splice]) -> bool:
        return self.append(event, splices)

    patch.setattr(MergedText, "merge", merge)


def every_edit_is_cut_into_the_string(patch: Patch) -> None:
    patch.setattr(text._TextDocument, "_merge", text._TextDocument._append)


def the_actor_is_whoever_came_first(patch: Patch) -> None:
    honest = MergedText.merge
    count = iter(range(10**9))

    def merge(self: MergedText, event: EventId, base: Any, splices: Sequence[Splice]) -> bool:
        name = EventId(next(count).to_bytes(32, "big"))
        done = honest(self, name, base, splices)
        if done:
            self._heads[event] = self._heads[name]
        return done

    patch.setattr(MergedText, "merge", merge)


TEXT_BUGS: list[Callable[[Patch], None]] = [
    edits_merge_into_what_has_arrived,
    every_edit_is_cut_into_the_string,
    the_actor_is_whoever_came_first,
]


@pytest.mark.slow
@pytest.mark.parametrize("plant", TEXT_BUGS, ids=lambda plant: plant.__name__)
def test_a_broken_merge_breaks_a_law(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_text_laws(EXAMPLES, seed=1, shrink=False)
