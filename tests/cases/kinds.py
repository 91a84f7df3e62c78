"""One accepted event of every kind, in one small repository and one identity stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.authority.enrolment import Certificate, certify
from domain.kinds import KINDS
from tests.making import Story, begin, key

if TYPE_CHECKING:
    from domain.envelope import Event

OID = bytes(range(20))


def identity() -> Event:
    """A principal's stream."""
    return begin("alice", "identity.created.v1", {"name": "alice"})


def profile() -> list[Event]:
    """What happens in a principal's stream: a profile, a device, its end."""
    story = Story("alice", kind="identity.created.v1", payload={"name": "alice"})
    start = [story.genesis.id]
    words = {"display_name": "Alice A.", "about": "Sweeps.", "website": "https://example.org/", "avatar": bytes(32)}
    story.write("alice", "identity.described.v1", {**words, "replaces": start})
    papers = certify(Certificate(key("alice").did, key("phone").device), key("alice"))
    certificates = [{"certificate": papers[0], "signature": papers[1]}]
    story.write("alice", "identity.device_enrolled.v1", {"certificates": certificates})
    story.write("alice", "identity.device_revoked.v1", {"device": key("phone").device})
    card = {"purpose": "Sweeps.", "owner": key("bob").did, "capabilities": ["code-review"], "retired": False}
    story.write("alice", "agent.described.v1", {**card, "replaces": []})
    said = {"about": key("bob").did, "value": 1, "statement": "Sweeps well."}
    story.write("alice", "attestation.given.v1", {**said, "replaces": []})
    return story.events[1:]


def fork() -> Event:
    """A repository that begins as a copy of another one."""
    origin = begin("alice", payload={"name": "project"}).id
    return begin("bob", "repository.forked.v1", {"name": "project", "origin": origin, "frontier": [origin]})


def repository() -> Story:
    """A repository in which every kind but the identity's has happened, each accepted; `root` owns it."""
    story = Story(payload={"name": "project", "description": "A thing.", "default_branch": "main", "private": False})
    start = [story.genesis.id]
    story.write("root", "repository.described.v1", {"description": "A better thing.", "replaces": start})
    story.write("root", "repository.default_branch_set.v1", {"branch": "trunk", "replaces": start})
    story.write("root", "repository.visibility_set.v1", {"private": True, "replaces": start})
    story.write("root", "repository.archived.v1", {"archived": False, "replaces": start})
    story.write("root", "repository.deleted.v1", {"deleted": False, "replaces": start})
    _names_and_followers(story)
    skips = [{"fault": "zeroPaddedFilemode", "objects": [OID]}]
    story.write("root", "repository.imported.v1", {"source": "https://old.example/x", "objects": 3, "skips": skips})
    first = story.write("root", "refs.moved.v1", {"moves": [_move("refs/heads/main", None, OID, [])]})
    _authority(story)
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


def _names_and_followers(story: Story) -> None:
    start = [story.genesis.id]
    story.write("root", "repository.renamed.v1", {"name": "better", "replaces": start})
    offer = story.write("root", "repository.offered.v1", {"to": key("bob").did, "replaces": start})
    story.write("bob", "repository.transferred.v1", {"offer": offer.id, "replaces": start})
    named = story.write("root", "repository.succeeded.v1", {"successor": fork().id, "replaces": []})
    story.write("root", "repository.succeeded.v1", {"successor": None, "replaces": [named.id]})
    story.write("root", "repository.website_set.v1", {"website": "https://example.org/?a=b#c", "replaces": start})
    topics = story.write("root", "repository.topics_changed.v1", {"add": ["git", "peer-to-peer"]})
    gone = [{"topic": "git", "observed": [topics.id]}]
    story.write("root", "repository.topics_changed.v1", {"add": ["forge"], "remove": gone})
    star = story.write("carol", "repository.starred.v1", {})
    story.write("carol", "repository.unstarred.v1", {"observed": [star.id]})
    story.write("carol", "repository.watched.v1", {"level": "all", "replaces": []})


def _authority(story: Story) -> None:
    mia, dan = key("mia").did, key("dan").did
    story.write("root", "member.granted.v1", {"principal": mia, "role": "admin"})
    story.write("mia", "member.granted.v1", {"principal": dan, "role": "developer"})
    story.write("root", "member.demoted.v1", {"principal": mia, "role": "maintainer", "cut": [story.events[-1].id]})
    gone = story.write("mia", "member.revoked.v1", {"principal": dan})
    story.write("mia", "member.blocked.v1", {"principal": key("eve").did, "cut": [gone.id]})
    story.write("mia", "events.admitted.v1", {"events": [gone.id]})
    story.write("root", "device.revoked.v1", {"device": key("phone").device})
    story.write("root", "custodian.revoked.v1", {"node": key("node").did, "cut": [gone.id]})
    rules = {"push_role": "maintainer", "pushers": [mia], "approvals": 1, "dismiss_stale": True, "checks": ["build"]}
    held = story.write("root", "branch.protected.v1", {"pattern": "release/*", "replaces": [], **rules})
    story.write("root", "branch.unprotected.v1", {"pattern": "release/*", "replaces": [held.id]})


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
    _reactions_and_locks(story, issue, comment)
    picture = {"name": "dust.png", "media_type": "image/png", "size": 68, "sha256": bytes(range(32))}
    attached = story.write("carol", "attachment.added.v1", picture, on=issue)
    story.write("bob", "attachment.added.v1", {**picture, "name": "größer 🐞.log"}, on=comment)
    story.write("carol", "event.redacted.v1", {"events": [attached.id]}, on=attached)
    splices = [{"at": 0, "cut": 4, "text": "Also"}, {"at": 4, "cut": 0, "text": ", it breaks"}]
    edit = story.write("carol", "body.edited.v1", {"base": [comment.id], "splices": splices}, on=comment)
    story.write("carol", "body.reset.v1", {"text": "Never mind.", "replaces": [edit.id]}, on=comment)
    story.write("bob", "event.redacted.v1", {"events": [title.id], "reason": "a name in it"}, on=issue)


def _reactions_and_locks(story: Story, issue: Event, comment: Event) -> None:
    liked = story.write("carol", "reaction.added.v1", {"content": "heart"}, on=issue)
    story.write("bob", "reaction.added.v1", {"content": "+1"}, on=comment)
    taken = story.write("carol", "reaction.removed.v1", {"content": "heart", "observed": [liked.id]}, on=issue)
    locked = story.write("root", "issue.locked.v1", {"reason": "too heated", "replaces": []}, on=issue)
    again = {"reason": "", "cut": sorted([comment.id, taken.id]), "replaces": [locked.id]}
    locked = story.write("root", "issue.locked.v1", again, on=issue)
    story.write("root", "issue.unlocked.v1", {"replaces": [locked.id]}, on=issue)
    pin = story.write("root", "issue.pinned.v1", {"pinned": True, "replaces": []}, on=issue)
    story.write("root", "issue.pinned.v1", {"pinned": False, "replaces": [pin.id]}, on=issue)
    named = {"mentions": [key("bob").did], "references": [issue.id], "commits": [OID]}
    story.write("bob", "comment.added.v1", {"body": "@bob, see #1 and 0001…", **named}, on=issue)
    push = {"commit": OID, "push": story.genesis.id, "reason": "completed"}
    story.write("root", "issue.closed.v1", {**push, "replaces": []}, on=issue)


def one_of_each() -> dict[str, Event]:
    """By kind, the first accepted event of it; empty for a kind that nobody wrote a story for."""
    found: dict[str, Event] = {}
    for event in (identity(), *profile(), fork(), *repository().events):
        found.setdefault(event.kind, event)
    assert set(found) <= set(KINDS)
    return found
