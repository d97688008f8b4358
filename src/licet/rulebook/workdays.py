"""Which days are worked: holidays and make-up workdays by year. Values only.

It refuses to know periods; `licet.cases.days` counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from licet.rulebook.grounds import Provenance, Text


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days off in a row, and the days of rest that are worked in exchange."""

    id: str
    name: Text
    first: date
    last: date
    worked: tuple[date, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked. Days of a year outside `years` are only presumed.

    `rest`: days of the week without work, Monday is 0.
    """

    rest: frozenset[int]
    years: frozenset[int]
    off: frozenset[date]
    worked: frozenset[date]
    holidays: Mapping[str, Holiday]
    provenance: Provenance
