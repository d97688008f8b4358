"""What follows after a halt, as lines for a terminal: clocks, grades, steps of the ladder.

It refuses to know proceedings; it prints what the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.rulebook.grounds import Provenance
from licet.rulebook.model import Pack
from licet.rulebook.proceeding import Grade, LadderStep, ProceedingClock, SupervisionEntry

_UNITS = {"minute": "minutes", "hour": "hours", "working": "working days", "calendar": "days"}


def supervision_lines(entry: SupervisionEntry, lang: str) -> Iterator[str]:
    """The lines that explain one entry, without what it rests on."""
    match entry:
        case ProceedingClock():
            yield f"{entry.kind}.clock.{entry.id}  {entry.name[lang]}"
            yield f"length    {entry.length} {_UNITS[entry.unit]}, binds the {entry.bearer}"
            yield f"starts    {entry.since or ', '.join(entry.starts)}"
            yield f"stops     {', '.join(entry.stops) or 'by itself'}"
            for field, answers in entry.when.items():
                yield f"where     {field} is {' or '.join(answers)}"
        case Grade():
            yield f"grade.{entry.id}  {entry.name[lang]}"
            yield entry.meaning[lang]
        case LadderStep():
            by = "a machine or a person" if entry.alone else "a person alone"
            yield f"step.{entry.id}  {entry.name[lang]}"
            yield entry.meaning[lang]
            yield f"lasts     {entry.hours_max} hours at most, decided by {by}"


def supervision_ground(pack: Pack, entry: SupervisionEntry) -> Provenance:
    """What an entry rests on."""
    match entry:
        case ProceedingClock():
            return pack.parameter(f"{entry.kind}.{entry.id}.length").provenance
        case Grade():
            return entry.provenance
        case LadderStep():
            return pack.parameter(f"measure.{entry.id}.hours_max").provenance
