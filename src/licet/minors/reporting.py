"""What others learn of a child's use: its guardian times, officers and the public sums.

It refuses to know what was said: there is nothing here to report it from.

Rules
1. A guardian's report holds times and kinds of use by day, and no text, no hour of the day and no
   subject matter.
2. In a published table a cell of fewer persons than the pack's minimum is left out; so are others,
   the smallest first, until at least two are left out and what they have together, which whoever
   knows the sum can work out, is the minimum too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from licet.minors.timetable import Timetable
from licet.minors.use import Usage
from licet.minors.zone import MINUTE_MS, iso_day


@dataclass(frozen=True, slots=True)
class DayUse:
    """Minutes used on a day, rounded down, and the total that held; None: no total. `kinds`: what
    for: `text`, names of features."""

    day: str
    used_min: int
    total_min: int | None
    kinds: tuple[str, ...] = ()


def week(
    table: Timetable, usage: Usage, last_day: int, kinds: Mapping[str, tuple[str, ...]]
) -> tuple[DayUse, ...]:
    """The seven days up to `last_day`, in order; `kinds` by day."""
    out = []
    for day in range(last_day - 6, last_day + 1):
        total = table.total_ms(day)
        used = usage.days.get(day, 0) // MINUTE_MS
        total_min, name = None if total is None else total // MINUTE_MS, iso_day(day)
        out.append(DayUse(name, used, total_min, kinds.get(name, ())))
    return tuple(out)


def published(cells: Mapping[str, int], cell_min: int) -> dict[str, int | None]:
    """Numbers of persons by cell, as they may be published: None where left out (rule 2)."""
    out = {name for name, count in cells.items() if 0 < count < cell_min}
    rest = sorted((count, name) for name, count in cells.items() if count >= cell_min)
    while rest and out and (len(out) < 2 or sum(cells[name] for name in out) < cell_min):
        out.add(rest.pop(0)[1])
    return {name: None if name in out else count for name, count in cells.items()}
