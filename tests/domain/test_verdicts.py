"""Every verdict there is: each code has a case that gets it, and each kind a case that is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.canonical import decode, encode
from domain.envelope import open_event, read_own
from domain.errors import Rejected
from domain.kinds import KINDS
from domain.verdict import ACCEPTED, CARRIES, REJECTIONS, VOIDS, Verdict, carried, explain, void
from tests.cases.judged import carries, voids
from tests.cases.kinds import identity, one_of_each, repository
from tests.cases.rejected import genesis, ordinary, rejected
from tests.making import Node, sign_header

if TYPE_CHECKING:
    from tests.cases import Case


def _named(cases: list[Case]) -> dict[str, Case]:
    names = {f"{case.code}: {case.name}": case for case in cases}
    assert len(names) == len(cases), "two cases have one name"
    return names


REJECTED, VOID, CARRIED = _named(rejected()), _named(voids()), _named(carries())


def test_every_code_has_a_case() -> None:
    assert {case.code for case in REJECTED.values()} == set(REJECTIONS)
    assert {case.code for case in VOID.values()} == set(VOIDS)
    assert {case.code for case in CARRIED.values()} == set(CARRIES)


def test_every_kind_has_a_case() -> None:
    assert set(one_of_each()) == set(KINDS)


@pytest.mark.parametrize("case", REJECTED.values(), ids=REJECTED)
def test_rejected(case: Case) -> None:
    node = case.node()
    before = dict(node.history.events)
    with pytest.raises(Rejected) as refusal:
        node.receive(case.raw)
    assert refusal.value.reason == case.code
    assert node.history.events == before


@pytest.mark.parametrize("case", VOID.values(), ids=VOID)
def test_void(case: Case) -> None:
    applied = case.node().receive(case.raw)
    assert applied is not None
    assert applied.verdict == void(case.code)


@pytest.mark.parametrize("case", CARRIED.values(), ids=CARRIED)
def test_carried(case: Case) -> None:
    applied = case.node().receive(case.raw)
    assert applied is not None
    assert applied.verdict == carried(case.code)
    assert applied.states == {}


@pytest.mark.parametrize("case", [*VOID.values(), *CARRIED.values()], ids=[*VOID, *CARRIED])
def test_what_is_void_or_carried_changes_nothing_to_see(case: Case) -> None:
    """Neither the event nor anything that comes before or after it gets another verdict for it."""
    node = case.node()
    before = dict(node.history.verdicts)
    applied = node.receive(case.raw)
    assert applied is not None
    assert {name: node.history.verdicts[name] for name in before} == before
    assert node.history.verdicts[applied.event] == applied.verdict


def test_every_kind_is_accepted() -> None:
    story = repository()
    assert {story.verdict(event) for event in story.events} == {ACCEPTED}
    node = Node()
    applied = node.receive(identity().raw)
    assert applied is not None
    assert applied.verdict == ACCEPTED


def test_the_headers_that_cases_spoil_are_good() -> None:
    for fields, who in ((ordinary(), "bob"), (genesis(), "root")):
        event = open_event(sign_header(encode(fields), None, who))
        assert not event.unknown
        assert event.payload is None


def test_reading_its_own_log_gives_the_same_event() -> None:
    for event in (identity(), *repository().events):
        opened = open_event(event.raw)
        assert opened == event
        assert read_own(event.header, event.signature, event.payload) == event
        assert decode(event.header)["kind"] == event.kind


def test_a_verdict_names_a_code_that_exists() -> None:
    for make in (void, carried):
        with pytest.raises(AssertionError):
            make("because")


def test_verdicts_are_explained() -> None:
    assert explain(ACCEPTED) == "accepted: it counts"
    for code, words in VOIDS.items():
        assert explain(void(code)) == f"void: {words}"
    for code, words in CARRIES.items():
        assert explain(carried(code)) == f"carried: {words}"
    assert Verdict("accepted").accepted
    assert not void("no-authority").accepted
