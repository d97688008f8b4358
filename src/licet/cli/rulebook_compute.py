"""What a pack says of computing power and of programmes that pay for it, as lines for a terminal.

It refuses to know firms and vouchers; it prints what the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from licet.rulebook.computing import Entry, Programme, Requirement, SharingRule
from licet.rulebook.grounds import Provenance
from licet.rulebook.model import Pack


def compute_lines(entry: Entry, lang: str) -> Iterator[str]:
    """The lines that explain one entry, without what it rests on."""
    match entry:
        case SharingRule():
            yield "sharing"
            for one in fields(SharingRule):
                yield f"{one.name:<18} {getattr(entry, one.name):g}"
        case Requirement():
            yield f"requirement.{entry.id}  {entry.ask[lang]}"
            yield f"if not    {entry.refuse[lang]}"
        case Programme():
            share = "not set: it grants nothing" if entry.share is None else f"{entry.share:.0%}"
            budget = "no limit known" if entry.budget_yuan_year is None else (
                f"{entry.budget_yuan_year:,} yuan a year"
            )  # fmt: skip
            yield f"programme.{entry.id}  {entry.name[lang]}"
            yield f"requires  {', '.join(entry.requires)}"
            yield f"signed    {entry.signed_from} to {entry.signed_to}"
            yield f"share     {share}"
            yield f"firm      {entry.cap_yuan_year:,} yuan a year at most"
            yield f"budget    {budget}"


def compute_grounds(pack: Pack, entry: Entry) -> tuple[Provenance, ...]:
    """What an entry rests on."""
    if isinstance(entry, Requirement):
        return (entry.provenance,)
    name = "sharing" if isinstance(entry, SharingRule) else entry.id
    start = f"compute.{name}."
    return tuple(one.provenance for key, one in pack.parameters.items() if key.startswith(start))
