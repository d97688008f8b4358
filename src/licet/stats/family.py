"""Many tests at once, and cells too small to be shown. It refuses to know what is tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from licet.stats.share import Count

K = TypeVar("K")


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p values in the order given (Holm 1979): where those at most `a` are called, the
    chance of calling any wrongly is at most `a`, however the tests depend on each other."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return tuple(adjusted)


def shown_cells(cells: Mapping[K, Count], least: int) -> dict[K, Count | None]:
    """The cells, with None for those of fewer than `least` items.

    Where exactly one is suppressed, the smallest of the others is too: else the total gives the
    hidden one away.
    """
    hidden = {key for key, count in cells.items() if 0 < count.of < least}
    if len(hidden) == 1:
        rest = [key for key in cells if key not in hidden and cells[key].of]
        hidden |= {min(rest, key=lambda key: cells[key].of)} if rest else set()
    return {key: None if key in hidden else count for key, count in cells.items()}
