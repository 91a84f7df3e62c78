"""Who may do what: the table, and the port that later tables fill in.

This first table knows a stream's roots, the author of what is acted on, and everyone else. Roles, cuts and
revocations replace `RootPolicy` behind the same port; nothing else asks about authority.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, final

if TYPE_CHECKING:
    from domain.ids import Did

ACTIONS: Final[dict[str, frozenset[str]]] = {
    "repository.edit": frozenset({"root"}),
    "repository.administer": frozenset({"root"}),
    "repository.rename": frozenset({"root"}),
    "repository.transfer": frozenset({"root"}),
    "repository.accept": frozenset({"root", "anyone"}),
    "repository.star": frozenset({"root", "anyone"}),
    "repository.watch": frozenset({"root", "anyone"}),
    "repository.import": frozenset({"root"}),
    "refs.move": frozenset({"root"}),
    "label.manage": frozenset({"root"}),
    "issue.open": frozenset({"root", "anyone"}),
    "issue.edit": frozenset({"root", "author"}),
    "issue.close": frozenset({"root", "author"}),
    "issue.triage": frozenset({"root"}),
    "issue.lock": frozenset({"root"}),
    "issue.pin": frozenset({"root"}),
    "comment.add": frozenset({"root", "anyone"}),
    "attachment.add": frozenset({"root", "anyone"}),
    "body.edit": frozenset({"root", "author"}),
    "content.react": frozenset({"root", "anyone"}),
    "content.redact": frozenset({"root", "author"}),
    "stream.begin": frozenset({"root"}),
}
"""By action, who may: a root of the stream, the author of the thing acted on, anyone. Data, shown by the docs."""


class Question(NamedTuple):
    """May `author` do `action` in a stream with these roots, to a thing written by `thing_author` (if any)?"""

    action: str
    author: Did
    roots: tuple[Did, ...]
    thing_author: Did | None


class Policy(Protocol):
    """Judges events in the fold and requests at the door, the same way."""

    def allows(self, question: Question) -> bool:
        """Whether the answer is yes. A pure function of the stream's own events."""
        ...


@final
class RootPolicy:
    """The table above, read literally."""

    def allows(self, question: Question) -> bool:
        """Whether any of the asker's roles is in the action's row."""
        row = ACTIONS[question.action]
        if "anyone" in row:
            return True
        if question.author in question.roots:
            return "root" in row
        return "author" in row and question.thing_author == question.author
