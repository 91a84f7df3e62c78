"""What one event of an issue's timeline did, in the words of its payload and of the events that it names.

What a write replaced is read from the payloads of the writes that it names. So a row is the same wherever and in
whatever order its events arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, final

from msgspec import UNSET

from api.shapes_moments import Moment as Row
from api.shapes_moments import MomentSource
from domain.fold.kind import read_payload
from domain.issue.labelled import IssueLabelled
from domain.issue.opened import IssueOpened
from domain.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from api.asking import Asking
    from domain.ids import EventId, StreamId
    from domain.ports_issues import Moment, Place, Source
    from domain.ports_views import EntityRow

REPLACED_SHOWN_MAX: Final = 20
_OPENED: Final = "issue.opened.v1"

_WRITES: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "issue.retitled.v1": ("title", lambda payload: payload.title),
    "issue.closed.v1": ("state", lambda _: "closed"),
    "issue.reopened.v1": ("state", lambda _: "open"),
    "issue.locked.v1": ("locked", lambda _: True),
    "issue.unlocked.v1": ("locked", lambda _: False),
    "issue.pinned.v1": ("pinned", lambda payload: payload.pinned),
}
"""By kind, which field it writes and what."""
_BEGINNINGS: Final[dict[str, Callable[[Any], Any]]] = {
    "title": lambda payload: payload.title,
    "state": lambda _: "open",
}
"""What an opening writes."""
_ACTIONS: Final = {
    "comment.added.v1": "commented",
    "body.edited.v1": "edited",
    "body.reset.v1": "rewritten",
    "event.redacted.v1": "redacted",
    "reaction.added.v1": "reacted",
    "reaction.removed.v1": "unreacted",
    "attachment.added.v1": "attached",
}
"""The others are called as the verb of their kind."""


def rows(asking: Asking, stream: StreamId, moments: Sequence[Moment]) -> list[Row]:
    """The rows of a page."""
    shown = {each.position: each.kind for each in moments if _tells(each)}
    payloads = _read(asking, shown)
    named = sorted({name for payload in payloads.values() for name in _replaced(payload)})
    places: Mapping[bytes, Place] = asking.ports.views.places(stream, named) if named else {}
    earlier = {place.position: place.kind for place in places.values() if _says(place) and place.position not in shown}
    payloads |= _read(asking, earlier)
    labels = {label for payload in payloads.values() for label in _labels_of(payload)}
    names: Mapping[bytes, str] = asking.ports.views.label_names(stream, sorted(labels)) if labels else {}
    describe = _Describing(payloads, places, names)
    return [describe.row(moment) for moment in moments]


def _tells(moment: Moment) -> bool:
    """Whether its payload has something to show."""
    return not moment.redacted and moment.source is None and (moment.kind in _WRITES or moment.kind in _DESCRIBED)


def _says(place: Place) -> bool:
    """Whether it may have written a field that something else replaced."""
    return not place.redacted and (place.kind in _WRITES or place.kind == _OPENED)


def _read(asking: Asking, kinds: Mapping[int, str]) -> dict[int, Any]:
    """By position, the payloads of accepted events of these kinds; without those whose bytes are gone."""
    if not kinds:
        return {}
    found = asking.ports.payloads(list(kinds))
    return {
        position: read_payload(KINDS[kinds[position]], data, own=True)
        for position, data in found.items()
        if data is not None
    }


@final
class _Describing:
    """`payloads` are by position, `places` by event, `labels` by id."""

    def __init__(self, payloads: Mapping[int, Any], places: Mapping[bytes, Place], labels: Mapping[bytes, str]) -> None:
        self._payloads = payloads
        self._places = places
        self._labels = labels

    def row(self, moment: Moment) -> Row:
        if moment.source is not None:
            return self._plain(moment, action="referenced", source=_source(moment.source))
        if moment.redacted:
            return self._plain(moment, redacted=True)
        payload = self._payloads.get(moment.position)
        if payload is None:
            return self._plain(moment)
        if moment.kind in _WRITES:
            return self._plain(moment, **self._written(moment, payload))
        return self._plain(moment, **_DESCRIBED[moment.kind](self, payload))

    def _plain(self, moment: Moment, action: str = "", **more: Any) -> Row:
        if moment.kind == "comment.added.v1" and moment.source is None:
            more["comment"] = moment.id.hex()
        action = action or _ACTIONS.get(moment.kind) or moment.kind.split(".")[1]
        return Row(
            id=moment.id.hex(),
            kind=moment.kind,
            action=action,
            author=moment.author,
            time=moment.time,
            lamport=moment.lamport,
            **more,
        )

    def _written(self, moment: Moment, payload: Any) -> dict[str, Any]:
        field, value = _WRITES[moment.kind]
        said: dict[str, Any] = {"field": field, "from_": self._before(field, payload), "to": value(payload)}
        if getattr(payload, "reason", ""):
            said["reason"] = payload.reason
        for name in ("commit", "push"):
            if getattr(payload, name, None) is not None:
                said[name] = getattr(payload, name).hex()
        return said

    def _before(self, field: str, payload: Any) -> list[Any]:
        """The values it replaced, each once, of the events that are here and not redacted."""
        values: list[Any] = []
        for name in payload.replaces[:REPLACED_SHOWN_MAX]:
            place = self._places.get(name)
            earlier = None if place is None or place.redacted else self._payloads.get(place.position)
            if place is None or earlier is None:
                continue
            if place.kind == _OPENED and field in _BEGINNINGS:
                values.append(_BEGINNINGS[field](earlier))
            elif place.kind in _WRITES and _WRITES[place.kind][0] == field:
                values.append(_WRITES[place.kind][1](earlier))
        return list(dict.fromkeys(values))

    def opened(self, payload: Any) -> dict[str, Any]:
        added = self._names(payload.labels)
        return {"field": "title", "to": payload.title, "labels": added, "assignees": list(payload.assignees) or UNSET}

    def labelled(self, payload: Any) -> dict[str, Any]:
        removed = self._names([each.label for each in payload.remove])
        return {"field": "labels", "added": self._names(payload.add), "removed": removed}

    def _names(self, labels: Sequence[bytes]) -> Any:
        return [self._labels.get(label) or label.hex() for label in labels] or UNSET


def _assigned(_: _Describing, payload: Any) -> dict[str, Any]:
    removed = [each.assignee for each in payload.remove]
    return {"field": "assignees", "added": list(payload.add) or UNSET, "removed": removed or UNSET}


def _edited(_: _Describing, payload: Any) -> dict[str, Any]:
    cut = sum(splice.cut for splice in payload.splices)
    return {"field": "body", "chars_added": sum(len(splice.text) for splice in payload.splices), "chars_cut": cut}


def _rewritten(_: _Describing, payload: Any) -> dict[str, Any]:
    return {"field": "body", "chars_added": len(payload.text)}


def _reacted(_: _Describing, payload: Any) -> dict[str, Any]:
    return {"field": "reactions", "added": [payload.content]}


def _unreacted(_: _Describing, payload: Any) -> dict[str, Any]:
    return {"field": "reactions", "removed": [payload.content]}


def _attached(_: _Describing, payload: Any) -> dict[str, Any]:
    return {"field": "attachments", "added": [payload.name]}


def _redacted(_: _Describing, payload: Any) -> dict[str, Any]:
    return {"events": [name.hex() for name in payload.events], "reason": payload.reason or UNSET}


_DESCRIBED: Final[dict[str, Callable[[_Describing, Any], dict[str, Any]]]] = {
    _OPENED: _Describing.opened,
    "issue.labelled.v1": _Describing.labelled,
    "issue.assigned.v1": _assigned,
    "body.edited.v1": _edited,
    "body.reset.v1": _rewritten,
    "reaction.added.v1": _reacted,
    "reaction.removed.v1": _unreacted,
    "event.redacted.v1": _redacted,
    "attachment.added.v1": _attached,
}


def event_id(issue: EntityRow) -> EventId:
    """The event that opened an issue, which is its id."""
    return cast("EventId", issue.id)


def _replaced(payload: Any) -> list[bytes]:
    return getattr(payload, "replaces", [])[:REPLACED_SHOWN_MAX]


def _labels_of(payload: Any) -> list[bytes]:
    if isinstance(payload, IssueOpened):
        return payload.labels
    if isinstance(payload, IssueLabelled):
        return [*payload.add, *(each.label for each in payload.remove)]
    return []


def _source(source: Source) -> MomentSource:
    comment = UNSET if source.comment is None else source.comment.hex()
    return MomentSource(
        repo=source.repo.hex(),
        repo_name=source.repo_name,
        issue=source.issue.hex(),
        number=source.number,
        title=source.title,
        comment=comment,
    )
