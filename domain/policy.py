"""The role by action table: what standing each action takes. Data: the fold and the door read it, nothing else decides.

A row names the least role that may (`anyone` is everybody who is not blocked), and `author` where whoever wrote the
thing acted on may, too. docs/roles.md is made from it; `domain/authority/needs.py` reads it.
"""

from __future__ import annotations

from typing import Final

ACTIONS: Final[dict[str, frozenset[str]]] = {
    "repository.edit": frozenset({"maintainer"}),
    "repository.administer": frozenset({"owner"}),
    "repository.rename": frozenset({"owner"}),
    "repository.transfer": frozenset({"root"}),
    "repository.accept": frozenset({"anyone"}),
    "repository.star": frozenset({"anyone"}),
    "repository.watch": frozenset({"anyone"}),
    "repository.import": frozenset({"owner"}),
    "repository.archive": frozenset({"admin"}),
    "repository.succeed": frozenset({"root"}),
    "member.change": frozenset({"maintainer"}),
    "device.revoke": frozenset({"maintainer"}),
    "held.manage": frozenset({"maintainer"}),
    "branch.protect": frozenset({"admin"}),
    "refs.move": frozenset({"developer"}),
    "label.manage": frozenset({"developer"}),
    "issue.open": frozenset({"anyone"}),
    "issue.edit": frozenset({"developer", "author"}),
    "issue.close": frozenset({"developer", "author"}),
    "issue.triage": frozenset({"developer"}),
    "issue.lock": frozenset({"developer"}),
    "issue.pin": frozenset({"developer"}),
    "comment.add": frozenset({"anyone"}),
    "attachment.add": frozenset({"anyone"}),
    "body.edit": frozenset({"maintainer", "author"}),
    "content.react": frozenset({"anyone"}),
    "content.redact": frozenset({"maintainer", "author"}),
    "identity.edit": frozenset({"root"}),
    "stream.begin": frozenset({"root"}),
}

HELD: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "archive": (
        "admin",
        frozenset(
            {"repository.edit", "repository.rename", "refs.move", "label.manage", "issue.open", "issue.edit"}
            | {"issue.close", "issue.triage", "issue.pin", "comment.add", "attachment.add"}
            | {"body.edit", "content.react"}
        ),
    ),
    "lock": ("developer", frozenset({"comment.add", "attachment.add", "content.react"})),
    "protection": ("admin", frozenset({"refs.move"})),
}
"""By hold: whom it does not bind (who could lift it), and the actions it closes. No hold closes acts of authority."""
