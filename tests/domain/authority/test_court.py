"""What a court says of now: everybody's role, acts that do nothing yet, and a device that has not written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from domain.authority.enrolment import RANK_PLAIN, Enrolment
from domain.authority.roles import Role
from domain.verdict import ACCEPTED, void
from tests.cases.authority import House, papers
from tests.exploits.authority.test_old_parents import about
from tests.making import Story, key

if TYPE_CHECKING:
    from domain.authority.court import Court

PEOPLE = ("root", "mia", "dan", "bob", "eve", "ann", "ben", "zed")


def court(house: House) -> Court:
    return house.node.engine.court(house.genesis.stream)


def roles(house: House) -> dict[str, Role]:
    found = court(house).everybody()
    assert set(found) <= {key(who).did for who in PEOPLE}
    return {who: found[key(who).did] for who in PEOPLE if key(who).did in found}


def test_everybody_whom_an_act_names_that_counts() -> None:
    house = House()
    assert roles(house) == {"root": Role.ROOT, "mia": Role.MAINTAINER, "dan": Role.DEVELOPER}
    house.write("mia", "member.granted.v1", about("zed", role="maintainer"))
    house.write("mia", "member.blocked.v1", about("bob"))
    house.write("root", "member.demoted.v1", about("dan", role="viewer"))
    expected = {"root": Role.ROOT, "mia": Role.MAINTAINER, "dan": Role.VIEWER, "bob": Role.BLOCKED}
    assert roles(house) == expected
    house.write("mia", "device.revoked.v1", {"device": key("eve").device})
    house.write("root", "branch.protected.v1", {"pattern": "main", "replaces": []})
    assert roles(house) == expected, "a device is nobody, nor is a branch"
    house.write("root", "device.revoked.v1", {"device": key("mia").device})
    assert roles(house) == {**expected, "mia": Role.BLOCKED}, "who has one key alone is at an end with it"


def test_an_act_on_a_peer_does_nothing_until_he_falls() -> None:
    house = House()
    for who in ("ann", "ben"):
        house.grant(who, "admin")
    before = house.events[-1]
    house.write("ann", "member.demoted.v1", about("ben", role="viewer"))
    peer = house.events[-1]
    assert court(house).idle(peer.id)
    assert roles(house)["ben"] is Role.ADMIN
    fall = house.write("root", "member.demoted.v1", about("ben", role="maintainer"), after=[before])
    assert roles(house)["ben"] is Role.VIEWER, "what the root left him, ann is above"
    assert not court(house).idle(peer.id)
    assert not court(house).idle(fall.id)


def test_what_is_not_idle() -> None:
    house = House()
    left = house.write("dan", "member.revoked.v1", about("dan"))
    leaving = house.write("mia", "member.revoked.v1", about("mia"), after=[house.events[-1]])
    house.grant("mia", "maintainer")
    device = house.write("mia", "device.revoked.v1", {"device": key("zed").device})
    refused = house.write("dan", "member.revoked.v1", about("mia"))
    first = house.write("mia", "member.blocked.v1", about("bob"))
    again = house.write("root", "member.blocked.v1", about("bob"))
    locked = house.write("mia", "issue.locked.v1", {"reason": "", "replaces": []}, on=house.one)
    quiet = [court(house).idle(event.id) for event in (left, leaving, device, refused, first, again, locked, house.one)]
    assert quiet == [False] * 8


def test_a_device_that_has_not_written_has_the_role_that_its_papers_give() -> None:
    house = House()
    node = key("node").did
    now = court(house).now
    kept = Enrolment(key("mia").did, RANK_PLAIN, node)
    assert now(kept.principal, key("kept").device, kept) is Role.MAINTAINER
    house.write("root", "custodian.revoked.v1", {"node": node})
    assert now(kept.principal, key("kept").device, kept) is Role.BLOCKED
    assert now(kept.principal, key("mia").device) is Role.MAINTAINER
    assert now(kept.principal, key("mia").device, seen=0) is Role.GUEST, "of nothing it has seen"


def test_a_limit_on_what_others_have_taken_already_does_nothing() -> None:
    house = House()
    for who, role in (("ola", "owner"), ("ann", "admin"), ("ben", "admin"), ("zed", "viewer")):
        house.grant(who, role)
    house.write("dan", "member.granted.v1", about("ben", role="viewer"))
    peer = house.write("ann", "member.revoked.v1", about("ben"))
    assert court(house).idle(peer.id), "what dan may not give is no role to take"
    same = house.write("ann", "member.demoted.v1", about("zed", role="viewer"))
    assert court(house).idle(same.id), "it leaves him what he had"
    early = house.write("ann", "member.demoted.v1", about("eve", role="viewer"))
    house.grant("eve", "developer")
    assert court(house).idle(early.id), "a role that was given since does not mind it"
    between = house.write("ann", "member.demoted.v1", about("ben", role="developer"))
    house.write("root", "member.demoted.v1", about("ben", role="maintainer"))
    assert not court(house).idle(between.id)
    house.write("ola", "member.demoted.v1", about("ben", role="viewer"))
    assert court(house).idle(between.id)


def test_a_grant_is_idle_to_whom_somebody_higher_blocked() -> None:
    house = House()
    before = house.events[-1]
    house.write("root", "member.blocked.v1", about("bob"))
    house.write("mia", "member.blocked.v1", about("bob"))
    given = house.write("mia", "member.granted.v1", about("bob", role="developer"))
    unaware = house.write("mia", "member.granted.v1", about("bob", role="viewer"), after=[before], prev=None)
    refused = house.write("dan", "member.granted.v1", about("bob", role="viewer"))
    house.write("mia", "member.blocked.v1", about("eve"))
    own = house.write("mia", "member.granted.v1", about("eve", role="viewer"))
    house.write("root", "member.demoted.v1", about("dan", role="viewer"))
    demoted = house.write("mia", "member.granted.v1", about("dan", role="developer"))
    lifting = house.write("root", "member.granted.v1", about("bob", role="guest"))
    after = house.write("mia", "member.granted.v1", about("bob", role="viewer"))
    acts = (given, unaware, refused, own, demoted, lifting, after)
    assert [court(house).idle(act.id) for act in acts] == [True, *[False] * 6]


def test_who_ends_the_blocks_there_are() -> None:
    house = House()
    mia, root, nobody = Role.MAINTAINER, Role.ROOT, Role.VIEWER
    before = house.events[-1]

    def lifts(who: str) -> list[bool]:
        return [court(house).lifts(key(who).did, level) for level in (nobody, mia, root)]

    assert lifts("bob") == [True] * 3
    house.write("root", "member.demoted.v1", about("dan", role="viewer"))
    assert lifts("dan") == [True] * 3, "that is no block"
    house.write("mia", "member.blocked.v1", about("bob"))
    assert lifts("bob") == [False, True, True]
    house.write("root", "member.blocked.v1", about("bob"))
    last = house.write("mia", "member.granted.v1", about("bob", role="guest"))
    assert lifts("bob") == [False, False, True], "the one is lifted by a peer, the other by nobody"
    house.write("root", "member.granted.v1", about("bob", role="guest"), after=[before], prev=None)
    assert lifts("bob") == [False, False, True], "that one had not heard of it"
    house.write("root", "member.granted.v1", about("bob", role="guest"), after=[last])
    assert lifts("bob") == [True] * 3


def test_a_lesser_grant_does_not_last_by_a_greater_one_that_it_had_not_seen() -> None:
    house = House()
    block = house.write("root", "member.blocked.v1", about("bob"))
    given = house.write("mia", "member.granted.v1", about("bob", role="developer"))
    lifted = house.write("root", "member.granted.v1", about("bob", role="viewer"), after=[block])
    assert roles(house)["bob"] is Role.VIEWER
    house.write("mia", "member.granted.v1", about("bob", role="developer"), after=[lifted, given])
    assert roles(house)["bob"] is Role.DEVELOPER


def test_who_leaves_keeps_a_role_that_was_given_meanwhile() -> None:
    house = House()
    before = house.events[-1]
    house.write("dan", "member.revoked.v1", about("dan"))
    house.write("root", "member.granted.v1", about("dan", role="viewer"), after=[before])
    assert roles(house)["dan"] is Role.VIEWER


def test_who_has_left_gives_back_the_same_again() -> None:
    """By his other device, from before what he wrote in between: each leave has its cut, and they intersect."""
    for turn in (1, -1):
        house = House()
        before = house.events[-1]
        push = house.push("dan")
        left = house.draft("dan", "member.revoked.v1", about("dan"), after=[push], prev=push)
        again = house.draft("phone", "member.revoked.v1", about("dan"), after=[before], **papers("dan", "phone"))
        house.node.receive(push.raw)
        for event in (left, again)[::turn]:
            house.node.receive(event.raw)
        assert house.verdict(left) is house.verdict(again) is ACCEPTED
        assert house.verdict(push) == void("revoked-meanwhile")


@pytest.mark.parametrize("by", ["device", "node"])
def test_a_plain_device_ends_none_of_its_owner_however_he_falls(by: str) -> None:
    house = House()
    node = key("node").did
    house.write("lap", "comment.added.v1", {"body": "I."}, on=house.one, **papers("mia", "lap", node=node))
    kind, payload = ("device.revoked.v1", {"device": key("lap").device}) if by == "device" else _NODE_END
    end = house.write("phone", kind, payload, **papers("mia", "phone"))
    assert house.verdict(end) is ACCEPTED, "a maintainer ends lesser people's devices"
    house.write("root", "member.demoted.v1", about("mia", role="viewer"))
    said = house.write("lap", "comment.added.v1", {"body": "Still."}, on=house.one, author=key("mia").did)
    assert house.verdict(said) is ACCEPTED


_NODE_END: tuple[str, dict[str, Any]] = ("custodian.revoked.v1", {"node": key("node").did})


@pytest.mark.parametrize(
    ("higher", "lower"), [(None, ("enrol",)), (("enrol",), ("manage",)), (("manage",), ()), (None, ())], ids=repr
)
def test_among_the_keys_of_one_principal_the_higher_ends_the_lower(
    higher: tuple[str, ...] | None, lower: tuple[str, ...]
) -> None:
    house = House()
    ann = key("ann").did
    enrolled = {"high": higher, "low": lower, "like": lower}
    for device, powers in enrolled.items():
        header = {} if powers is None else papers("ann", device, powers=powers)
        who = "ann" if powers is None else device
        assert house.verdict(house.write(who, "comment.added.v1", {"body": "I."}, on=house.one, **header)) is ACCEPTED
    for device, whom, expected in (("like", "low", ACCEPTED), ("low", "high", ACCEPTED), ("high", "low", _ENDED)):
        who = "ann" if enrolled[device] is None else device
        target = "ann" if enrolled[whom] is None else whom
        house.write(who, "device.revoked.v1", {"device": key(target).device}, author=ann)
        said = house.write(target, "comment.added.v1", {"body": "I?"}, on=house.one, author=ann)
        assert house.verdict(said) == expected


_ENDED = void("device-revoked")


def test_a_root_s_key_ends_the_device_that_began_the_repository() -> None:
    """It is the first of all branches."""
    papered = papers("root", "phone")
    story = Story(genesis_by := "phone", **papered, roots=[key("root").did])
    assert story.verdict(story.genesis) is ACCEPTED
    issue = story.write(genesis_by, "issue.opened.v1", {"title": "One", "number": 1}, author=key("root").did)
    end = story.draft("root", "device.revoked.v1", {"device": key("phone").device}, after=[story.genesis])
    story.node.receive(end.raw)
    assert story.verdict(story.genesis) is story.verdict(end) is ACCEPTED
    assert story.verdict(issue) == _ENDED
