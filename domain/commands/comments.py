"""Add, edit and redact comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.commands.bodies import edit_body
from domain.commands.conversations import check_unlocked
from domain.commands.links import links_of, with_links
from domain.commands.scene import Done, Scene, allow, check, entity, match, repository
from domain.comment.added import CommentAdded
from domain.comment.state import CommentState
from domain.content.redacted import EventRedacted
from domain.errors import Conflict
from domain.ids import StreamId
from domain.issue.state import IssueState
from domain.limits import REDACTIONS_PER_EVENT_MAX
from domain.words import Body

if TYPE_CHECKING:
    from domain.actor import Actor


class AddComment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is said, and on which issue."""

    repo: bytes
    issue: bytes
    body: Body


def add(scene: Scene, actor: Actor, args: AddComment) -> Done:
    """Say something on an issue, open or closed; on a locked one, only who may triage does."""
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    allow(scene, actor, "comment.add", repo)
    check_unlocked(scene, actor.did, repo, issue)
    payload = with_links(check(CommentAdded(body=args.body)), links_of(scene, repo, args.body))
    return Done(scene.write("comment.added.v1", StreamId(args.repo), issue.key, payload).id)


class EditComment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A comment's new words."""

    repo: bytes
    comment: bytes
    body: Body
    if_match: str = ""


def edit(scene: Scene, actor: Actor, args: EditComment) -> Done:
    """Write a comment again; a redacted one stays a hole."""
    repo = repository(scene, StreamId(args.repo))
    comment = entity(scene, CommentState, repo, args.comment)
    match(scene, args.comment, args.if_match)
    allow(scene, actor, "body.edit", repo, comment.author)
    if comment.redacted:
        raise Conflict("the comment was redacted, so it cannot be edited", hint="write a new comment")
    check(CommentAdded(body=args.body))
    edit_body(scene, comment, repo, args.body)
    return Done(args.comment)


class RedactComment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which comment's words are to go, and why."""

    repo: bytes
    comment: bytes
    reason: str = ""
    if_match: str = ""


def redact(scene: Scene, actor: Actor, args: RedactComment) -> Done:
    """Redact the comment and every edit of it, those made since an earlier redaction included."""
    repo = repository(scene, StreamId(args.repo))
    comment = entity(scene, CommentState, repo, args.comment)
    match(scene, args.comment, args.if_match)
    allow(scene, actor, "content.redact", repo, comment.author)
    words: set[bytes] = {*comment.body.written, *comment.voided}
    named = sorted(words if comment.redacted else {*words, comment.key})
    for start in range(0, len(named), REDACTIONS_PER_EVENT_MAX):
        payload = check(EventRedacted(events=named[start : start + REDACTIONS_PER_EVENT_MAX], reason=args.reason))
        scene.write("event.redacted.v1", StreamId(args.repo), comment.key, payload)
    return Done(args.comment)
