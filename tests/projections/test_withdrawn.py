"""What somebody did before a late cut took it back leaves no row, however the events were batched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.laws.test_views import shown
from tests.making import begin, key, write

if TYPE_CHECKING:
    from pathlib import Path

    from domain.envelope import Event

COMMIT = bytes(20)


def history() -> list[Event]:
    """Eve, an admin for a day, does a bit of everything; then comes a revocation that knows her grant and no more."""
    eve = key("eve").did
    genesis = begin()
    granted = write("root", "member.granted.v1", {"principal": eve, "role": "admin"}, genesis=genesis, prev=genesis)
    issue = write("root", "issue.opened.v1", {"title": "Ours", "number": 1}, genesis=genesis, prev=granted)
    events = [genesis, granted, issue]

    def act(kind: str, payload: dict[str, object], on: Event = genesis) -> Event:
        made = write(
            "eve",
            kind,
            payload,
            genesis=genesis,
            after=[events[-1]],
            prev=events[-1] if len(events) > 3 else None,
            entity=on.id,
        )
        events.append(made)
        return made

    words = {"mentions": [eve], "references": [issue.id], "commits": [COMMIT]}
    label = act("label.created.v1", {"name": "bug", "colour": "ff0000"})
    hers = act("issue.opened.v1", {"title": "Hers", "number": 2, "body": "see #1", "assignees": [eve], **words})
    act("issue.labelled.v1", {"add": [label.id], "remove": []}, hers)
    act("issue.labelled.v1", {"add": [label.id], "remove": []}, issue)
    act("issue.pinned.v1", {"pinned": True, "replaces": []}, hers)
    said = act("comment.added.v1", {"body": "hm", **words}, hers)
    for thing in (issue, hers, said):
        act("reaction.added.v1", {"content": "heart"}, thing)
    act("attachment.added.v1", {"name": "a.png", "size": 1, "sha256": bytes(32)}, hers)
    act("attachment.added.v1", {"name": "b.png", "size": 1, "sha256": bytes(32)})
    act("repository.starred.v1", {})
    act("repository.watched.v1", {"level": "all", "replaces": []})
    act("branch.protected.v1", {"pattern": "main", "push_role": "maintainer", "replaces": []})
    act("refs.moved.v1", {"moves": [{"ref": "refs/heads/hers", "old": None, "new": COMMIT, "replaces": []}]})
    blocked = {"principal": eve, "cut": [issue.id]}
    return [*events, write("root", "member.blocked.v1", blocked, genesis=genesis, after=[issue], prev=issue)]


@pytest.mark.parametrize("batch", [1, 4, 1_000])
def test_nothing_is_left_of_it(tmp_path: Path, batch: int) -> None:
    events = history()
    before, verdicts = shown(events[:-1], tmp_path / "views.sqlite", 1_000)
    assert {event.kind: verdicts[event.id] for event in events[:-1] if verdicts[event.id] != ("accepted", "")} == {}
    early = [*events[:3], events[-1], *events[3:-1]]
    never_counted = shown(early, tmp_path / "views.sqlite", 1_000)
    assert shown(events, tmp_path / "views.sqlite", batch) == never_counted
    assert before != never_counted[0]
