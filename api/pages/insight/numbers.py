"""How the node does, for its operator: the numbers that people look for in what Prometheus is told."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from litestar import get

from api.asking import Asking
from api.pages.forms import check_operator, check_person
from api.pages.page import Shown, fresh
from api.pages.signing import NO_STORE
from api.ports import Number
from api.reply import Reply
from api.routes.system import TALLY
from api.tally import BUCKETS_S
from api.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from litestar.types import ControllerRouterHandler

    from api.ports import Spread
    from api.tally import Series, Tally

PATH: Final = "/-/numbers"
ROUTES_SHOWN: Final = 30
_BAD: Final = 500
_REFUSED: Final = 400


class Route(NamedTuple):
    """What one route was asked, and how long that took; `p95_s` is the bound of a bucket, None above the last."""

    route: str
    requests: int
    refused: int
    failed: int
    mean_s: float
    p50_s: float | None
    p95_s: float | None
    seconds: float


@get(PATH)
async def show_numbers(request: Asking) -> Reply:
    """Requests by route, and every other number of the node."""
    check_person(request)
    check_operator(request)
    tally: Tally = request.app.state[TALLY]
    series = await in_thread(tally.sums)
    routes = sorted(by_route(series), key=lambda each: -each.seconds)
    ports = request.ports
    values = {
        "all": summed("", series),
        "routes": routes[:ROUTES_SHOWN],
        "left_out": max(0, len(routes) - ROUTES_SHOWN),
        "numbers": grouped(await in_thread(ports.node.numbers)),
        "things": sorted(ports.views.stats(request.actor).items()),
        "streams": tally.streams(),
        "free_bytes": ports.node.free_bytes(),
        "position": ports.views.position(),
        "last_s": BUCKETS_S[-1],
    }
    return fresh(request, Shown("numbers.html", "Numbers", values), headers=[NO_STORE])


HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (show_numbers,)


def by_route(series: Iterable[Series]) -> list[Route]:
    """What was counted by method, route and status, by method and route."""
    found: dict[str, list[Series]] = defaultdict(list)
    for each in series:
        found[f"{each.method} {each.route}"].append(each)
    return [summed(name, group) for name, group in found.items()]


def summed(name: str, series: Sequence[Series]) -> Route:
    """What was counted, as one."""
    counts = [sum(column) for column in zip(*(each.counts for each in series), strict=True)]
    requests = sum(counts)
    seconds = sum(each.seconds for each in series)
    refused = sum(sum(each.counts) for each in series if _REFUSED <= each.status < _BAD)
    failed = sum(sum(each.counts) for each in series if each.status >= _BAD)
    mean = seconds / requests if requests else 0.0
    return Route(name, requests, refused, failed, mean, quantile(counts, 0.5), quantile(counts, 0.95), seconds)


def quantile(counts: Sequence[int], share: float) -> float | None:
    """The least bound of a bucket below which that share of requests took; None where it is above the last."""
    wanted = share * sum(counts)
    below = 0
    for bound, count in zip(BUCKETS_S, counts, strict=False):
        below += count
        if below >= wanted:
            return bound
    return None


def grouped(numbers: Iterable[Number | Spread]) -> list[tuple[str, str, list[tuple[str, float]]]]:
    """By name: what it is, and its values by their labels. Of what is spread, how many there were and their sum."""
    found: dict[str, tuple[str, list[tuple[str, float]]]] = {}
    for each in numbers:
        _, values = found.setdefault(each.name, (each.help, []))
        if isinstance(each, Number):
            values.append((", ".join(value for _, value in each.labels), each.value))
        else:
            values += [("count", sum(each.counts)), ("sum", each.sum)]
    return [(name, *rest) for name, rest in found.items()]
