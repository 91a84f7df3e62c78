"""What an issue or a comment said, version after version: folded from the events that wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from domain.content.body_edited import BodyEdited
from domain.content.body_reset import BodyReset
from domain.fold.kind import read_payload
from domain.fold.merged import Splice
from domain.fold.text import Text
from domain.ids import EventId
from domain.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.asking import Asking
    from domain.ids import StreamId
    from domain.ports_issues import Moment

WRITINGS_MAX: Final = 1_000
"""Of one text: all their payloads are held at once."""


@dataclass(frozen=True, slots=True)
class Version:
    """What one event made of a text. `hole`: its words were taken away, so nothing is known of what it did.

    `stranded` says why an edit had no effect; it is empty where it had one.
    """

    number: int
    """Counted from 1, the opening."""
    moment: Moment
    before: str
    after: str
    hole: bool
    stranded: str


@dataclass(frozen=True, slots=True)
class Versions:
    """A stretch of versions, the newest first; `total` is how many there are, `whole` whether those are all.

    `rivals` are the texts that stand beside one another, each with the event that began it; none where one text does.
    """

    shown: Sequence[Version]
    total: int
    whole: bool
    rivals: Sequence[tuple[EventId, str]]


def versions_of(asking: Asking, stream: StreamId, thing: bytes, *, last: int | None, count: int) -> Versions:
    """The versions of a text from number `last` (the newest) down. Blocking: it folds the text anew."""
    found = asking.ports.views.writings(stream, cast("EventId", thing), limit=WRITINGS_MAX + 1)
    moments = found[:WRITINGS_MAX]
    payloads = _read(asking, moments)
    end = len(moments) if last is None else min(last, len(moments))
    text = Text()
    shown: list[Version] = []
    before = ""
    for number, moment in enumerate(moments, 1):
        payload = payloads.get(moment.position)
        if payload is not None:
            _apply(text, moment, payload)
        if end - count <= number <= end:
            after = text.value
            if number > end - count:
                stranded = text.stranded.get(moment.id, "")
                shown.append(Version(number, moment, before, after, payload is None, stranded))
            before = after
    return Versions(shown[::-1], len(moments), len(found) <= WRITINGS_MAX, text.rivals)


def _read(asking: Asking, moments: Sequence[Moment]) -> Mapping[int, Any]:
    """The payloads by position, without those that are redacted."""
    kinds = {each.position: each.kind for each in moments if not each.redacted}
    return {
        position: read_payload(KINDS[kinds[position]], data, own=True)
        for position, data in asking.ports.payloads(list(kinds)).items()
        if data is not None
    }


def _apply(text: Text, moment: Moment, payload: Any) -> None:
    """As the kinds of these events do."""
    if isinstance(payload, BodyEdited):
        splices = [Splice(each.at, each.cut, each.text) for each in payload.splices]
        text.edit(moment, [EventId(base) for base in payload.base], splices)
    elif isinstance(payload, BodyReset):
        text.open(moment, payload.text, payload.replaces)
    else:
        text.open(moment, payload.body)
