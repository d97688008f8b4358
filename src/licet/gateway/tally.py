"""Counts of exchanges, cheap to keep, in Prometheus form only when somebody scrapes.

It refuses to know what an exchange is: names and numbers come in. Used by one thread at a time;
a scrape in another thread sees each number at some moment.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric


class Spread:
    """A histogram: how many observations are at most each bound."""

    __slots__ = ("_bounds", "_counts", "_meaning", "_name", "_sum")

    def __init__(self, name: str, meaning: str, bounds: Sequence[float]) -> None:
        self._name, self._meaning = name, meaning
        self._bounds = list(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def family(self) -> Metric:
        """What it amounts to."""
        total, buckets = 0, []
        names = [str(float(bound)) for bound in self._bounds] + ["+Inf"]
        for name, count in zip(names, self._counts, strict=True):
            total += count
            buckets.append((name, total))
        return HistogramMetricFamily(self._name, self._meaning, buckets, self._sum)


class Count:
    """A counter by label values; without labels, one number."""

    __slots__ = ("_counts", "_labels", "_meaning", "_name")

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._counts: dict[tuple[str, ...], int] = {} if labels else {(): 0}

    def add(self, values: tuple[str, ...] = (), count: int = 1) -> None:
        counts = self._counts
        counts[values] = counts.get(values, 0) + count

    def family(self) -> Metric:
        """What it amounts to."""
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labels)
        for values, count in self._counts.copy().items():
            family.add_metric(values, count)
        return family


class Tallies:
    """Several of them, as a registry's collector."""

    def __init__(self, *tallies: Spread | Count) -> None:
        self._tallies = tallies

    def collect(self) -> Iterator[Metric]:
        """At each scrape."""
        for tally in self._tallies:
            yield tally.family()
