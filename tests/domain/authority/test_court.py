"""What a court says of now: everybody's role, acts that do nothing yet, and a device that has not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.authority.enrolment import RANK_PLAIN, Enrolment
from domain.authority.roles import Role
from tests.cases.authority import House
from tests.exploits.authority.test_old_parents import about
from tests.making import key

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
    assert roles(house) == expected, "a device is nobody"
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
    device = house.write("mia", "device.revoked.v1", {"device": key("zed").device})
    void = house.write("dan", "member.revoked.v1", about("mia"))
    first = house.write("mia", "member.blocked.v1", about("bob"))
    again = house.write("root", "member.blocked.v1", about("bob"))
    locked = house.write("mia", "issue.locked.v1", {"reason": "", "replaces": []}, on=house.one)
    quiet = [court(house).idle(event.id) for event in (left, device, void, first, again, locked, house.one)]
    assert quiet == [False] * 7


def test_a_device_that_has_not_written_has_the_role_that_its_papers_give() -> None:
    house = House()
    node = key("node").did
    now, seen = court(house).now, (1 << 20) - 1
    kept = Enrolment(key("mia").did, RANK_PLAIN, node)
    assert now(kept.principal, key("kept").device, seen, kept) is Role.MAINTAINER
    house.write("root", "custodian.revoked.v1", {"node": node})
    assert now(kept.principal, key("kept").device, seen, kept) is Role.BLOCKED
    assert now(kept.principal, key("mia").device, seen) is Role.MAINTAINER
    assert now(kept.principal, key("mia").device, 0) is Role.GUEST, "of nothing it has seen"
