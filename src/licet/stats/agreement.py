"""How far two people's labels agree beyond chance. It refuses to know what was labelled."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from licet.base.trouble import BadInput
from licet.stats.share import Bounds


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cohen's kappa of `items` that two people labelled; None where chance alone would make them
    agree (one label throughout). `within`: bounds at the confidence asked for, where there are."""

    items: int
    same: int
    kappa: float | None
    within: Bounds | None


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], confidence: float
) -> Agreement:
    """Agreement of two people over the same items (Cohen 1960).

    Bounds by the large-sample error of Fleiss, Cohen and Everitt (1969). Raises BadInput where
    the two did not label the same number of items.
    """
    if len(first) != len(second):
        raise BadInput(f"{len(first)} and {len(second)} labels are not of the same items.")
    items = len(first)
    cells = Counter(zip(first, second, strict=True))
    same = sum(many for (one, other), many in cells.items() if one == other)
    if not items:
        return Agreement(0, 0, None, None)
    rows, columns = Counter(first), Counter(second)
    labels = rows.keys() | columns.keys()
    row = {label: rows[label] / items for label in labels}
    column = {label: columns[label] / items for label in labels}
    agreed = same / items
    chance = sum(row[label] * column[label] for label in labels)
    if chance >= 1:
        return Agreement(items, same, None, None)
    kappa = (agreed - chance) / (1 - chance)
    if min(len(rows), len(columns)) == 1:  # one of them always says the same: no error is known
        return Agreement(items, same, kappa, None)
    diagonal = sum(
        cells[label, label] / items * (1 - (row[label] + column[label]) * (1 - kappa)) ** 2
        for label in labels
    )
    rest = (1 - kappa) ** 2 * sum(
        many / items * (column[one] + row[other]) ** 2
        for (one, other), many in cells.items()
        if one != other
    )
    last = (kappa - chance * (1 - kappa)) ** 2
    error = math.sqrt(max(0.0, diagonal + rest - last) / items) / (1 - chance)
    reach = -NormalDist().inv_cdf((1 - confidence) / 2) * error
    return Agreement(items, same, kappa, Bounds(max(-1.0, kappa - reach), min(1.0, kappa + reach)))
