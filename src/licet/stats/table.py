"""Tables of two by two: two groups, and of each how many are so and how many are not.

It refuses to know what is counted.
"""

from __future__ import annotations

from licet.stats.share import Count


def fisher(mine: Count, others: Count) -> tuple[float, float]:
    """(odds ratio, two-sided p) of Fisher's exact test (1922). The ratio is infinite or not a
    number where a group is all, or none, of one kind."""
    from scipy.stats import fisher_exact  # half a second to import; most commands need none

    ratio, p = fisher_exact([[one.hits, one.of - one.hits] for one in (mine, others)])
    return float(ratio), float(p)
