"""How many minors use a service and for how long: counted person by person, published as sums.

It refuses to know who they are, and days other than the last whole one.

Rules
1. Everybody stands in one cell: an age band, and how long they used the service on the day. Cells
   can so be added, and what is left out of one table can't be had from another.
2. Only whoever is known to be a minor at the moment of counting is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from licet.minors.record import read_record
from licet.minors.reporting import published
from licet.minors.signal import band_of, standing
from licet.minors.store import Seen
from licet.minors.zone import MINUTE_MS, iso_day
from licet.rulebook.minors import MinorsRules

STEPS_MIN = (0, 30, 60)
"""Use of a day in steps: none, up to each of these minutes, more than the last."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Persons by cell (`from12.60`: the band, and minutes up to which the service was used, `more`
    above the last step); None where the number is left out. `persons`: all, None if too few."""

    day: str
    persons: int | None
    cells: dict[str, int | None]


class Counting:
    """Counts persons for the day before the one of `day`, an ordinal."""

    def __init__(self, rules: MinorsRules, day: int) -> None:
        self._rules = rules
        self._day = day - 1
        self._cells = Counter(dict.fromkeys(cell_names(rules), 0))
        self._met: set[str] = set()

    def add(self, persons: Iterable[tuple[str, Seen]]) -> None:
        """Count persons; who was counted already is passed over."""
        for subject, seen in persons:
            if subject in self._met or seen.record is None:
                continue
            self._met.add(subject)
            signal = read_record(seen.record).signal
            if standing(signal, self._rules, seen.at_ms) == "minor":  # rule 2
                used_min = -(-seen.usage.days.get(self._day, 0) // MINUTE_MS)
                self._cells[f"{band_of(signal, self._rules).id}.{_step(used_min)}"] += 1

    def figures(self) -> Figures:
        """What may be published of it (law:cn-genai-2023/art11.1)."""
        smallest, persons = self._rules.cell_min, self._cells.total()
        return Figures(
            iso_day(self._day),
            persons if persons == 0 or persons >= smallest else None,
            published(self._cells, smallest),
        )


def cell_names(rules: MinorsRules) -> tuple[str, ...]:
    """Every cell, bands in the order of the pack."""
    steps = (*map(str, STEPS_MIN), "more")
    return tuple(f"{band}.{step}" for band in rules.bands for step in steps)


def _step(used_min: int) -> str:
    return next((str(upto) for upto in STEPS_MIN if used_min <= upto), "more")
