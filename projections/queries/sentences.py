"""What an event did, in a sentence for the activity list."""

from __future__ import annotations

from typing import Final

_SENTENCES: Final = {
    "repository.created.v1": "created {repo}",
    "repository.described.v1": "described {repo}",
    "repository.default_branch_set.v1": "chose another default branch for {repo}",
    "repository.visibility_set.v1": "changed who may see {repo}",
    "repository.archived.v1": "changed the archiving of {repo}",
    "repository.deleted.v1": "deleted {repo}",
    "repository.forked.v1": "forked {repo}",
    "repository.imported.v1": "imported {repo}",
    "repository.renamed.v1": "renamed {repo}",
    "repository.offered.v1": "changed to whom {repo} is offered",
    "repository.transferred.v1": "took over {repo}",
    "repository.succeeded.v1": "said what {repo} goes on as",
    "repository.website_set.v1": "changed the website of {repo}",
    "repository.topics_changed.v1": "changed the topics of {repo}",
    "repository.starred.v1": "starred {repo}",
    "repository.unstarred.v1": "unstarred {repo}",
    "repository.watched.v1": "changed what they hear of {repo}",
    "member.granted.v1": "gave somebody a role in {repo}",
    "member.demoted.v1": "reduced somebody's role in {repo}",
    "member.revoked.v1": "took somebody's role in {repo} away",
    "member.blocked.v1": "blocked somebody in {repo}",
    "events.admitted.v1": "admitted events in {repo}",
    "device.revoked.v1": "ended a device in {repo}",
    "custodian.revoked.v1": "ended the devices of a node in {repo}",
    "branch.protected.v1": "protected branches of {repo}",
    "branch.unprotected.v1": "ended a protection of branches of {repo}",
    "refs.moved.v1": "pushed to {repo}",
    "label.created.v1": "created the label {subject} in {repo}",
    "label.recoloured.v1": "recoloured the label {subject} in {repo}",
    "label.renamed.v1": "renamed a label to {subject} in {repo}",
    "label.described.v1": "described the label {subject} in {repo}",
    "label.deleted.v1": "deleted the label {subject} in {repo}",
    "issue.opened.v1": "opened {issue} in {repo}",
    "issue.retitled.v1": "retitled {issue} in {repo}",
    "issue.closed.v1": "closed {issue} in {repo}",
    "issue.reopened.v1": "reopened {issue} in {repo}",
    "issue.labelled.v1": "changed the labels of {issue} in {repo}",
    "issue.assigned.v1": "changed who works on {issue} in {repo}",
    "issue.locked.v1": "locked {issue} in {repo}",
    "issue.unlocked.v1": "unlocked {issue} in {repo}",
    "issue.pinned.v1": "changed the pinning of {issue} in {repo}",
    "reaction.added.v1": "reacted to {issue} in {repo}",
    "reaction.removed.v1": "took a reaction to {issue} in {repo} back",
    "comment.added.v1": "commented on {issue} in {repo}",
    "body.edited.v1": "edited {issue} in {repo}",
    "body.reset.v1": "rewrote {issue} in {repo}",
    "event.redacted.v1": "redacted something on {issue} in {repo}",
    "identity.created.v1": "joined",
    "identity.described.v1": "changed their profile",
    "identity.device_enrolled.v1": "enrolled a device",
    "identity.device_revoked.v1": "ended a device",
    "agent.described.v1": "said what it does as an agent",
    "attestation.given.v1": "said what they think of somebody",
}


def sentence(kind: str, repo: str, subject: str | None, number: int | None) -> str:
    """The sentence, without who did it."""
    if not repo and kind == "event.redacted.v1":
        return "took back something they had said of themselves"
    issue = f"#{number} {subject}" if number else (subject or "an issue")
    return _SENTENCES.get(kind, kind).format(repo=repo, subject=subject or "", issue=issue)
