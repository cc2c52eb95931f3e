"""The numbers as Prometheus reads them; the only room of prometheus-client."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from proxy.observe.families import FAMILIES, NOT_READY, Family
from proxy.observe.metrics import BOUNDS, Row
from proxy.observe.snapshot import REASONS
from proxy.observe.totals import Totals

LEAST = frozenset({"process_start_time_seconds", "process_max_fds"})
"""Of these the smallest tells, of all others the sum."""


def exposition(totals: Totals, accept: str) -> tuple[bytes, str]:
    """A scrape in the form that is asked for, and its content type."""
    encode, content_type = choose_encoder(accept)
    registry = CollectorRegistry()
    registry.register(_Totals(totals))
    return encode(registry), content_type


class _Totals(Collector):
    def __init__(self, totals: Totals) -> None:
        self._totals = totals

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            yield _metric(family, self._totals)
        yield from _processes({os.getpid(), *self._totals.processes})


def _metric(family: Family, totals: Totals) -> Metric:
    if family.kind == "histogram":
        timed = HistogramMetricFamily(family.name, family.sentence, labels=family.labels)
        for (name, labels), row in totals.timings.items():
            if name == family.name:
                timed.add_metric(labels, _buckets(row), row[-1])
        return timed
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    plain = kind(family.name, family.sentence, labels=family.labels)
    numbers = totals.counters if family.kind == "counter" else totals.gauges
    found = {labels: number for (name, labels), number in numbers.items() if name == family.name}
    if family.name == NOT_READY:
        found = {(reason,): totals.not_ready[reason] for reason in REASONS}
    elif not family.labels:
        # What has no label is there from the start, so that its first step is seen as one.
        found.setdefault((), 0)
    for labels, number in found.items():
        plain.add_metric(labels, number)
    return plain


def _buckets(row: Row) -> list[tuple[str, float]]:
    """How many took at most so long."""
    told, so_far = [], 0.0
    for bound, number in zip([*map(str, BOUNDS), "+Inf"], row[:-1], strict=True):
        so_far += number
        told.append((bound, so_far))
    return told


def _processes(ids: Iterable[int]) -> list[Metric]:
    """Time, memory and open files of these processes, together; none where there is no /proc."""
    together: dict[str, Metric] = {}
    for process in ids:
        # Read at once, within `collect`: the name is bound to this process.
        for metric in ProcessCollector(pid=lambda: process, registry=None).collect():  # noqa: B023 - called at once
            (sample,) = metric.samples
            before = together.get(metric.name)
            if before is not None:
                pick = min if metric.name in LEAST else _sum
                sample = sample._replace(value=pick(before.samples[0].value, sample.value))
            metric.samples = [sample]
            together[metric.name] = metric
    return list(together.values())


def _sum(one: float, other: float) -> float:
    return one + other
