"""The one module that knows Automerge: a text under concurrent edits.

Each node makes the Automerge changes itself, with the event id as the actor, so equal edits give equal texts
everywhere. An edit on top of everything is made in place, which gives the same bytes as a fork and a merge and costs
nothing but its own characters; only a concurrent one pays for a fork at its base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from automerge.core import ROOT, Document, ObjType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.ids import EventId

_FIELD: Final = "text"


class Splice(NamedTuple):
    """At code point `position`, delete `delete` code points and insert `text`; each follows the ones before it."""

    position: int
    delete: int
    text: str


class MergedText:
    """An Automerge document that holds one text."""

    __slots__ = ("_document", "_heads", "_text_id")

    def __init__(self, opening: EventId, text: str) -> None:
        self._document: Any = Document()
        self._document.set_actor(opening)
        with self._document.transaction() as change:
            self._text_id: bytes = change.put_object(ROOT, _FIELD, ObjType.Text)
            _insert(change, self._text_id, 0, text)
        self._heads: dict[EventId, list[bytes]] = {opening: self._document.get_heads()}

    @property
    def text(self) -> str:
        """The text with every edit in it."""
        return str(self._document.text(self._text_id))

    def append(self, event: EventId, splices: Sequence[Splice]) -> bool:
        """Make an edit based on all that is here; False, and nothing done, if it does not fit."""
        if not fits(self._document.length(self._text_id), splices):
            return False
        self._document.set_actor(event)
        self._write(self._document, splices)
        self._heads[event] = self._document.get_heads()
        return True

    def merge(self, event: EventId, base: Iterable[EventId], splices: Sequence[Splice]) -> bool:
        """Make an edit based on only some of what is here; False, and nothing done, if it does not fit its base."""
        branch = self._document.fork(sorted({head for name in base for head in self._heads[name]}))
        if not fits(branch.length(self._text_id), splices):
            return False
        branch.set_actor(event)
        self._write(branch, splices)
        self._document.merge(branch)
        self._heads[event] = branch.get_heads()
        return True

    def _write(self, document: Any, splices: Sequence[Splice]) -> None:
        with document.transaction() as change:
            for splice in splices:
                for _ in range(splice.delete):
                    change.delete(self._text_id, splice.position)
                _insert(change, self._text_id, splice.position, splice.text)


def fits(length: int, splices: Sequence[Splice]) -> bool:
    """Whether every splice stays within a text of `length` code points as the ones before it leave it."""
    for splice in splices:
        if splice.position + splice.delete > length:
            return False
        length += len(splice.text) - splice.delete
    return True


def _insert(change: Any, text_id: bytes, position: int, text: str) -> None:
    # One element per call: a longer string would become a single element whatever its length.
    for index, char in enumerate(text, position):
        change.insert(text_id, index, ScalarType.Str, char)
