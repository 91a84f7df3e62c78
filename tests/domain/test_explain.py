"""One event explained from its bytes up: an honest one is right in every row, and each fault shows in its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from domain.envelope import RawEvent
from domain.explain import checks_of
from domain.verdict import ACCEPTED, void
from tests.making import Story

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.chain import Link
    from domain.envelope import Event
    from domain.explain import Check
    from domain.ids import EventId
    from domain.verdict import Verdict

ALL = ["hash", "bytes", "signature", "device", "payload", "time", "parents", "feed", "lamport", "verdict", "effect"]


def faulty(
    event: Event,
    known: Callable[[EventId], Link | None],
    raw: RawEvent | None = None,
    verdict: Verdict = ACCEPTED,
    *,
    redacted: bool = False,
) -> dict[str, str]:
    """The rows that are not as they must be."""
    rows = checks_of(raw or event.raw, event.id, known, verdict, redacted=redacted, effect="did it")
    return {row.check: row.words for row in rows if not row.ok}


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def test_an_honest_event_is_right_in_every_row() -> None:
    story = Story()
    issue = story.issue("bob")
    story.issue("ann")
    comment = story.write("bob", "comment.added.v1", {"body": "Yes"}, on=issue)
    rows: list[Check] = []
    for event in (story.genesis, issue, comment):
        rows = checks_of(event.raw, event.id, story.node.link, ACCEPTED, redacted=False, effect="did it")
        assert [row.check for row in rows] == ALL
        assert all(row.ok for row in rows), rows
    words = {row.check: row.words for row in rows}
    assert words["lamport"] == "1 + max(2, 3) = 4"
    assert words["feed"].startswith("it is number 2 of its device's feed")
    assert words["effect"] == "did it"
    assert words["time"].startswith("its author's clock said 20")


@pytest.mark.parametrize(
    ("spoil", "checks"),
    [
        ("header", {"hash", "signature", "bytes"}),
        ("signature", {"signature", "bytes"}),
        ("payload", {"payload", "bytes"}),
    ],
)
def test_bytes_that_rotted(spoil: str, checks: set[str]) -> None:
    story = Story()
    issue = story.issue("bob")
    raw = replace(issue.raw, **{spoil: flipped(getattr(issue.raw, spoil))})
    found = faulty(issue, story.node.link, raw)
    assert checks <= set(found)
    assert "hash" in found or spoil != "header"


def test_a_past_that_is_not_here() -> None:
    story = Story()
    issue = story.issue("bob")
    found = faulty(issue, lambda _: None)
    assert f"not here: {story.genesis.id.hex()[:16]}" in found["parents"]


def test_a_redacted_payload_is_no_fault_and_a_lost_one_is() -> None:
    story = Story()
    issue = story.issue("bob")
    hole = replace(issue.raw, payload=None)
    assert faulty(issue, story.node.link, hole, redacted=True) == {}
    assert set(faulty(issue, story.node.link, hole)) == {"payload"}


def test_a_void_event_says_why_and_that_it_did_nothing() -> None:
    story = Story()
    label = story.write("eve", "label.created.v1", {"name": "mine", "colour": "000000"})
    found = faulty(label, story.node.link, verdict=void("no-authority"))
    assert found["verdict"] == "void: the author may not do this here"
    assert found["effect"].startswith("nothing")


def test_garbage_is_explained_as_far_as_it_goes() -> None:
    story = Story()
    issue = story.issue("bob")
    assert set(faulty(issue, story.node.link, RawEvent(b"\xff", b"", None))) == {"hash", "bytes"}
