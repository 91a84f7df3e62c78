"""Every kind of event this version knows, by name. A new kind is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.attachment import added as attachment_added
from domain.comment import added as comment_added
from domain.content import body_edited, body_reset, redacted
from domain.device import custodian_revoked
from domain.device import revoked as device_revoked
from domain.follower import starred, unstarred, watched
from domain.identity import agent_described, attestation_given, device_enrolled
from domain.identity import created as identity_created
from domain.identity import described as identity_described
from domain.identity import device_revoked as identity_device_revoked
from domain.issue import assigned, closed, labelled, locked, opened, pinned, reopened, retitled, unlocked
from domain.label import created as label_created
from domain.label import deleted as label_deleted
from domain.label import described as label_described
from domain.label import recoloured, renamed
from domain.member import admitted, blocked, demoted, granted, revoked
from domain.protection import branch_protected, branch_unprotected
from domain.reaction import added as reaction_added
from domain.reaction import removed as reaction_removed
from domain.refs import moved
from domain.repository import (
    archived,
    default_branch_set,
    deleted,
    described,
    forked,
    imported,
    offered,
    succeeded,
    topics_changed,
    transferred,
    visibility_set,
    website_set,
)
from domain.repository import created as repository_created
from domain.repository import renamed as repository_renamed

if TYPE_CHECKING:
    from domain.fold.kind import Kind

KINDS: Final[dict[str, Kind]] = {
    module.KIND.name: module.KIND
    for module in (
        identity_created,
        identity_described,
        device_enrolled,
        identity_device_revoked,
        agent_described,
        attestation_given,
        repository_created,
        described,
        default_branch_set,
        visibility_set,
        archived,
        deleted,
        forked,
        imported,
        repository_renamed,
        offered,
        transferred,
        succeeded,
        website_set,
        topics_changed,
        starred,
        unstarred,
        watched,
        granted,
        demoted,
        revoked,
        blocked,
        admitted,
        device_revoked,
        custodian_revoked,
        branch_protected,
        branch_unprotected,
        moved,
        label_created,
        recoloured,
        renamed,
        label_described,
        label_deleted,
        opened,
        retitled,
        closed,
        reopened,
        labelled,
        assigned,
        locked,
        unlocked,
        pinned,
        comment_added,
        attachment_added,
        body_edited,
        body_reset,
        reaction_added,
        reaction_removed,
        redacted,
    )
}
