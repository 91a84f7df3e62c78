"""Text that several people edit: plain until two edits are concurrent, then merged by Automerge.

A payload never holds Automerge bytes: it names base edits and lists splices in code points, and each node makes
the Automerge change itself (actor = event id). A foreign change of 136 bytes can cost 650 MB; a splice list costs what
its text costs. Edits whose base is missing, void or redacted, or that no longer fit, are kept and shown as
stranded. `reset` starts a new document in place of the ones it names.

Most texts are never edited twice at once. Those need no Automerge: cutting strings gives the same text, thousands of
times faster. Concurrent edits pay for a fork at their base, so what a document may spend on them is bounded too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from domain.fold.merged import MergedText, Splice, fits
from domain.limits import DOCUMENT_CHARS_MAX, DOCUMENT_EDITS_MAX, DOCUMENT_MERGE_STEPS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.ids import EventId

_PLAIN_COPIES_MAX: Final = 64 << 20
"""Characters copied in cutting strings before Automerge is the cheaper way (not a matter of protocol)."""


class Named(Protocol):
    """What wrote: an event, or whatever else knows which one it was."""

    @property
    def id(self) -> EventId:
        """The event's id."""
        ...


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

    def open(self, event: Named, text: str, replaces: Sequence[bytes] = ()) -> None:
        """Begin a document with `text`, in place of those that hold an edit named in `replaces`."""
        self._documents = [document for document in self._documents if document.events.isdisjoint(replaces)]
        self._documents.append(_TextDocument(event.id, text))

    def edit(self, event: Named, base: Sequence[EventId], splices: Sequence[Splice]) -> str:
        """Apply one edit; returns a void reason when the document's caps are passed, else nothing."""
        document = next((each for each in self._documents if each.events.issuperset(base)), None)
        if document is None or not base:
            self.stranded[event.id] = "its base is void, redacted or replaced"
            return ""
        reason = document.apply(Edit(event.id, tuple(base), tuple(splices)))
        if reason is None:
            self.stranded[event.id] = "its splices do not fit the base they name"
        return reason or ""

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
    """One opening and the edits that stand on it, in total order."""

    __slots__ = (
        "_copies",
        "_merged",
        "_opening_text",
        "_steps_merged",
        "_text",
        "chars_written",
        "edits",
        "events",
        "heads",
        "opening",
        "steps",
    )

    def __init__(self, opening: EventId, text: str) -> None:
        self.opening = opening
        self.edits: list[Edit] = []
        self.events: set[EventId] = {opening}
        self.heads: set[EventId] = {opening}
        self.chars_written = len(text)
        self.steps = len(text)
        """Characters written and cut: what a fork has to go through."""
        self._steps_merged = 0
        self._copies = 0
        self._opening_text = text
        self._text: str | None = text
        self._merged: MergedText | None = None

    @property
    def text(self) -> str:
        if self._text is None:
            assert self._merged is not None
            self._text = self._merged.text
        return self._text

    def apply(self, edit: Edit) -> str | None:
        """Take in one edit: nothing, `too-large`, or None if its splices do not fit its base."""
        written = sum(len(splice.text) for splice in edit.splices)
        steps = written + sum(splice.delete for splice in edit.splices)
        concurrent = not self.heads.issubset(edit.base)
        merging = self.steps + steps if concurrent else 0
        if (
            self.chars_written + written > DOCUMENT_CHARS_MAX
            or len(self.edits) >= DOCUMENT_EDITS_MAX
            or self._steps_merged + merging > DOCUMENT_MERGE_STEPS_MAX
        ):
            return "too-large"
        if not (self._merge(edit) if concurrent else self._append(edit)):
            return None
        self.edits.append(edit)
        self.events.add(edit.event)
        self.heads = self.heads.difference(edit.base) | {edit.event}
        self.chars_written += written
        self.steps += steps
        self._steps_merged += merging
        return ""

    def _append(self, edit: Edit) -> bool:
        if self._merged is None and self._copies <= _PLAIN_COPIES_MAX:
            text = self.text
            if not fits(len(text), edit.splices):
                return False
            for splice in edit.splices:
                self._copies += len(text)
                text = text[: splice.position] + splice.text + text[splice.position + splice.delete :]
            self._text = text
            return True
        if not self._automerge().append(edit.event, edit.splices):
            return False
        self._text = None
        return True

    def _merge(self, edit: Edit) -> bool:
        if not self._automerge().merge(edit.event, edit.base, edit.splices):
            return False
        self._text = None
        return True

    def _automerge(self) -> MergedText:
        """The Automerge document, made when it is first needed from edits that were each based on all before them."""
        if self._merged is None:
            self._merged = MergedText(self.opening, self._opening_text)
            for edit in self.edits:
                fitted = self._merged.append(edit.event, edit.splices)
                assert fitted, "it fitted the plain text"
        return self._merged


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
