"""Text that several people edit: plain until the first edit, then merged by Automerge.

A payload never holds Automerge bytes: it names base edits and lists splices in code points, and each node makes
the Automerge change itself (actor = event id). A foreign change of 136 bytes can cost 650 MB; a splice list costs what
its text costs. Edits whose base is missing, void or redacted, or that no longer fit, are kept and shown as
stranded. `reset` starts a new document in place of the ones it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from automerge.core import ROOT, Document, ObjType, ScalarType

from domain.limits import DOCUMENT_CHARS_MAX, DOCUMENT_EDITS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.envelope import Event
    from domain.ids import EventId

_FIELD: Final = "text"


class Splice(NamedTuple):
    """At code point `position` of the base, delete `delete` code points and insert `text`."""

    position: int
    delete: int
    text: str


class Edit(NamedTuple):
    """One edit as its event states it."""

    event: EventId
    base: tuple[EventId, ...]
    splices: tuple[Splice, ...]


class Text:
    """One body: its documents (more than one only after concurrent resets), edits, and what could not apply."""

    __slots__ = ("_documents", "stranded")

    def __init__(self) -> None:
        self._documents: list[_TextDocument] = []
        self.stranded: dict[EventId, str] = {}

    def open(self, event: Event, text: str, replaces: Sequence[bytes] = ()) -> None:
        """Begin a document with `text`, in place of those that hold an edit named in `replaces`."""
        gone = set(replaces)
        self._documents = [document for document in self._documents if not gone & document.events]
        self._documents.append(_TextDocument(event.id, text))

    def edit(self, event: Event, base: Sequence[EventId], splices: Sequence[Splice]) -> str:
        """Apply one edit; returns a void reason when the document's caps are passed, else nothing."""
        document = next((each for each in self._documents if each.events.issuperset(base)), None)
        if document is None or not base:
            self.stranded[event.id] = "its base is void, redacted or replaced"
            return ""
        grown = sum(len(splice.text) for splice in splices)
        if document.chars_written + grown > DOCUMENT_CHARS_MAX or len(document.edits) >= DOCUMENT_EDITS_MAX:
            return "too-large"
        if not document.apply(Edit(event.id, tuple(base), tuple(splices))):
            self.stranded[event.id] = "its splices do not fit the base they name"
        return ""

    @property
    def value(self) -> str:
        """The text that shows; empty where its opening was redacted."""
        return self._documents[-1].text if self._documents else ""

    @property
    def present(self) -> bool:
        """Whether any document stands (a redacted opening leaves none)."""
        return bool(self._documents)

    @property
    def heads(self) -> list[EventId]:
        """The edits a new edit of the shown text is based on."""
        return sorted(self._documents[-1].heads) if self._documents else []

    @property
    def roots(self) -> list[EventId]:
        """What a reset replaces when it settles everything."""
        return sorted(document.opening for document in self._documents)

    @property
    def rivals(self) -> list[tuple[EventId, str]]:
        """All documents when more than one stands: a conflict to show."""
        if len(self._documents) < 2:
            return []
        return [(document.opening, document.text) for document in self._documents]

    @property
    def written(self) -> list[EventId]:
        """Every event that wrote into it: openings, applied edits, stranded ones."""
        return sorted({*self.stranded, *(name for document in self._documents for name in document.events)})

    @property
    def edits_applied(self) -> int:
        """How many edits the shown document has."""
        return len(self._documents[-1].edits) if self._documents else 0

    @property
    def chars_left(self) -> int:
        """How much may still be written into the shown document before its cap."""
        return DOCUMENT_CHARS_MAX - self._documents[-1].chars_written if self._documents else 0

    @property
    def edited(self) -> bool:
        """Whether anything has changed since the opening."""
        return any(document.edits for document in self._documents)


class _TextDocument:
    """One Automerge document, not built before its first edit."""

    __slots__ = (
        "_changes",
        "_document",
        "_opening_text",
        "_text",
        "_text_id",
        "chars_written",
        "edits",
        "heads",
        "opening",
    )

    def __init__(self, opening: EventId, text: str) -> None:
        self.opening = opening
        self.edits: list[Edit] = []
        self.heads: set[EventId] = {opening}
        self.chars_written = len(text)
        self._opening_text = text
        self._text: str | None = text
        self._document: Any = None
        self._text_id = b""
        self._changes: dict[EventId, list[bytes]] = {}

    @property
    def events(self) -> set[EventId]:
        """The opening and every applied edit."""
        return {self.opening, *(edit.event for edit in self.edits)}

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = str(self._document.text(self._text_id))
        return self._text

    def apply(self, edit: Edit) -> bool:
        """Merge one edit; False if its splices do not fit."""
        if self._document is None:
            self._build()
        heads = sorted({head for base in edit.base for head in self._changes[base]})
        branch = self._document.fork(heads)
        branch.set_actor(edit.event)
        if not self._splice(branch, edit.splices):
            return False
        self._document.merge(branch)
        self._changes[edit.event] = branch.get_heads()
        self._text = None
        self.edits.append(edit)
        self.heads = (self.heads - set(edit.base)) | {edit.event}
        self.chars_written += sum(len(splice.text) for splice in edit.splices)
        return True

    def _build(self) -> None:
        document = Document()
        document.set_actor(self.opening)
        with document.transaction() as change:
            self._text_id = change.put_object(ROOT, _FIELD, ObjType.Text)
            # One element per call: a longer string would become a single element whatever its length.
            for index, char in enumerate(self._opening_text):
                change.insert(self._text_id, index, ScalarType.Str, char)
        self._document = document
        self._changes[self.opening] = document.get_heads()

    def _splice(self, branch: Any, splices: Sequence[Splice]) -> bool:
        length = branch.length(self._text_id)
        for splice in splices:
            if splice.position + splice.delete > length:
                return False
            length += len(splice.text) - splice.delete
        with branch.transaction() as change:
            for splice in splices:
                for _ in range(splice.delete):
                    change.delete(self._text_id, splice.position)
                for offset, char in enumerate(splice.text):
                    change.insert(self._text_id, splice.position + offset, ScalarType.Str, char)
        return True


def splices_between(old: str, new: str) -> list[Splice]:
    """The one splice that turns `old` into `new`, by common prefix and suffix; none when they are equal."""
    if old == new:
        return []
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return [Splice(start, len(old) - start - end, new[start : len(new) - end])]
