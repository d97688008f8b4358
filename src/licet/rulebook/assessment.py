"""The security assessment as data: what is measured, what must stand ready. Values only.

It refuses to know how anything is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from licet.rulebook.grounds import Provenance, Text

Bound = Literal["at_least", "at_most"]
Part = Literal["service", "material"]
Good = Literal["acceptable", "refused"]
Method = Literal["human", "keyword", "classifier", "refusal"]
Sides = Literal["one", "two"]


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """How sure a verdict must be: confidence of the bounds, one- or two-sided; level of tests.

    `power`: chance of a clear result that a plan aims at. `cell_min`: shares of fewer items are
    not shown. `kappa_min`: from which agreement of two people their labels bear a verdict.
    """

    confidence: float
    sides: Sides
    power: float
    cell_min: int
    significance: float
    kappa_min: float


@dataclass(frozen=True, slots=True)
class Measure:
    """A share of items, counted by one method, that must be at least or at most a limit.

    `sample` says how many items at least; where it is None, `sample_share` says which share of
    all there are. `bank` is the BankRule that the items come from, if any.
    """

    id: str
    clause: str
    part: Part
    name: Text
    bank: str | None
    good: Good
    method: Method
    bound: Bound
    share: float
    sample: int | None
    sample_share: float | None


@dataclass(frozen=True, slots=True)
class BankRule:
    """What a bank holds at least: in all, for each risk of a group, for each aspect.

    `update_days`: how often it is to be renewed, in days.
    """

    id: str
    clause: str
    name: Text
    total: int
    update_days: int
    per_risk: Mapping[str, int]
    per_aspect: int | None


@dataclass(frozen=True, slots=True)
class Aspect:
    """A heading of the bank of questions that must be answered."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence that a provider attests of its customers' data."""

    id: str
    text: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Attestation:
    """What is attested, and for how many days an attestation holds."""

    valid_days: int
    statements: Mapping[str, Statement]


AssessmentEntry = Measure | BankRule | Aspect


@dataclass(frozen=True, slots=True)
class Assessment:
    """The standard that asks for the assessment, and all that it asks for."""

    standard: str
    clauses_of: str
    provenance: Provenance
    evidence: EvidenceRule
    measures: Mapping[str, Measure]
    banks: Mapping[str, BankRule]
    aspects: Mapping[str, Aspect]
    attestation: Attestation | None = None

    @property
    def shelves(self) -> tuple[Mapping[str, AssessmentEntry], ...]:
        """Everything here that bears an id, under its kind: `measure.refusal`."""
        return (
            {f"measure.{one.id}": one for one in self.measures.values()},
            {f"bank.{one.id}": one for one in self.banks.values()},
            {f"aspect.{one.id}": one for one in self.aspects.values()},
        )
