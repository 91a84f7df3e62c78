"""What protections ask, rule by rule, and what holds leave open."""

from __future__ import annotations

from typing import Any

import pytest

from domain.authority.acts import Push, Rules
from domain.authority.rights import breach
from domain.authority.roles import Role
from domain.verdict import ACCEPTED, void
from tests.cases.authority import House
from tests.making import key

DAN, EVE = key("dan").did, key("eve").did
MOVE, FORCED, DELETION = (
    Push("refs/heads/main", False, False),
    Push("refs/heads/main", False, True),
    Push("m", True, False),
)
MERGE_ONLY = "it takes changes"


@pytest.mark.parametrize(
    ("rules", "push", "role", "words"),
    [
        (Rules(), MOVE, Role.DEVELOPER, ""),
        (Rules(), MOVE, Role.VIEWER, "takes the role developer"),
        (Rules(push_role=Role.MAINTAINER), MOVE, Role.DEVELOPER, "takes the role maintainer"),
        (Rules(push_role=Role.MAINTAINER), MOVE, Role.MAINTAINER, ""),
        (Rules(pushers=(DAN,)), MOVE, Role.DEVELOPER, ""),
        (Rules(pushers=(EVE,)), MOVE, Role.MAINTAINER, "only those it names"),
        (Rules(pushers=(EVE, DAN), push_role=Role.MAINTAINER), MOVE, Role.DEVELOPER, "takes the role maintainer"),
        (Rules(), FORCED, Role.DEVELOPER, "no force push"),
        (Rules(allow_force=True), FORCED, Role.DEVELOPER, ""),
        (Rules(allow_delete=True), FORCED, Role.DEVELOPER, "no force push"),
        (Rules(), DELETION, Role.DEVELOPER, "may not be deleted"),
        (Rules(allow_force=True), DELETION, Role.DEVELOPER, "may not be deleted"),
        (Rules(allow_delete=True), DELETION, Role.DEVELOPER, ""),
        (Rules(allow_delete=True, approvals=1, checks=("ci",)), DELETION, Role.DEVELOPER, ""),
        (Rules(approvals=1), MOVE, Role.DEVELOPER, "1 approvals only"),
        (Rules(checks=("ci", "lint")), MOVE, Role.DEVELOPER, "passed ci, lint only"),
        (Rules(allow_force=True, checks=("ci",)), FORCED, Role.DEVELOPER, "passed ci only"),
    ],
)
def test_what_a_protection_asks(rules: Rules, push: Push, role: Role, words: str) -> None:
    found = breach(rules, push, DAN, role)
    assert words in found
    assert bool(words) == bool(found)


def verdict(house: House, who: str, kind: str, payload: dict[str, Any], **header: Any) -> Any:
    return house.verdict(house.write(who, kind, payload, **header))


def test_holds_close_what_they_name_and_nothing_else() -> None:
    house = House()
    said = house.write("bob", "comment.added.v1", {"body": "Me."}, on=house.one)
    house.write("mia", "issue.locked.v1", {"reason": "", "replaces": []}, on=house.one)
    assert verdict(house, "bob", "comment.added.v1", {"body": "Still."}, on=house.one) == void("locked")
    assert (
        verdict(house, "bob", "issue.retitled.v1", {"title": "Mine", "replaces": [house.one.id]}, on=house.one)
        is ACCEPTED
    )
    house.write("root", "repository.archived.v1", {"archived": True, "replaces": [house.genesis.id]})
    title = {"title": "Again", "replaces": [house.one.id]}
    assert verdict(house, "bob", "issue.retitled.v1", title, on=house.one) == void("archived")
    assert verdict(house, "bob", "event.redacted.v1", {"events": [said.id]}, on=house.one) is ACCEPTED, "words can go"
    assert verdict(house, "mia", "member.granted.v1", {"principal": EVE, "role": "viewer"}) is ACCEPTED


@pytest.mark.parametrize(("who", "expected"), [("mia", void("archived")), ("ann", ACCEPTED)])
def test_only_whom_a_hold_does_not_bind_admits_in_spite_of_it(who: str, expected: Any) -> None:
    house = House()
    house.grant("ann", "admin")
    house.write("root", "repository.archived.v1", {"archived": True, "replaces": [house.genesis.id]})
    push = house.push("mia")
    house.node.receive(push.raw)
    assert house.verdict(push) == void("archived")
    house.write(who, "events.admitted.v1", {"events": [push.id]}, after=[push])
    assert house.verdict(push) == expected


def test_one_rule_among_several_refs() -> None:
    """Each move of a push is looked at, and each protection."""
    house = House()
    house.write("root", "branch.protected.v1", {"pattern": "next", "replaces": [], "push_role": "maintainer"})
    house.write("root", "branch.protected.v1", {"pattern": "m*", "replaces": [], "push_role": "maintainer"})
    rows: list[dict[str, Any]] = [
        {"ref": f"refs/{name}", "old": None, "new": bytes(20), "replaces": []} for name in ("heads/x", "tags/main")
    ]
    assert verdict(house, "dan", "refs.moved.v1", {"moves": rows}) is ACCEPTED
    assert verdict(house, "dan", "refs.moved.v1", {"moves": [*rows, {**rows[0], "ref": "refs/heads/main"}]}) == void(
        "protected"
    )


def test_a_hold_ends_for_what_knows_of_its_end() -> None:
    house = House()
    before = house.events[-1]
    lock = house.write("dan", "issue.locked.v1", {"reason": "", "replaces": []}, on=house.one)
    opening: dict[str, Any] = {"replaces": [lock.id]}
    assert verdict(house, "bob", "comment.added.v1", {"body": "Me."}, on=house.one) == void("locked")
    assert verdict(house, "bob", "issue.unlocked.v1", opening, on=house.one) == void("no-authority")
    house.write("root", "repository.archived.v1", {"archived": False, **opening})
    unseen = house.write("mia", "issue.unlocked.v1", opening, on=house.one, after=[before], prev=None)
    assert house.verdict(unseen) is ACCEPTED
    assert verdict(house, "bob", "comment.added.v1", {"body": "I?"}, on=house.one) == void("locked"), "still"
    late = house.events[-1]
    assert verdict(house, "dan", "issue.unlocked.v1", opening, on=house.one) is ACCEPTED
    assert verdict(house, "bob", "comment.added.v1", {"body": "Me!"}, on=house.one) is ACCEPTED
    assert verdict(house, "eve", "comment.added.v1", {"body": "I?"}, on=house.one, after=[late]) == void("locked")


@pytest.mark.parametrize(
    ("kind", "held", "free"),
    [
        ("repository.archived.v1", {"archived": True}, {"archived": False}),
        ("branch.protected.v1", {"pattern": "main", "push_role": "admin"}, {"pattern": "main"}),
    ],
)
def test_an_end_of_a_hold_counts_as_long_as_its_author_may(kind: str, held: Any, free: Any) -> None:
    """Whoever ended it turns out to have been nobody by then: what rested on that is void again."""
    house = House()
    house.grant("ann", "admin")
    hold = house.write("root", kind, {**held, "replaces": []})
    end = house.write("ann", kind, {**free, "replaces": [hold.id]})
    push = house.push("dan")
    house.node.receive(push.raw)
    assert house.verdict(push) is ACCEPTED
    fall = house.draft("root", "member.revoked.v1", {"principal": key("ann").did}, after=[hold])
    applied = house.node.receive(fall.raw)
    assert applied is not None
    assert applied.courts == {house.genesis.stream}
    assert house.verdict(end) == void("revoked-meanwhile")
    assert not house.verdict(push).accepted
