"""What courts keep in memory: it may go at any moment, and after a write that failed it has to."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from domain.authority.roles import Role
from domain.ids import EventId
from domain.issue.state import IssueState
from domain.replay import courts
from domain.replay.engine import Engine
from domain.replay.memory import MemoryHistory
from domain.verdict import ACCEPTED, void
from tests.cases.authority import House, papers
from tests.exploits.authority.test_old_parents import about
from tests.making import Node, Story, key

if TYPE_CHECKING:
    import pytest

    from domain.envelope import Event


def quarrel() -> House:
    """Acts of every sort, some of no effect, and one who left; every event after the one before."""
    house = House()
    for who, role in (("ann", "admin"), ("ben", "admin"), ("eve", "developer"), ("max", "maintainer")):
        house.grant(who, role)
    house.write("lap", "comment.added.v1", {"body": "I."}, on=house.one, **papers("eve", "lap"))
    lock = house.write("dan", "issue.locked.v1", {"reason": "", "replaces": []}, on=house.one)
    house.write("bob", "comment.added.v1", {"body": "?"}, on=house.one)
    house.write("mia", "issue.unlocked.v1", {"replaces": [lock.id]}, on=house.one)
    house.write("bob", "comment.added.v1", {"body": "!"}, on=house.one)
    house.write("bob", "member.granted.v1", about("bob", role="owner"))
    house.write("max", "member.revoked.v1", about("max"))
    house.write("ann", "member.demoted.v1", about("ben", role="viewer"))
    house.write("eve", "device.revoked.v1", {"device": key("lap").device})
    late = house.say("lap", author=key("eve").did)
    house.node.receive(late.raw)
    house.events.append(late)
    house.write("mia", "member.blocked.v1", about("bob"))
    house.write("root", "events.admitted.v1", {"events": [late.id]}, after=[house.events[-1], late])
    fall = house.write("root", "member.demoted.v1", about("ben", role="maintainer"))
    house.write("mia", "member.granted.v1", about("eve", role="viewer"))
    given = house.write("ben", "member.granted.v1", about("zed", role="viewer"), after=[fall])
    gus = house.write("mia", "member.granted.v1", about("gus", role="developer"), after=[given])
    left = house.write("gus", "member.revoked.v1", about("gus"), after=[gus])
    house.write("root", "member.demoted.v1", about("gus", role="viewer"), after=[gus])
    house.write("root", "issue.closed.v1", {"reason": "", "replaces": [house.one.id]}, on=house.one, after=[left])
    return house


def told(node: Node, house: House) -> list[object]:
    """Verdicts, and everything a court says."""
    court = node.engine.court(house.genesis.stream)
    acts = [(act.event, act.level, act.alive, act.cut_known, act.reach, act.gives_back) for act in court.acts]
    idle = [court.idle(act.event) for act in court.acts]
    return [acts, idle, sorted(court.everybody().items()), sorted(node.history.verdicts.items())]


def test_what_is_dropped_between_two_events_is_found_again() -> None:
    house = quarrel()
    expected = told(house.node, house)
    for every in (1, 2, 5):
        node = Node()
        for number, event in enumerate(house.events):
            if number % every == 0:
                node.engine.forget()
            node.apply(event)
        assert told(node, house) == expected
        node.engine.forget()
        assert told(node, house) == expected
        for who in ("ann", "root"):
            node.engine.forget()
            assert node.engine.foresee(house.push(who)) is ACCEPTED


def test_an_act_on_something_else_ends_nobody_s_own_device() -> None:
    house = House()
    house.grant("eve", "developer")
    seen, before = house.events[-1], list(house.events)
    said = house.write("lap", "comment.added.v1", {"body": "I."}, on=house.one, **papers("eve", "lap"))
    ends = {"device": key("lap").device}
    strange = house.draft("eve", "device.revoked.v1", ends, entity=EventId(b"\x99" * 32), after=[seen])
    mistaken = house.draft("eve", "device.revoked.v1", ends, on=house.one, after=[seen])
    real = house.draft("eve", "device.revoked.v1", ends, after=[seen])
    for act, verdict in ((strange, ACCEPTED), (mistaken, ACCEPTED), (real, void("device-revoked"))):
        node = Node()
        for event in (*before, act, said):
            node.apply(event)
        assert node.history.verdicts[said.id] == verdict


def test_more_streams_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courts, "_COURTS_MAX", 1)
    house, other, node = quarrel(), Story("ann", nonce=b"other NONCE nonc"), Node()
    for number in range(len(house.events)):
        other.issue("ann", f"Issue {number}")
    for one, two in zip(house.events, other.events, strict=False):
        node.apply(one)
        node.apply(two)
    court = node.engine.court(house.genesis.stream)
    assert court.everybody() == house.node.engine.court(house.genesis.stream).everybody()
    assert node.engine.court(other.genesis.stream).everybody() == {key("ann").did: Role.ROOT}


class Fragile:
    """A history whose next writes fail after some, and that can be set back to what was durable."""

    def __init__(self) -> None:
        self.inner = MemoryHistory()
        self.left = 1_000_000
        self.durable = self.inner

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("record", "leave", "put", "open_branch")):
            self.left -= 1
            if self.left < 0:
                raise OSError("the disk is full")
        return getattr(self.inner, name)

    def keep(self) -> None:
        self.durable = copy.deepcopy(self.inner)

    def go_back(self) -> None:
        self.inner, self.left = self.durable, 1_000_000


def test_a_write_that_fails_anywhere_leaves_nothing_once_it_is_forgotten() -> None:
    house = House()
    house.grant("ann", "admin")
    before = house.events[-1]
    push = house.write("ann", "refs.moved.v1", {"moves": [_MOVE]})
    given = house.write("ann", "member.granted.v1", about("eve", role="developer"))
    more = house.write("ann", "refs.moved.v1", {"moves": [{**_MOVE, "ref": "refs/heads/ann"}]})
    said = house.write("eve", "refs.moved.v1", {"moves": [{**_MOVE, "ref": "refs/heads/eve"}]})
    fall = house.draft("root", "member.revoked.v1", about("ann", cut=[before.id]), after=[before])
    failures = 0
    for allowed in range(40):
        history: Any = Fragile()
        engine = Engine(history)
        for event in house.events:
            engine.apply(event)
        history.keep()
        history.left = allowed
        try:
            engine.apply(fall)
        except OSError:
            failures += 1
            history.go_back()
            engine.forget()
            assert _verdicts(history, push, given, more, said) == [ACCEPTED] * 4
            assert engine.apply(house.say("bob")).rejudged == []
            assert engine.apply(fall).rejudged == [push.id, given.id, more.id, said.id]
        assert _verdicts(history, push, given, more, said) == [_GONE, _GONE, _GONE, void("no-authority")]
        acts = [(act.event, act.level) for act in engine.court(house.genesis.stream).acts]
        engine.forget()
        assert [(act.event, act.level) for act in engine.court(house.genesis.stream).acts] == acts
    assert 8 < failures < 40, "it failed at each step, and not for ever"


_MOVE: dict[str, Any] = {"ref": "refs/heads/main", "old": None, "new": bytes(20), "replaces": []}
_GONE = void("revoked-meanwhile")


def _verdicts(history: Any, *events: Event) -> list[Any]:
    return [history.verdicts[event.id] for event in events]


def test_what_was_folded_and_did_not_become_durable_is_folded_no_more() -> None:
    house = House()
    history: Any = Fragile()
    engine = Engine(history)
    for event in house.events:
        engine.apply(event)
    history.keep()
    engine.apply(house.say("bob"))
    history.go_back()
    engine.forget()
    state = engine.state(house.one.id)
    assert isinstance(state, IssueState)
    assert state.comments == 0
