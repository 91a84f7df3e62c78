"""Every command by name: its arguments and its function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from domain.commands import (
    agents,
    attachments,
    comments,
    conversations,
    copies,
    events,
    followers,
    held,
    identities,
    issue_bulk,
    issues,
    labels,
    members,
    places,
    protections,
    refs,
    replicas,
    repositories,
    succession,
)
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.actor import Actor
    from domain.commands.scene import Done, Scene


class Command(NamedTuple):
    """What a command takes and what carries it out."""

    args: type[msgspec.Struct]
    run: Callable[[Any, Any, Any], Any]


COMMANDS: Final[dict[str, Command]] = {
    "repository.create": Command(repositories.CreateRepository, repositories.create),
    "repository.fork": Command(copies.ForkRepository, copies.fork),
    "repository.import": Command(copies.ImportRepository, copies.import_repository),
    "repository.edit": Command(repositories.EditRepository, repositories.edit),
    "repository.topics": Command(repositories.SetTopics, repositories.set_topics),
    "repository.delete": Command(places.DeleteRepository, places.delete),
    "repository.undelete": Command(places.UndeleteRepository, places.undelete),
    "repository.offer": Command(places.OfferRepository, places.offer),
    "repository.accept": Command(places.AcceptRepository, places.accept),
    "repository.succeed": Command(succession.SucceedRepository, succession.succeed),
    "repository.star": Command(followers.StarRepository, followers.star),
    "repository.watch": Command(followers.WatchRepository, followers.watch),
    "member.change": Command(members.ChangeRole, members.change),
    "member.remove": Command(members.ChangeMember, members.remove),
    "member.block": Command(members.ChangeMember, members.block),
    "member.unblock": Command(members.UnblockMember, members.unblock),
    "member.admit": Command(members.AdmitEvents, members.admit),
    "device.revoke": Command(members.RevokeDevice, members.revoke_device),
    "custodian.revoke": Command(members.RevokeCustodian, members.revoke_custodian),
    "branch.protect": Command(protections.ProtectBranch, protections.protect),
    "branch.unprotect": Command(protections.UnprotectBranch, protections.unprotect),
    "refs.move": Command(refs.MoveRefs, refs.move),
    "label.create": Command(labels.CreateLabel, labels.create),
    "label.edit": Command(labels.EditLabel, labels.edit),
    "label.delete": Command(labels.DeleteLabel, labels.delete),
    "issue.open": Command(issues.OpenIssue, issues.open_issue),
    "issue.edit": Command(issues.EditIssue, issues.edit),
    "issue.edit_many": Command(issue_bulk.EditIssues, issue_bulk.edit_many),
    "issue.close": Command(issues.CloseIssue, issues.close),
    "issue.reopen": Command(issues.ReopenIssue, issues.reopen),
    "issue.label": Command(issues.ChangeMembers, issues.label),
    "issue.assign": Command(issues.ChangeMembers, issues.assign),
    "issue.react": Command(conversations.React, conversations.react),
    "issue.unreact": Command(conversations.React, conversations.unreact),
    "issue.lock": Command(conversations.LockIssue, conversations.lock),
    "issue.unlock": Command(conversations.ChangeIssue, conversations.unlock),
    "issue.pin": Command(conversations.ChangeIssue, conversations.pin),
    "issue.unpin": Command(conversations.ChangeIssue, conversations.unpin),
    "comment.add": Command(comments.AddComment, comments.add),
    "comment.edit": Command(comments.EditComment, comments.edit),
    "comment.redact": Command(comments.RedactComment, comments.redact),
    "attachment.add": Command(attachments.AddAttachment, attachments.add),
    "attachment.redact": Command(attachments.RedactAttachment, attachments.redact),
    "identity.describe": Command(identities.DescribeIdentity, identities.describe),
    "agent.describe": Command(agents.DescribeAgent, agents.describe),
    "agent.attest": Command(agents.Attest, agents.attest),
    "identity.forget": Command(identities.ForgetProfile, identities.forget),
    "identity.enroll": Command(identities.EnrollDevice, identities.enroll),
    "identity.end_device": Command(identities.EndDevice, identities.end_device),
    "event.submit": Command(events.SubmitEvent, events.submit),
    "replica.store": Command(replicas.StoreReplicas, replicas.store),
    "replica.mend": Command(replicas.MendReplicas, replicas.mend),
    "replica.checked": Command(replicas.NoteChecked, replicas.note_checked),
    "replica.objects": Command(replicas.TakeObjects, replicas.take_objects),
    "held.list": Command(held.ListHeld, held.list_held),
    "held.sum": Command(held.SumHeld, held.sum_held),
    "held.admit": Command(held.AdmitHeld, held.admit),
    "held.drop": Command(held.DropHeld, held.drop),
    "held.block": Command(held.BlockHeld, held.block_author),
    "held.choose": Command(held.ChooseRule, held.choose),
    "held.rule": Command(held.ShowRule, held.show_rule),
}


def run(name: str, scene: Scene, actor: Actor, args: Mapping[str, Any]) -> Done:
    """Carry out a command on the scene; raises the `LocalFault` it ends in."""
    command = COMMANDS[name]
    try:
        typed = msgspec.convert(args, command.args)
    except msgspec.ValidationError as fault:
        words, _, path = str(fault).partition(" - at `$.")
        raise InvalidInput(words, field=path.rstrip("`")) from fault
    done: Done = command.run(scene, actor, typed)
    return done
