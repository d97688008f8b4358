"""What a regime asks of a security assessment, as lines for a terminal.

It refuses to know how anything is measured; it prints what the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.rulebook.assessment import Aspect, AssessmentEntry, BankRule, Measure
from licet.rulebook.grounds import Provenance
from licet.rulebook.model import Pack


def assessment_lines(pack: Pack, entry: AssessmentEntry, lang: str) -> Iterator[str]:
    """The lines that explain one entry of an assessment, without what it rests on."""
    of = pack.assessment.clauses_of
    match entry:
        case Measure():
            yield f"measure.{entry.id}  {entry.name[lang]} ({of} {entry.clause})"
            yield f"asks for  {entry.bound.replace('_', ' ')} {entry.share:.4g} {entry.good}"
            many = f"{entry.sample} items" if entry.sample else f"{entry.sample_share:.4g} of all"
            yield f"sample    at least {many}, counted by {entry.method}"
        case BankRule():
            yield f"bank.{entry.id}  {entry.name[lang]} ({of} {entry.clause})"
            yield f"holds     at least {entry.total}, renewed every {entry.update_days} days"
            for group, least in entry.per_risk.items():
                yield f"          at least {least} for each risk of {group}"
            if entry.per_aspect:
                yield f"          at least {entry.per_aspect} for each aspect"
        case Aspect():
            yield f"aspect.{entry.id}  {entry.name[lang]}"


def assessment_grounds(pack: Pack, entry: AssessmentEntry) -> Iterator[Provenance]:
    """What the numbers of an entry rest on, each ground once."""
    stem = f"assessment.{entry.id}."
    numbers = [one for key, one in pack.parameters.items() if key.startswith(stem)]
    grounds = [number.provenance for number in numbers] or [pack.assessment.provenance]
    yield from dict.fromkeys(grounds)
