"""Attach bytes that are stored already, and take attachments away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.attachment.added import AttachmentAdded
from domain.authority.roles import Role
from domain.commands.conversations import check_unlocked
from domain.commands.scene import Done, Scene, allow, check, repository
from domain.comment.state import CommentState
from domain.content.redacted import EventRedacted
from domain.errors import Conflict, NotFound
from domain.ids import StreamId
from domain.issue.state import IssueState
from domain.repository.state import RepositoryState

if TYPE_CHECKING:
    from domain.actor import Actor
    from domain.ids import Did


class AddAttachment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to attach to `target` (an issue or a comment; the repository, if it is not given)."""

    repo: bytes
    target: bytes = b""
    name: str
    media_type: str
    size: int
    sha256: bytes


def add(scene: Scene, actor: Actor, args: AddAttachment) -> Done:
    """Attach a blob: from here on whoever may read the repository can read it."""
    stream = StreamId(args.repo)
    repo = repository(scene, stream)
    target = scene.state(args.target or args.repo)
    here = isinstance(target, IssueState | CommentState) and target.stream == stream
    if not here and not isinstance(target, RepositoryState):
        raise NotFound(f"there is no such issue or comment in {repo.name}")
    allow(scene, actor, "attachment.add", repo)
    issue = scene.state(target.issue) if isinstance(target, CommentState) else target
    if isinstance(issue, IssueState):
        check_unlocked(scene, actor.did, repo, issue)
    payload = check(
        AttachmentAdded(name=args.name, media_type=args.media_type, size=args.size, sha256=args.sha256),
    )
    check_blob(scene, args.sha256, args.size)
    return Done(scene.write("attachment.added.v1", stream, args.target or args.repo, payload).id)


def check_blob(scene: Scene, sha256: bytes, size: int) -> None:
    """Raise `Conflict` unless the bytes that an event is about to name are here, as many as it says."""
    held = scene.blob_bytes(sha256)
    if held is None:
        raise Conflict("the bytes to attach are not here", hint="upload them: POST /repos/{id}/attachments")
    if held != size:
        raise Conflict(f"the blob has {held} bytes, not {size}", field="size")


def check_readable_blob(scene: Scene, did: Did, sha256: bytes, size: int) -> None:
    """As `check_blob`, for who did not bring the bytes: they must be attached where `did` can read them.

    Else a hash, which stands in every address, would open private bytes and bring back what was taken away; and the
    answers would tell of bytes that are nobody's business. So there is one answer only.
    """
    for attachment in scene.attachments_with(None, sha256):
        repo = scene.state(attachment.stream)
        if (
            isinstance(repo, RepositoryState)
            and repo.exists
            and (not repo.hidden or scene.role(attachment.stream, did) >= Role.VIEWER)
        ):
            check_blob(scene, sha256, size)
            return
    raise Conflict("the bytes to attach are not here", hint="whoever may upload brings them first")


class RedactAttachment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which bytes are to go from a repository, and why."""

    repo: bytes
    sha256: bytes
    reason: str = ""


def redact(scene: Scene, actor: Actor, args: RedactAttachment) -> Done:
    """Redact every attachment of the repository that names these bytes."""
    repo = repository(scene, StreamId(args.repo))
    found = scene.attachments_with(StreamId(args.repo), args.sha256)
    if not found:
        raise NotFound(f"there is no such attachment in {repo.name}")
    for attachment in found:
        allow(scene, actor, "content.redact", repo, attachment.author)
    for attachment in found:
        payload = check(EventRedacted(events=[attachment.key], reason=args.reason))
        scene.write("event.redacted.v1", StreamId(args.repo), attachment.key, payload)
    return Done()
