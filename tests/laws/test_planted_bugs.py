"""The laws find bugs: each rule of folding, broken on purpose, breaks a law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.authority import ancestry, court, rights
from domain.authority.acts import Grant, Limit
from domain.authority.court import Act, Court
from domain.authority.enrolment import RANK_ROOT, Enrolment
from domain.authority.roles import Role
from domain.fold import text
from domain.fold.kind import read_payload
from domain.fold.merged import MergedText, Splice
from domain.fold.orset import ObservedSet
from domain.fold.register import Register, Written
from domain.ids import EventId
from domain.kinds import KINDS
from domain.replay import courts, engine, judge
from domain.replay.courts import Courts
from domain.replay.engine import Engine
from domain.replay.memory import MemoryHistory
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
    def fold_touch(self: Engine, event: Event, touch: Any, payload: Any) -> Any:
        folded = self._folded.get(touch.key)
        if folded is None:
            folded = self._keep(touch.key, engine._Folded(touch.state(touch.key), (0, b"")))
        touch.apply(folded.state, event, payload)
        return folded.state

    patch.setattr(Engine, "_fold_touch", fold_touch)


def nobody_asks_about_authority(patch: Patch) -> None:
    patch.setattr(judge, "deny", lambda *_: (Role.ROOT, None))


def forged_authors_pass(patch: Patch) -> None:
    honest = rights.deny

    def lax(court: Any, request: rights.Request, branch: Branch, *rest: Any) -> Any:
        return honest(court, request, branch._replace(enrolment=Enrolment(request.author, RANK_ROOT)), *rest)

    patch.setattr(judge, "deny", lax)


def no_cut_reaches_anything(patch: Patch) -> None:
    patch.setattr(court, "covers", lambda *_: True)


def nothing_before_a_cut_counts(patch: Patch) -> None:
    patch.setattr(court, "covers", lambda *_: False)


def peers_remove_each_other(patch: Patch) -> None:
    honest = Court.settle

    def lax(self: Court, act: Act, level: int, *, alive: bool) -> bool:
        return honest(self, act, level + (level > 0), alive=alive)

    patch.setattr(Court, "settle", lax)


def a_grant_does_not_outlive_what_it_knew(patch: Patch) -> None:
    patch.setattr(Act, "in_past", lambda self, place: isinstance(self.deed, Grant) and _in_past(self, place))


def a_grant_outlives_everything(patch: Patch) -> None:
    patch.setattr(Act, "in_past", lambda self, place: isinstance(self.deed, Limit) or _in_past(self, place))


_in_past = Act.in_past


def grants_reach_back(patch: Patch) -> None:
    patch.setattr(Act, "in_past", lambda self, place: isinstance(self.deed, Grant) or _in_past(self, place))


def anybody_grants(patch: Patch) -> None:
    patch.setattr(rights, "_overreach", lambda *_: None)


def nobody_admits(patch: Patch) -> None:
    patch.setattr(Court, "admitted", lambda *_: False)


def nothing_lifts_a_hold(patch: Patch) -> None:
    patch.setattr(Court, "lifted", lambda *_: False)


def anything_lifts_a_hold(patch: Patch) -> None:
    patch.setattr(court, "_alike", lambda *_: True)


def any_device_ends_any_other(patch: Patch) -> None:
    def lax(self: Court, own: Any, branch: Branch, place: Any) -> Any:
        return next((act for act in own if not ancestry.covers(act.reach, place.branch, place.seq)), None)

    patch.setattr(Court, "_cut_by_own", lax)


def a_cut_may_name_the_unseen(patch: Patch) -> None:
    honest = Courts.reach
    patch.setattr(Courts, "reach", lambda self, event, deed: honest(self, event, deed) or {})


def a_late_act_changes_nothing_that_is_here(patch: Patch) -> None:
    patch.setattr(Courts, "affected", lambda *_, **__: ())


def nobody_can_leave(patch: Patch) -> None:
    patch.setattr(Court, "_left", lambda *_: False)


def a_thief_leaves_for_the_owner(patch: Patch) -> None:
    patch.setattr(Court, "_left", lambda self, act, claim, branch: act.author == branch.enrolment.principal)


def forks_are_one_branch(patch: Patch) -> None:
    honest = MemoryHistory.tip_of

    def lax(self: MemoryHistory, event: EventId) -> int | None:
        place = self.place(event)
        return honest(self, event) if place is None else place.branch

    patch.setattr(MemoryHistory, "tip_of", lax)


def walks_end_early(patch: Patch) -> None:
    def lax(graph: Any, names: Any) -> Any:
        return {place.branch: place.seq for place in (graph.place(name) for name in names)}

    patch.setattr(courts, "vector", lax)


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


FOLD_BUGS: list[Callable[[Patch], None]] = [
    a_register_ignores_what_is_replaced,
    a_register_keeps_only_the_last_write,
    a_register_shows_the_smallest,
    a_set_removes_what_was_not_observed,
    a_set_never_removes,
    late_events_are_appended,
    nobody_asks_about_authority,
    forged_authors_pass,
    no_cut_reaches_anything,
    nothing_before_a_cut_counts,
    peers_remove_each_other,
    a_grant_does_not_outlive_what_it_knew,
    a_grant_outlives_everything,
    grants_reach_back,
    anybody_grants,
    nobody_admits,
    nothing_lifts_a_hold,
    anything_lifts_a_hold,
    any_device_ends_any_other,
    a_cut_may_name_the_unseen,
    a_late_act_changes_nothing_that_is_here,
    nobody_can_leave,
    a_thief_leaves_for_the_owner,
    forks_are_one_branch,
    walks_end_early,
    what_is_void_can_be_acted_on,
    other_streams_reach_in,
    what_sorts_later_can_be_acted_on,
    redactions_do_not_hide,
    redactions_are_not_folded_again,
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
    with pytest.raises((AssertionError, AttributeError, KeyError)):
        run_laws(EXAMPLES, seed=1, shrink=False)


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
