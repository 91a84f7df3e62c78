"""React to issues and comments, lock and pin issues; and who may still speak where an issue is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.attachment.added import KIND as ATTACHMENT_ADDED
from domain.commands.scene import Done, Scene, allow, check, entity, heads, match, may, repository, settle
from domain.comment.added import KIND as COMMENT_ADDED
from domain.comment.state import CommentState
from domain.errors import Conflict, Forbidden
from domain.fold.kind import read_payload
from domain.ids import StreamId
from domain.issue.locked import IssueLocked
from domain.issue.pinned import IssuePinned
from domain.issue.state import IssueState
from domain.issue.unlocked import IssueUnlocked
from domain.reaction.added import KIND as REACTION_ADDED
from domain.reaction.added import ReactionAdded
from domain.reaction.contents import Content, member
from domain.reaction.removed import ReactionRemoved
from domain.repository.state import RepositoryState

if TYPE_CHECKING:
    from domain.actor import Actor
    from domain.envelope import Event
    from domain.ids import Did

PINNED_ISSUES_MAX: Final = 3
"""In one repository. Nodes apart may together pin more; then the last pinned ones show."""
_ADDING: Final = frozenset({COMMENT_ADDED.name, REACTION_ADDED.name, ATTACHMENT_ADDED.name})


class React(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which reaction to which issue, or to which comment of it."""

    repo: bytes
    issue: bytes
    comment: bytes | None = None
    content: Content


def react(scene: Scene, actor: Actor, args: React) -> Done:
    """React to an issue or a comment; once more changes nothing."""
    repo, thing = _reacted_to(scene, actor, args)
    assert actor.did is not None, "who may react is known"
    if not thing.reactions.observed(member(args.content, actor.did)):
        payload = ReactionAdded(content=args.content)
        scene.write("reaction.added.v1", StreamId(repo.key), thing.key, payload)
    return Done(thing.key)


def unreact(scene: Scene, actor: Actor, args: React) -> Done:
    """Take a reaction of one's own back; one that was not given changes nothing."""
    repo, thing = _reacted_to(scene, actor, args)
    assert actor.did is not None, "who may react is known"
    observed = heads(thing.reactions.observed(member(args.content, actor.did)))
    if observed:
        payload = ReactionRemoved(content=args.content, observed=observed)
        scene.write("reaction.removed.v1", StreamId(repo.key), thing.key, payload)
    return Done(thing.key)


def _reacted_to(scene: Scene, actor: Actor, args: React) -> tuple[RepositoryState, IssueState | CommentState]:
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    thing: IssueState | CommentState = issue
    if args.comment is not None:
        thing = entity(scene, CommentState, repo, args.comment)
    allow(scene, actor, "content.react", repo)
    check_unlocked(scene, actor.did, repo, issue)
    return repo, thing


class LockIssue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which issue only those who may triage go on with, and why."""

    repo: bytes
    issue: bytes
    reason: str = ""
    if_match: str = ""


def lock(scene: Scene, actor: Actor, args: LockIssue) -> Done:
    """Lock an issue; to lock a locked one again changes the reason, if anything."""
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    match(scene, args.issue, args.if_match)
    allow(scene, actor, "issue.lock", repo)
    payload = check(IssueLocked(reason=args.reason, replaces=heads(issue.lock.heads)))
    if not issue.locked or issue.lock_reason != args.reason or issue.lock.conflict:
        settle(scene, "issue.locked.v1", issue.stream, issue.key, payload)
    return Done(args.issue)


class ChangeIssue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which issue is unlocked, pinned or unpinned."""

    repo: bytes
    issue: bytes
    if_match: str = ""


def unlock(scene: Scene, actor: Actor, args: ChangeIssue) -> Done:
    """Unlock an issue; an unlocked one stays as it is."""
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    match(scene, args.issue, args.if_match)
    allow(scene, actor, "issue.lock", repo)
    if issue.locked:
        payload = IssueUnlocked(replaces=heads(issue.lock.heads))
        settle(scene, "issue.unlocked.v1", issue.stream, issue.key, payload)
    return Done(args.issue)


def pin(scene: Scene, actor: Actor, args: ChangeIssue) -> Done:
    """Show an issue before all others; a few in each repository."""
    return _set_pinned(scene, actor, args, pinned=True)


def unpin(scene: Scene, actor: Actor, args: ChangeIssue) -> Done:
    """Show an issue where its age puts it."""
    return _set_pinned(scene, actor, args, pinned=False)


def _set_pinned(scene: Scene, actor: Actor, args: ChangeIssue, *, pinned: bool) -> Done:
    repo = repository(scene, StreamId(args.repo))
    issue = entity(scene, IssueState, repo, args.issue)
    match(scene, args.issue, args.if_match)
    allow(scene, actor, "issue.pin", repo)
    if pinned and not issue.pinned and len(standing := scene.pinned(issue.stream)) >= PINNED_ISSUES_MAX:
        listed = ", ".join(f"#{each.number}" for each in standing[:PINNED_ISSUES_MAX])
        raise Conflict(f"{PINNED_ISSUES_MAX} issues are pinned already", hint=f"unpin one of {listed} first")
    if issue.pinned != pinned or issue.pin.conflict:
        payload = IssuePinned(pinned=pinned, replaces=heads(issue.pin.heads))
        settle(scene, "issue.pinned.v1", issue.stream, issue.key, payload)
    return Done(args.issue)


def check_unlocked(scene: Scene, did: Did | None, repo: RepositoryState, issue: IssueState) -> None:
    """Raise `Forbidden` if the issue is locked for them: those who may triage still speak."""
    if not issue.locked or (did is not None and may(scene, did, "issue.triage", repo)):
        return
    why = f" ({issue.lock_reason})" if issue.lock_reason else ""
    raise Forbidden(
        f"#{issue.number} is locked{why}: nobody but those who manage issues adds to it",
        hint="ask one of them to unlock it, or open an issue of your own",
    )


def check_conversation(scene: Scene, event: Event) -> None:
    """Refuse what adds to a locked conversation (`Forbidden`), and a reaction that stands already (`Conflict`)."""
    if event.kind not in _ADDING or event.entity is None:
        return
    repo, thing = scene.state(event.stream), scene.state(event.entity)
    issue = scene.state(thing.issue) if isinstance(thing, CommentState) else thing
    if not isinstance(repo, RepositoryState) or not isinstance(issue, IssueState):
        return
    check_unlocked(scene, event.author, repo, issue)
    if event.kind == REACTION_ADDED.name and isinstance(thing, IssueState | CommentState) and event.payload is not None:
        payload = read_payload(REACTION_ADDED, event.payload)
        assert isinstance(payload, ReactionAdded)
        standing = thing.reactions.observed(member(payload.content, event.author))
        if standing and event.id not in standing:
            raise Conflict("you have reacted so already", hint="take it back first with reaction.removed.v1")
