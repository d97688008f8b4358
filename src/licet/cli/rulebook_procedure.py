"""How a regime licenses, as lines for a terminal: routes, forms, acts, clocks, checks, remedies.

It refuses to know cases; it prints what the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.rulebook.grounds import Provenance
from licet.rulebook.model import Pack
from licet.rulebook.place import place
from licet.rulebook.procedure import (
    ActRule,
    Basis,
    Check,
    ClockRule,
    Entry,
    Form,
    Remedy,
    Route,
)
from licet.rulebook.workdays import Holiday


def procedure_lines(pack: Pack, entry: Entry, lang: str) -> Iterator[str]:
    """The lines that explain one entry of a procedure, without what it rests on."""
    match entry:
        case Basis():
            yield f"{entry.id}  {place(pack, entry.id, lang)}"
            yield f"paraphrase, not the official text: {entry.paraphrase[lang]}"
        case Route():
            yield f"route.{entry.id}  {entry.name[lang]}"
            yield entry.meaning[lang]
            yield f"numbers   {entry.number_pattern}"
            yield f"shown as  {entry.display[lang]}"
        case ActRule():
            yield f"act.{entry.id}  {entry.name[lang]}"
            yield f"by        {', '.join(entry.by)} ({entry.side})"
            yield f"at        {_places(entry)}"
            yield f"leads to  {', '.join(entry.to.values()) or 'the same stage'}"
            if entry.apart_from:
                yield f"never by whoever did  {', '.join(entry.apart_from)}"
        case ClockRule():
            yield f"clock.{entry.id}  {entry.name[lang]}"
            yield f"length    {_length(entry.length, entry.kind)}, binds the {entry.bearer}"
            yield f"starts    {', '.join(entry.starts) or entry.since}"
            yield f"stops     {', '.join(entry.stops) or 'by itself'}"
        case Check():
            yield f"check.{entry.id}  {entry.question[lang]}"
            yield f"routes    {', '.join(entry.routes)}"
        case Remedy():
            yield f"remedy.{entry.id}  {entry.name[lang]}"
            yield f"within    {_length(entry.length, entry.kind)}, at {entry.body[lang]}"
        case Form():
            yield f"form.{entry.id}  {entry.name[lang]}"
            for field in entry.fields.values():
                kind = f"{field.kind}, {'required' if field.required else 'optional'}"
                yield f"  {field.id}: {field.label[lang]} ({kind}, {field.visibility})"
        case Holiday():
            worked = ", ".join(map(str, entry.worked)) or "none"
            yield f"holiday.{entry.id}  {entry.name[lang]}"
            yield f"off       {entry.first} to {entry.last}; worked in exchange: {worked}"


def procedure_grounds(pack: Pack, entry: Entry) -> tuple[Provenance, ...] | tuple[str, ...]:
    """What an entry rests on: its own provenance, or the ids of the law that it names."""
    match entry:
        case Basis() | Form() | Holiday():
            return (entry.provenance,)
        case ClockRule() | Remedy():
            kind = "procedure"
            return (pack.parameter(f"{kind}.{entry.id}.length").provenance,)
        case Route():
            return (entry.number_note,)
        case _:
            return entry.basis


def _places(act: ActRule) -> str:
    return ", ".join(stage for stages in act.at.values() for stage in stages) or "any stage"


def _length(length: int, kind: str) -> str:
    return f"{length} {'months' if kind == 'month' else f'{kind} days'}"
