"""What a small story comes to in columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.making import Story, key
from tests.projections.analytics.shelves import Shelves

if TYPE_CHECKING:
    from pathlib import Path

    from domain.envelope import Event

OLD, NEW = b"\x11" * 20, b"\x22" * 20


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    return Shelves(tmp_path / "node")


def claimed(event: Event) -> datetime:
    """The time an event claims, as DuckDB's TIMESTAMP comes back."""
    return datetime.fromtimestamp(event.time / 1000, UTC).replace(tzinfo=None)


def test_an_issue_s_life(shelves: Shelves) -> None:
    story = Story()
    label = story.write("root", "label.created.v1", {"name": "bug", "colour": "d73a4a", "description": ""})
    issue = story.issue("ann", "It breaks", "Every day.")
    story.write("root", "issue.labelled.v1", {"add": [label.id]}, on=issue)
    comment = story.write("bob", "comment.added.v1", {"body": "Here, too."}, on=issue)
    closed = story.write("root", "issue.closed.v1", {"reason": "completed", "replaces": [issue.id]}, on=issue)
    shelves.arrive(story.events)
    shelves.feed()
    assert shelves.ask(
        "SELECT number, title, state, state_reason, author, labels, comments, opened, closed FROM issues"
    ) == [(1, "It breaks", "closed", "completed", key("ann").did, ["bug"], 1, claimed(issue), claimed(closed))]
    assert shelves.ask("SELECT id, issue, repository, author, created, body_chars, redacted FROM comments") == [
        (
            comment.id.hex(),
            issue.id.hex(),
            story.genesis.id.hex(),
            key("bob").did,
            claimed(comment),
            len("Here, too."),
            False,
        )
    ]
    assert shelves.ask("SELECT name, open_issues, closed_issues FROM repositories") == [("project", 0, 1)]
    story.write("root", "issue.reopened.v1", {"replaces": [closed.id]}, on=issue)
    shelves.arrive(story.events)
    shelves.feed()
    assert shelves.ask("SELECT state, closed FROM issues") == [("open", None)]


def test_a_push_is_a_row_for_each_ref(shelves: Shelves) -> None:
    story = Story()
    moves = [
        {"ref": "refs/heads/main", "old": OLD, "new": NEW, "replaces": []},
        {"ref": "refs/tags/v1", "old": None, "new": NEW, "replaces": []},
    ]
    push = story.write("root", "refs.moved.v1", {"moves": moves})
    story.write("stranger", "refs.moved.v1", {"moves": moves})
    shelves.arrive(story.events)
    shelves.feed()
    assert shelves.ask("SELECT event, ref, old, new, time FROM pushes ORDER BY ref") == [
        (push.id.hex(), "refs/heads/main", OLD.hex(), NEW.hex(), claimed(push)),
        (push.id.hex(), "refs/tags/v1", None, NEW.hex(), claimed(push)),
    ]
    assert shelves.ask("SELECT verdict, reason FROM events WHERE kind = 'refs.moved.v1' ORDER BY position") == [
        ("accepted", ""),
        ("void", "no-authority"),
    ]


def test_events_have_what_their_headers_say(shelves: Shelves) -> None:
    story = Story()
    issue = story.write("ann", "issue.opened.v1", {"title": "Late", "body": "", "number": 1}, time=2**53)
    shelves.arrive(story.events)
    shelves.feed()
    assert shelves.ask(
        "SELECT position, id, stream, entity, device, seq, lamport, payload_size, year(time) "
        "FROM events WHERE position = 2"
    ) == [
        (
            2,
            issue.id.hex(),
            story.genesis.id.hex(),
            story.genesis.id.hex(),
            issue.device.hex(),
            1,
            2,
            issue.payload_size,
            287396,
        )
    ]


def test_what_is_redacted_is_counted_as_nothing(shelves: Shelves) -> None:
    story = Story()
    issue = story.issue("ann")
    comment = story.write("ann", "comment.added.v1", {"body": "A secret."}, on=issue)
    shelves.arrive(story.events)
    shelves.feed()
    story.write("ann", "event.redacted.v1", {"events": [comment.id]}, on=comment)
    shelves.arrive(story.events)
    shelves.feed()
    assert shelves.ask("SELECT redacted, body_chars FROM comments") == [(True, 0)]
    assert shelves.tables() == shelves.fresh()
