"""Events without authority: devices nobody enrolled, rights that were taken away, holds, cuts of the unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.authority.enrolment import Certificate, certify
from domain.ids import StreamId
from tests.cases import Case
from tests.making import Story, key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.envelope import Event

Papers = dict[str, Any]


def papers(principal: str, device: str, *, signer: str = "", **fields: Any) -> Papers:
    """The header fields with which a device's feed begins: whom it acts for, and the certificate that says so."""
    certificate = Certificate(key(principal).did, key(device).device, **fields)
    return {"author": key(principal).did, "enrolment": [list(certify(certificate, key(signer or principal)))]}


class House(Story):
    """Root's repository with a maintainer (mia), a developer (dan) and an issue."""

    def __init__(self) -> None:
        super().__init__()
        self.grant("mia", "maintainer")
        self.grant("dan", "developer")
        self.one = self.issue("bob", "One", "First.")

    def grant(self, who: str, role: str) -> Event:
        """Root gives a role."""
        return self.write("root", "member.granted.v1", {"principal": key(who).did, "role": role})

    def push(self, who: str, **header: Any) -> Event:
        """A move of main, not added."""
        move: dict[str, Any] = {"ref": "refs/heads/main", "old": None, "new": bytes(20), "replaces": []}
        return self.draft(who, "refs.moved.v1", {"moves": [move]}, **header)

    def say(self, who: str, **header: Any) -> Event:
        """A comment on the issue, not added."""
        return self.draft(who, "comment.added.v1", {"body": "Yes."}, on=self.one, **header)

    def case(self, code: str, name: str, event: Event) -> Case:
        """`event` after everything here."""
        return Case(code, name, event.raw, tuple(self.events))


def voids() -> Iterator[Case]:
    """Every void case that is about authority beyond the table."""
    yield from _devices()
    yield from _roles()
    yield from _holds()


def _devices() -> Iterator[Case]:
    house = House()
    elsewhere = papers("dan", "phone", stream=StreamId(bytes(32)))
    yield house.case("enrolment-elsewhere", "for another repository", house.push("phone", **elsewhere))
    yield house.case(
        "enrolment-forged", "signed by itself", house.push("phone", **papers("dan", "phone", signer="phone"))
    )
    yield house.case("enrolment-forged", "another device's", house.push("eve", **papers("dan", "phone")))
    chain = [papers("dan", "old")["enrolment"][0], papers("dan", "phone", signer="old")["enrolment"][0]]
    yield house.case(
        "enrolment-forged",
        "by a device that may enrol none",
        house.push("phone", author=key("dan").did, enrolment=chain),
    )
    garbage = {"author": key("dan").did, "enrolment": [[b"\xff", bytes(64)]]}
    yield house.case("enrolment-invalid", "garbage", house.push("phone", **garbage))
    yield house.case("not-enrolled", "no certificate", house.push("phone", author=key("dan").did))
    first = house.write("phone", "comment.added.v1", {"body": "Me."}, on=house.one, **papers("dan", "phone"))
    other = house.draft("phone", "comment.added.v1", {"body": "I?"}, on=house.one, author=key("mia").did)
    yield house.case("not-enrolled", "for somebody else from its second event on", other)
    revoked = house.write("dan", "device.revoked.v1", {"device": key("phone").device, "cut": [first.id]})
    late = house.say("phone", author=key("dan").did)
    yield house.case("device-revoked", "by its principal", late)
    kept = papers("dan", "kept", node=key("node").did)
    house.write("root", "custodian.revoked.v1", {"node": key("node").did})
    yield house.case("device-revoked", "with the node that kept it", house.say("kept", **kept))
    assert house.verdict(first).accepted
    assert house.verdict(revoked).accepted


def _roles() -> Iterator[Case]:
    house = House()
    for name, who, payload in (
        ("a maintainer makes a maintainer", "mia", {"principal": key("bob").did, "role": "maintainer"}),
        ("a root is given a role", "mia", {"principal": key("root").did, "role": "viewer"}),
    ):
        yield house.case("above-level", name, house.draft(who, "member.granted.v1", payload))
    for verb in ("revoked", "blocked"):
        draft = house.draft("mia", f"member.{verb}.v1", {"principal": key("root").did})
        yield house.case("above-level", f"a root is {verb}", draft)
    before = house.events[-1]
    unseen = house.draft("mia", "member.revoked.v1", {"principal": key("dan").did, "cut": [bytes(32)]})
    yield house.case("cut-unknown", "of an event nobody has", unseen)
    said = house.write(*("bob", "comment.added.v1", {"body": "Later."}), on=house.one)
    sideways = house.draft(
        "mia", "member.revoked.v1", {"principal": key("dan").did, "cut": [said.id]}, after=[before], prev=None
    )
    yield house.case("cut-unknown", "of an event that is here, and not in its past", sideways)
    house.write("mia", "member.revoked.v1", {"principal": key("dan").did})
    yield house.case("revoked", "a push after it", house.push("dan"))
    yield house.case("revoked-meanwhile", "a push from old parents", house.push("dan", after=[before]))
    house.write("mia", "member.blocked.v1", {"principal": key("eve").did})
    yield house.case("revoked", "a comment by somebody who is blocked", house.say("eve"))
    house.write("root", "member.blocked.v1", {"principal": key("bob").did})
    house.write("mia", "member.granted.v1", {"principal": key("bob").did, "role": "developer"})
    yield house.case("revoked", "whom a root blocked and a maintainer let in again", house.push("bob"))


def _holds() -> Iterator[Case]:
    house = House()
    before = house.events[-1]
    house.write("mia", "issue.locked.v1", {"reason": "", "replaces": []}, on=house.one)
    yield house.case("locked", "a comment after it", house.say("bob"))
    yield house.case("locked", "a comment from old parents", house.say("bob", after=[before]))
    house.write("root", "branch.protected.v1", {"pattern": "m*", "replaces": [], "push_role": "maintainer"})
    yield house.case("protected", "a push by a developer", house.push("dan"))
    house.write("root", "repository.archived.v1", {"archived": True, "replaces": [house.genesis.id]})
    yield house.case("archived", "an issue", house.draft("bob", "issue.opened.v1", {"title": "Two", "number": 2}))
    yield house.case("archived", "a push from old parents", house.push("mia", after=[before]))
