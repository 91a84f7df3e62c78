"""What two people wrote at once: every value with who wrote it, and how one of them comes to stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from markupsafe import Markup, escape

from api.pages.issues.differences import PROSE_LINE_CHARS_MAX, differences
from api.pages.source.patches import Marker, in_rows
from api.versions import versions_of
from domain.errors import Conflict, InvalidInput, NotFound
from domain.ids import parse_event_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.asking import Asking
    from api.pages.source.patches import Drawn
    from domain.ids import StreamId
    from domain.ports_views import EntityRow

FIELDS: Final[Mapping[str, str]] = {"title": "Title", "state": "State", "lock": "Lock", "body": "Text"}
"""What can be settled, as people call it. Edits that had no effect are in the history: nothing is to choose there."""
_CHARS_SHOWN: Final = 4_000
_DIFFERENCE_CHARS_MAX: Final = 40_000


class Rival(NamedTuple):
    """One of the values that stand beside one another."""

    event: str
    author: str
    shown: Markup
    cut: bool
    """Whether it is longer than what is shown."""
    stands: bool
    """Whether it is the one that shows until somebody chooses."""


class Quarrel(NamedTuple):
    """A field with several values; `table` is how two texts differ."""

    field: str
    words: str
    rivals: Sequence[Rival]
    table: Drawn | None


def quarrels(request: Asking, stream: StreamId, doc: Mapping[str, Any]) -> list[Quarrel]:
    """What is to be settled of an issue or a comment. Blocking where it is a text."""
    conflicts: Mapping[str, list[dict[str, Any]]] = doc.get("conflicts") or {}
    found: list[Quarrel] = []
    for field in FIELDS:
        values = conflicts.get(field)
        if values and field == "body":
            whole = _texts(request, stream, bytes.fromhex(doc["id"]))
            values = [{**each, "value": whole.get(each["event"], each["value"])} for each in values]
        if values:
            found.append(_quarrel(request, field, values, _standing(field, doc)))
    return found


def chosen(request: Asking, stream: StreamId, thing: EntityRow, doc: Mapping[str, Any], field: str, event: str) -> Any:
    """The value that an event wrote and that still stands in the conflict. Blocking where it is a text."""
    if field not in FIELDS:
        raise InvalidInput(f"what can be settled here is one of {', '.join(FIELDS)}", field="field")
    conflicts: Mapping[str, list[dict[str, Any]]] = doc.get("conflicts") or {}
    found = next((each for each in conflicts.get(field, ()) if each["event"] == event), None)
    if found is None:
        raise Conflict("that value does not stand any more", hint="look again at what is to settle, if anything")
    if field != "body":
        return found["value"]
    whole = _texts(request, stream, thing.id)
    if event not in whole:
        raise NotFound("that text is not to be had in full here", hint="edit the text: what you write settles it")
    return whole[event]


def _texts(request: Asking, stream: StreamId, thing: bytes) -> Mapping[str, str]:
    """By event, the texts that stand beside one another: all of them, as documents have their beginnings only."""
    versions = versions_of(request, stream, thing, last=None, count=0)
    return {event.hex(): text for event, text in versions.rivals} if versions.whole else {}


def _standing(field: str, doc: Mapping[str, Any]) -> str:
    """What a document says of a field, in the words of `_said`."""
    if field == "state":
        return _said(field, (doc["state"] == "open", doc.get("state_reason", "")))
    if field == "lock":
        return _said(field, (doc.get("locked", False), doc.get("lock_reason", "")))
    return str(doc[field])


def _quarrel(request: Asking, field: str, values: Sequence[Mapping[str, Any]], standing: str) -> Quarrel:
    texts = [_said(field, each["value"]) for each in values]
    shown: list[Markup] = [escape(text[:_CHARS_SHOWN]) for text in texts]
    table = None
    if field == "title" and len(texts) == 2:
        shown = [Markup(each) for each in Marker().pair(*texts)]  # noqa: S704 -- the marker escapes
    if field == "body" and len(texts) == 2:
        hunks = differences(texts[0], texts[1], _DIFFERENCE_CHARS_MAX)[0]
        table = in_rows(hunks, Marker(PROSE_LINE_CHARS_MAX)) if hunks else None
    rivals = [
        Rival(
            each["event"],
            each.get("author") or _author(request, each["event"]),
            what,
            cut=len(text) > _CHARS_SHOWN,
            stands=text == standing,
        )
        for each, text, what in zip(values, texts, shown, strict=True)
    ]
    return Quarrel(field, FIELDS[field], rivals, table)


def _said(field: str, value: Any) -> str:
    if field == "state":
        is_open, reason = value
        return "open" if is_open else f"closed{f': {reason}' if reason else ''}"
    if field == "lock":
        locked, reason = value
        return f"locked{f': {reason}' if reason else ''}" if locked else "not locked"
    return str(value)


def _author(request: Asking, event: str) -> str:
    """Who signed an event: documents do not say it of texts."""
    row = request.ports.views.event(parse_event_id(event))
    return "" if row is None else msgspec.json.decode(row.doc, type=_Signed).author


class _Signed(msgspec.Struct):
    author: str
