"""The log as it grows: server-sent events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from litestar import get
from litestar.params import QueryParameter

from api import gate, shapes
from api.asking import Asking
from api.live.stream import EventStream
from api.params import Author, principal
from domain.errors import InvalidInput
from domain.ids import parse_event_id
from domain.ports_views import LogFilter

if TYPE_CHECKING:
    from api.live.feed import Feed

FEED: Final = "feed"
NAMES_MAX: Final = 32
"""Repositories, and kinds, that one stream may name."""
_KIND: Final = re.compile(r"[a-z0-9_.]{1,64}\*?|\*")

Repos = Annotated[
    str,
    QueryParameter(description="Only events of these repositories: names or ids with commas between.", max_length=4096),
]
Kinds = Annotated[
    str,
    QueryParameter(
        description="Only events of these kinds, with commas between; `issue.*` is every kind that begins so.",
        max_length=2048,
    ),
]
Entity = Annotated[
    str,
    QueryParameter(
        description="Only the event with this id (64 hexadecimal digits) and those that act on what it made.",
        pattern=r"^([0-9a-f]{64})?$",
    ),
]
After = Annotated[
    int | None,
    QueryParameter(
        ge=0, le=2**62, description="Begin behind this log position; 0 is the beginning. `Last-Event-ID` wins over it."
    ),
]
Seconds = Annotated[
    int | None,
    QueryParameter(
        ge=0, le=86_400, description="End after so many seconds; with 0, when everything there is has been sent."
    ),
]


@get(
    "/api/v1/events/stream",
    sync_to_thread=False,
    responses=shapes.shows(shapes.LiveEvent, media_type="text/event-stream"),
)
def stream_events(
    request: Asking,
    repo: Repos = "",
    kind: Kinds = "",
    entity: Entity = "",
    author: Author = "",
    after: After = None,
    seconds: Seconds = None,
) -> EventStream:
    """Events as they happen, one JSON document each, in order of arrival, without loss or repeat.

    The id of each is its log position: a client that comes back with the last one it got as `Last-Event-ID` (or
    `after`) goes on where it was. Without either, the stream begins with what happens next.
    """
    streams = frozenset(gate.readable(request, name).id for name in _names(repo, "repo"))
    kinds = tuple(_names(kind, "kind"))
    if strange := next((each for each in kinds if not _KIND.fullmatch(each)), None):
        raise InvalidInput(f"{strange!r} is no kind of event", hint="like issue.opened.v1 or issue.*", field="kind")
    wanted = LogFilter(streams, kinds, parse_event_id(entity) if entity else None, principal(request, author))
    feed: Feed = request.app.state[FEED]
    position = request.ports.views.position()
    begin = _last_id(request)
    if begin is None:
        begin = after
    if begin is not None and begin > position:
        hint = "begin without it; was the node restored from a backup, or is this another node?"
        raise InvalidInput(f"the log ends at {position}, before {begin}", hint=hint, field="after")
    fresh = begin is None
    return EventStream(feed, request, wanted, position if begin is None else begin, fresh=fresh, seconds=seconds)


def _names(text: str, field: str) -> list[str]:
    names = [name for name in map(str.strip, text.split(",")) if name]
    if len(names) > NAMES_MAX:
        raise InvalidInput(f"a stream names at most {NAMES_MAX} of these", field=field)
    return names


def _last_id(asking: Asking) -> int | None:
    given = asking.header(b"last-event-id").strip()
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise InvalidInput("Last-Event-ID is a whole number, as the stream gave it")
    return int(given)
