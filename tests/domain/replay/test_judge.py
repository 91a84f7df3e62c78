"""Verdicts beside the cases that are published: beginnings, what acts on the wrong thing, what is unusable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.comment.state import CommentState
from domain.envelope import read_own
from domain.ids import EventId, StreamId
from domain.kinds import KINDS
from domain.verdict import ACCEPTED, carried, void
from tests.cases.authority import House, papers
from tests.exploits.authority.test_old_parents import about
from tests.making import Node, Story, begin, key

if TYPE_CHECKING:
    from domain.envelope import Event

DAN, MIA = key("dan").did, key("mia").did
UNKNOWN = EventId(b"\x01" * 32)


def test_what_may_be_redacted_counts_for_nothing_without_its_payload() -> None:
    """So a verdict need not ask whether there is one, for what moves refs and for what counts with authority."""
    assert [kind.name for kind in KINDS.values() if kind.redactable and (kind.deed or kind.pushes)] == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, ACCEPTED),
        (papers("dan", "phone"), ACCEPTED),
        (papers("dan", "phone", signer="phone"), void("enrolment-forged")),
        (papers("dan", "phone", stream=StreamId(bytes(32))), void("enrolment-elsewhere")),
        ({"author": DAN}, void("not-enrolled")),
        ({**papers("dan", "phone"), "author": MIA, "roots": [MIA]}, void("not-enrolled")),
        ({**papers("dan", "phone"), "roots": [MIA]}, void("no-authority")),
        ({"kind": "comment.added.v1", "payload": {"body": "Yes."}}, void("entity-unknown")),
        ({"kind": "member.granted.v1", "payload": about("dan", role="owner")}, void("entity-unknown")),
    ],
)
def test_a_beginning(header: dict[str, Any], expected: Any) -> None:
    by_device = "author" in header
    genesis = begin("phone" if by_device else "dan", **{"roots": [DAN], **header})
    node = Node()
    assert node.engine.foresee(genesis) == expected
    node.receive(genesis.raw)
    assert node.verdict(genesis) == expected
    assert node.engine.court(genesis.stream).act(genesis.id) is None


def test_what_acts_on_the_wrong_thing() -> None:
    house = House()
    strange = house.write("bob", "pull.opened.v9", {})
    again = house.draft("root", "repository.created.v1", {"name": "again"}, entity=UNKNOWN)
    on_strange = house.draft("bob", "comment.added.v1", {"body": "?"}, on=strange)
    on_issue = house.draft("root", "member.granted.v1", about("bob", role="viewer"), on=house.one)
    forget = house.draft("root", "event.redacted.v1", {"events": [strange.id]})
    for event, expected in (
        (strange, carried("kind-unknown")),
        (again, void("entity-mismatch")),
        (on_strange, void("entity-mismatch")),
        (on_issue, void("entity-mismatch")),
        (forget, void("redaction-invalid")),
    ):
        assert house.node.engine.foresee(event) == expected


def test_of_two_reasons_the_one_of_the_thing_counts() -> None:
    """Whichever is known first, on every node."""
    for turn in (1, -1):
        house = House()
        opened = house.write("pat", "issue.opened.v1", {"title": "Two", "number": 2})
        house.write("root", "member.blocked.v1", about("eve"))
        said = house.draft("eve", "comment.added.v1", {"body": "Me."}, on=opened)
        ban = house.draft("root", "member.blocked.v1", about("pat", cut=[house.genesis.id]))
        for event in (said, ban)[::turn]:
            house.node.receive(event.raw)
        assert house.verdict(opened) == void("revoked-meanwhile")
        assert house.verdict(said) == void("entity-void")


def test_what_a_denial_rests_on_is_said() -> None:
    """First the act that denies, for a person wants to know of that one; then the thing acted on."""
    house = House()
    ban = house.write("root", "member.blocked.v1", about("eve"))
    said = house.draft("eve", "comment.added.v1", {"body": "Me."}, on=house.one)
    judgement = house.node.engine.foresee_judgement(said)
    assert (judgement.by, judgement.awaits) == (ban.id, (ban.id, house.one.id))
    unknown = house.draft("guest", "repository.archived.v1", {})
    judgement = house.node.engine.foresee_judgement(unknown)
    assert (judgement.by, judgement.awaits) == (None, ())


def later(house: House, **header: Any) -> Event:
    return house.draft("root", "member.granted.v1", about("eve", role="viewer"), **header)


def test_what_nobody_here_can_read_is_no_act() -> None:
    house = House()
    granted = later(house)
    bare = read_own(granted.header, granted.signature, None)
    odd: list[tuple[Event, Any]] = [
        (later(house, v=2), carried("version-unknown")),
        (later(house, mood="grim"), carried("field-unknown")),
        (house.draft("root", "member.granted.v1", {"role": "viewer"}), void("payload-invalid")),
        (house.draft("root", "member.granted.v1", about("eve", role="viewer", why="")), carried("field-unknown")),
        (bare, void("payload-invalid")),
    ]
    court = house.node.engine.court(house.genesis.stream)
    before = len(court.acts)
    for event, expected in odd:
        assert house.node.engine.foresee(event) == expected
        assert house.node.engine.apply(event).verdict == expected
    assert len(court.acts) == before
    assert later(house).id == granted.id


def test_what_was_unusable_or_nowhere_stays_so_when_it_is_judged_again() -> None:
    """A cut asks for all that was written beyond it, whatever it is."""
    house = House()
    before = house.events[-1]
    odd = [
        house.write("dan", "refs.moved.v1", {"moves": []}),
        house.write("dan", "label.created.v1", {"name": ""}),
        house.write("dan", "pull.opened.v9", {}),
        house.write("dan", "repository.created.v1", {"name": "again"}),
        house.write("dan", "comment.added.v1", {"body": ""}, on=house.one),
    ]
    verdicts = [house.verdict(event) for event in odd]
    fall = house.draft("root", "member.revoked.v1", about("dan", cut=[before.id]))
    applied = house.node.receive(fall.raw)
    assert applied is not None
    assert applied.rejudged == [event.id for event in odd]
    assert not set(applied.states).intersection(event.id for event in odd)
    assert applied.gone == {}
    assert [house.verdict(event).standing for event in odd] == [verdict.standing for verdict in verdicts]


def test_a_hole_goes_with_its_author() -> None:
    """Its payload is forgotten by then, redacted or lost."""
    for lost in (True, False):
        house = House()
        before = house.events[-1]
        said = house.draft("eve", "comment.added.v1", {"body": "Me."}, on=house.one)
        bare = read_own(said.header, said.signature, None) if lost else said
        house.node.engine.apply(bare)
        if not lost:
            house.write("mia", "event.redacted.v1", {"events": [said.id]}, on=house.one, after=[said])
        fall = house.draft("root", "member.blocked.v1", about("eve", cut=[before.id]), after=[house.events[-1], said])
        applied = house.node.receive(fall.raw)
        assert applied is not None
        assert list(applied.gone) == [said.id]
        assert house.node.engine.state(said.id) is None
        assert house.verdict(said) == void("revoked-meanwhile")


def test_a_redaction_that_falls_gives_the_words_back() -> None:
    house = House()
    before = house.events[-1]
    said = house.write("bob", "comment.added.v1", {"body": "Me."}, on=house.one)
    forget = house.write("mia", "event.redacted.v1", {"events": [said.id]}, on=house.one)
    assert house.node.history.redacted(said.id)
    fall = house.draft("root", "member.revoked.v1", about("mia", cut=[before.id]))
    applied = house.node.receive(fall.raw)
    assert applied is not None
    assert applied.rejudged == [forget.id, said.id]
    assert not house.node.history.redacted(said.id)
    assert said.id in applied.states


def test_nothing_of_another_stream_is_judged_again() -> None:
    story = Story("root")
    other = begin("ann", payload={"name": "elsewhere"}, nonce=b"other NONCE nonc")
    story.node.receive(other.raw)
    admit = story.draft("root", "events.admitted.v1", {"events": sorted([other.id, story.genesis.id])})
    applied = story.node.receive(admit.raw)
    assert applied is not None
    assert applied.verdict is ACCEPTED
    assert applied.rejudged == [story.genesis.id]


def test_what_is_gone_is_told_by_its_sort_whoever_touched_it_first() -> None:
    """A redaction acts on several sorts of things, and does not say which it was."""
    house = House()
    before = house.events[-1]
    house.write("lap", "comment.added.v1", {"body": "One."}, on=house.one, **papers("eve", "lap"))
    said = house.write("eve", "comment.added.v1", {"body": "Two."}, on=house.one)
    house.write("lap", "event.redacted.v1", {"events": [said.id]}, on=said, author=key("eve").did)
    assert house.node.history.redacted(said.id)
    fall = house.draft("root", "member.blocked.v1", about("eve", cut=[before.id]))
    applied = house.node.receive(fall.raw)
    assert applied is not None
    assert applied.gone[said.id] is CommentState
