"""Every kind of event this version knows, by name. A new kind is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.comment import added as comment_added
from domain.content import body_edited, body_reset, redacted
from domain.identity import created as identity_created
from domain.issue import assigned, closed, labelled, opened, reopened, retitled
from domain.label import created as label_created
from domain.label import deleted as label_deleted
from domain.label import described as label_described
from domain.label import recoloured, renamed
from domain.refs import moved
from domain.repository import archived, default_branch_set, deleted, described, visibility_set
from domain.repository import created as repository_created

if TYPE_CHECKING:
    from domain.fold.kind import Kind

KINDS: Final[dict[str, Kind]] = {
    module.KIND.name: module.KIND
    for module in (
        identity_created,
        repository_created,
        described,
        default_branch_set,
        visibility_set,
        archived,
        deleted,
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
        comment_added,
        body_edited,
        body_reset,
        redacted,
    )
}
