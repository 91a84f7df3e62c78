"""The numbers of this node for Prometheus, made when they are asked for."""

from __future__ import annotations

from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Final, final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from api.ports import Number, Spread
from api.tally import BUCKETS_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.metrics_core import Metric

    from api.ports import ApiPorts
    from api.tally import Tally
    from domain.actor import Actor

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
_LABELS: Final = ("method", "route", "status")
_GIT: Final = ".git/"
_TOTAL: Final = "_total"


@final
class _Collector:
    """Turns counts into metric families. Routes are labelled by template, so their number is bounded."""

    def __init__(self, ports: ApiPorts, tally: Tally, reader: Actor) -> None:
        self._reader = reader
        self._ports = ports
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        yield from self._requests()
        yield from self._git_bytes()
        yield from self._node()
        yield from _families(self._ports.node.numbers())

    def _requests(self) -> Iterator[Metric]:
        total = CounterMetricFamily("gitant_http_requests", "HTTP requests answered.", labels=_LABELS)
        times = HistogramMetricFamily(
            "gitant_http_request_duration_seconds", "How long HTTP requests took.", labels=_LABELS
        )
        for series in self._tally.sums():
            labels = (series.method, series.route, str(series.status))
            total.add_metric(labels, sum(series.counts))
            buckets: list[tuple[str, float]] = []
            count = 0
            for bound, fell in zip((*map(str, BUCKETS_S), "+Inf"), series.counts, strict=True):
                count += fell
                buckets.append((bound, count))
            times.add_metric(labels, buckets, series.seconds)
        yield total
        yield times

    def _git_bytes(self) -> Iterator[Metric]:
        received = CounterMetricFamily("gitant_git_received_bytes", "Bytes that git clients sent.", labels=("route",))
        sent = CounterMetricFamily("gitant_git_sent_bytes", "Bytes that git clients were sent.", labels=("route",))
        sums: dict[str, list[int]] = {}
        for series in self._tally.sums():
            if _GIT in series.route:
                into = sums.setdefault(series.route, [0, 0])
                into[0] += series.received_bytes
                into[1] += series.sent_bytes
        for route, (into_node, out_of_it) in sums.items():
            received.add_metric((route,), into_node)
            sent.add_metric((route,), out_of_it)
        yield received
        yield sent

    def _node(self) -> Iterator[Metric]:
        node = self._ports.node
        info = GaugeMetricFamily("gitant_build_info", "Always 1; its label is the version.", labels=("version",))
        info.add_metric((node.version,), 1)
        yield info
        yield GaugeMetricFamily("gitant_start_time_seconds", "When the node started.", value=node.started_ms / 1000)
        yield GaugeMetricFamily(
            "gitant_event_streams", "Event streams (server-sent events) that are open.", value=self._tally.streams()
        )
        yield GaugeMetricFamily("gitant_free_bytes", "Free space where the data is.", value=node.free_bytes())
        yield GaugeMetricFamily(
            "gitant_views_position", "The log position the views have reached.", value=self._ports.views.position()
        )
        things = GaugeMetricFamily("gitant_things", "How many of each the asker may know of.", labels=("thing",))
        for name, count in sorted(self._ports.views.stats(self._reader).items()):
            things.add_metric((name,), count)
        yield things


def _families(numbers: Iterable[Number | Spread]) -> Iterator[Metric]:
    for name, group in groupby(numbers, key=lambda number: number.name):
        members = list(group)
        first = members[0]
        if isinstance(first, Spread):
            yield _histogram(first)
            continue
        counts = name.endswith(_TOTAL)
        labels = tuple(label for label, _ in first.labels)
        family: Metric = (
            CounterMetricFamily(name.removesuffix(_TOTAL), first.help, labels=labels)
            if counts
            else GaugeMetricFamily(name, first.help, labels=labels)
        )
        for number in members:
            assert isinstance(number, Number), "one name is one kind of number"
            family.add_sample(name, dict(number.labels), number.value)
        yield family


def _histogram(spread: Spread) -> Metric:
    family = HistogramMetricFamily(spread.name, spread.help)
    sums = accumulate(spread.counts)
    bounds = (*map(str, spread.bounds), "+Inf")
    family.add_metric((), list(zip(bounds, map(float, sums), strict=True)), spread.sum)
    return family


def exposition(ports: ApiPorts, tally: Tally, reader: Actor) -> bytes:
    """What Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(_Collector(ports, tally, reader))  # pyright: ignore[reportArgumentType]  # a collector by its shape
    return generate_latest(registry)
