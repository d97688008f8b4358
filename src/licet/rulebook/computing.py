"""Programmes that pay a part of what computing power costs, as a regime has them. Values only.

It refuses to know firms, contracts and money that moved; `licet.compute.vouchers` decides.

Rules
1. Every number and choice is a Parameter of the pack; a requirement has its own source.
2. A programme without a share is known, and grants nothing until somebody sets one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from licet.rulebook.grounds import Provenance, Text


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be so of a firm or contract: `ask` says it, `refuse` says that it is not so."""

    id: str
    ask: Text
    refuse: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Programme:
    """Who may have a part of their fees paid: requirements by id; contracts signed in a time, both
    days included; `share` of fees that were settled, None: not set; the most a firm may have in a
    calendar year and what there is for everybody, in yuan (None: no limit is known)."""

    id: str
    name: Text
    requires: tuple[str, ...]
    signed_from: date
    signed_to: date
    share: float | None
    cap_yuan_year: int
    budget_yuan_year: int | None


@dataclass(frozen=True, slots=True)
class ComputeRules:
    """Everything the pack says of computing power."""

    requirements: Mapping[str, Requirement]
    programmes: Mapping[str, Programme]

    @property
    def shelves(self) -> tuple[Mapping[str, Entry], ...]:
        """Everything that bears an id, as `programme.beijing_etown`."""
        return (
            {f"requirement.{i}": one for i, one in self.requirements.items()},
            {f"programme.{i}": one for i, one in self.programmes.items()},
        )


Entry = Requirement | Programme
