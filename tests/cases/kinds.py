"""One accepted event of every kind, in one small repository and one identity stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.kinds import KINDS
from tests.making import Story, begin, key

if TYPE_CHECKING:
    from domain.envelope import Event

OID = bytes(range(20))


def identity() -> Event:
    """A principal's stream."""
    return begin("alice", "identity.created.v1", {"name": "alice"})


def repository() -> Story:
    """A repository in which every kind but the identity's has happened, each accepted; `root` owns it."""
    story = Story(payload={"name": "project", "description": "A thing.", "default_branch": "main", "private": False})
    start = [story.genesis.id]
    story.write("root", "repository.described.v1", {"description": "A better thing.", "replaces": start})
    story.write("root", "repository.default_branch_set.v1", {"branch": "trunk", "replaces": start})
    story.write("root", "repository.visibility_set.v1", {"private": True, "replaces": start})
    story.write("root", "repository.archived.v1", {"archived": False, "replaces": start})
    story.write("root", "repository.deleted.v1", {"deleted": False, "replaces": start})
    first = story.write("root", "refs.moved.v1", {"moves": [_move("refs/heads/main", None, OID, [])]})
    _labels(story)
    _issue(story)
    story.write(
        "root",
        "refs.moved.v1",
        {"moves": [_move("refs/heads/main", OID, None, [first.id]), _move("refs/tags/v1", None, OID, [])]},
    )
    return story


def _move(ref: str, old: bytes | None, new: bytes | None, replaces: list[bytes]) -> dict[str, Any]:
    return {"ref": ref, "old": old, "new": new, "replaces": replaces}


def _labels(story: Story) -> None:
    label = story.write("root", "label.created.v1", {"name": "bug", "colour": "d73a4a", "description": "It is broken."})
    story.write("root", "label.recoloured.v1", {"colour": "00ff00", "replaces": [label.id]}, on=label)
    story.write("root", "label.renamed.v1", {"name": "defect", "replaces": [label.id]}, on=label)
    story.write("root", "label.described.v1", {"description": "", "replaces": [label.id]}, on=label)
    story.write("root", "label.deleted.v1", {}, on=label)


def _issue(story: Story) -> None:
    label = story.write("root", "label.created.v1", {"name": "help wanted", "colour": "008672"})
    issue = story.issue("bob", "It breaks", "When I press it.\n\nAlways 🐞.")
    title = story.write("bob", "issue.retitled.v1", {"title": "It breaks twice", "replaces": [issue.id]}, on=issue)
    closed = story.write("root", "issue.closed.v1", {"reason": "completed", "replaces": [issue.id]}, on=issue)
    story.write("bob", "issue.reopened.v1", {"replaces": [closed.id]}, on=issue)
    other = story.issue("root", "And so does this", labels=[label.id], assignees=[key("root").did])
    taken = {"label": label.id, "observed": [other.id]}
    story.write("root", "issue.labelled.v1", {"add": [label.id], "remove": [taken]}, on=other)
    leaves = {"assignee": key("root").did, "observed": [other.id]}
    story.write("root", "issue.assigned.v1", {"add": [key("bob").did], "remove": [leaves]}, on=other)
    comment = story.write("carol", "comment.added.v1", {"body": "Same here."}, on=issue)
    splices = [{"at": 0, "cut": 4, "text": "Also"}, {"at": 4, "cut": 0, "text": ", it breaks"}]
    edit = story.write("carol", "body.edited.v1", {"base": [comment.id], "splices": splices}, on=comment)
    story.write("carol", "body.reset.v1", {"text": "Never mind.", "replaces": [edit.id]}, on=comment)
    story.write("bob", "event.redacted.v1", {"events": [title.id], "reason": "a name in it"}, on=issue)


def one_of_each() -> dict[str, Event]:
    """By kind, the first accepted event of it; empty for a kind that nobody wrote a story for."""
    found: dict[str, Event] = {}
    for event in (identity(), *repository().events):
        found.setdefault(event.kind, event)
    assert set(found) <= set(KINDS)
    return found
