"""What is on its way out, said beside it: a marker on a route or a parameter, and the headers that follow from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast, final

from litestar.routes import HTTPRoute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from litestar import Litestar
    from litestar.handlers import HTTPRouteHandler

    from api.remembered import Headers

ROUTE_OPTION: Final = "deprecated"
"""`@get(…, opt={ROUTE_OPTION: Deprecated(…)})` marks a route, `Annotated[…, Deprecated(…)]` a parameter."""


@final
@dataclass(frozen=True, slots=True)
class Deprecated:
    """Still there, and not to be used any more (RFC 9745). `sunset` is when it may be gone (RFC 8594)."""

    since: date
    instead: str
    sunset: date | None = None

    def headers(self) -> Headers:
        """What an answer says that had to do with it."""
        begin = int(_midnight(self.since).timestamp())
        link = b'</api/v1/openapi.json>; rel="deprecation"; type="application/json"'
        told: Headers = [(b"deprecation", b"@%d" % begin), (b"link", link)]
        if self.sunset is not None:
            told.append((b"sunset", format_datetime(_midnight(self.sunset), usegmt=True).encode()))
        return told


class Marks(NamedTuple):
    """What of one route is deprecated: it as a whole, and parameters by name."""

    whole: Deprecated | None
    parameters: Mapping[str, Deprecated]

    def told(self, query: bytes) -> Headers:
        """What to say of a request with this query string; each header but Link once."""
        marks = [self.whole] if self.whole is not None else []
        marks += [mark for name, mark in self.parameters.items() if _names(query, name)]
        # The one that goes first speaks for all.
        return min(marks, key=lambda mark: (mark.sunset or date.max, mark.since)).headers() if marks else []


def marks_of(app: Litestar) -> dict[tuple[str, str], Marks]:
    """By method and route template, everything that is marked."""
    found: dict[tuple[str, str], Marks] = {}
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            marks = Marks(cast("Any", handler.opt.get(ROUTE_OPTION)), dict(_parameters(handler)))
            if marks.whole is not None or marks.parameters:
                found |= {(method, route.path_format): marks for method in handler.http_methods}
    return found


def _parameters(handler: HTTPRouteHandler) -> Iterator[tuple[str, Deprecated]]:
    for name, field in handler.parsed_fn_signature.parameters.items():
        for mark in _flat(field.metadata):
            if isinstance(mark, Deprecated):
                yield getattr(field.kwarg_definition, "name", None) or name, mark


def _flat(metadata: Any) -> Iterator[Any]:
    """What stands beside a type in its annotations, of which some layers come as tuples of their own."""
    for each in metadata:
        if isinstance(each, tuple):
            yield from _flat(each)
        else:
            yield each


def _names(query: bytes, name: str) -> bool:
    return re.search(rb"(?:^|&)%b=" % name.encode(), query) is not None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
