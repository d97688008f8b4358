"""`licet rulebook`: what the law says, what covers it, and whether the pack holds together.

Parse, call, render. It refuses to know rules of law; it prints what the pack holds.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from licet.base.trouble import Trouble
from licet.cli.coverage import (
    judged_by,
    means_lines,
    risks_as_markdown,
    risks_as_objects,
    shipped_means,
)
from licet.cli.rulebook_assessment import assessment_grounds, assessment_lines
from licet.cli.rulebook_compute import compute_grounds, compute_lines
from licet.cli.rulebook_corpus import corpus_lines
from licet.cli.rulebook_labels import labels_grounds, labels_lines
from licet.cli.rulebook_minors import minors_grounds, minors_lines
from licet.cli.rulebook_procedure import procedure_grounds, procedure_lines
from licet.cli.rulebook_supervision import supervision_ground, supervision_lines
from licet.rulebook import (
    Aspect,
    BankRule,
    Category,
    Measure,
    Pack,
    Parameter,
    Provenance,
    Provision,
    Retention,
    Risk,
    cited_in,
    installed_packs,
    load_pack,
    unknown_citations,
)
from licet.rulebook.computing import Programme, Requirement, SharingRule
from licet.rulebook.corpus import AccessClass, AnnotationPart, Basis, Licence, SourceType
from licet.rulebook.grounds import Source
from licet.rulebook.labels import Degree, LabelCheck, Medium
from licet.rulebook.minors import Band, Cry, Feature, HelpLine, Profile
from licet.rulebook.model import Entry, RiskGroup, Tier
from licet.rulebook.proceeding import Grade, LadderStep, ProceedingClock

DEFAULT_PACK = "cn-genai-2023"
BAD_INPUT = 2  # the exit code of `licet` for input that can't be used

_pack = click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="Pack id.")
_root = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that holds packs; by default those that ship with Licet.",
)


class Refused(click.ClickException):
    """A Trouble on its way to the terminal: message, what to do, exit code 2."""

    exit_code = BAD_INPUT


@click.group()
def rulebook() -> None:
    """Read and check the law as data."""


@rulebook.command()
@click.argument("entry_id", metavar="[ID]", required=False)
@_pack
@_root
@click.option("--lang", default="en", show_default=True, help="Language of names: zh or en.")
def show(entry_id: str | None, pack_id: str, root: Path | None, lang: str) -> None:
    """Show a pack, or one provision, article, risk, category or parameter of it by ID."""
    try:
        pack = load_pack(pack_id, root)
        _speaks(pack, lang)
        lines = _overview(pack, lang) if entry_id is None else describe(pack, entry_id, lang)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    click.echo("\n".join(lines))


@rulebook.command()
@_pack
@_root
@click.option("--lang", default="en", show_default=True, help="Language of names: zh or en.")
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--markdown", "form", flag_value="markdown", help="As docs/risks.md has it.")
def risks(pack_id: str, root: Path | None, lang: str, form: str | None) -> None:
    """List the risks of a pack, and what covers each: rules, classifier, you, or assessment."""
    try:
        pack = load_pack(pack_id, root)
        _speaks(pack, lang)
        means = shipped_means()
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    if form == "json":
        click.echo(json.dumps(risks_as_objects(pack, means), ensure_ascii=False, indent=1))
    elif form == "markdown":
        click.echo("\n".join(risks_as_markdown(pack, means)).rstrip())
    else:
        rows = [("risk", "name", "coverage", "judged by")]
        rows += [
            (r.id, r.name[lang], r.coverage, judged_by(r, means)) for r in pack.risks.values()
        ]
        click.echo("\n".join(_columns(rows)))
        click.echo(_counts(risk.coverage for risk in pack.risks.values()))


@rulebook.command()
@click.argument("sources", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--pack", "pack_id", help="Pack id; by default every pack there is.")
@_root
def check(sources: tuple[Path, ...], pack_id: str | None, root: Path | None) -> None:
    """Check packs; with SOURCES (files, folders), check that the law they cite exists."""
    try:
        ids = (pack_id,) if pack_id else installed_packs(root)
        packs = {one: load_pack(one, root) for one in ids}
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    if not packs:
        raise Refused("there is no pack here. Name a folder that holds packs.")
    for pack in packs.values():
        click.echo(
            f"{pack.id} {pack.version}: {len(pack.provisions)} provisions, "
            f"{len(pack.risks)} risks, {len(pack.parameters)} cited numbers, sha256 {pack.digest}"
        )
    citations = tuple(c for source in sources for c in cited_in(source))
    lost = unknown_citations(citations, packs)
    for citation in lost:
        click.echo(f"{citation}: no such law", err=True)
    if sources:
        click.echo(f"{len(citations)} citations in source, {len(lost)} of unknown law")
    if lost:
        raise click.exceptions.Exit(1)


def _speaks(pack: Pack, lang: str) -> None:
    if lang not in pack.languages:
        raise Refused(f"{pack.id} does not speak {lang!r}; it has {', '.join(pack.languages)}.")


def _overview(pack: Pack, lang: str) -> Iterator[str]:
    until = f" to {pack.in_force_to}" if pack.in_force_to else ""
    yield f"{pack.id} {pack.version}  {pack.title[lang]}"
    yield pack.issued_by[lang]
    yield f"in force from {pack.in_force_from}{until} ({pack.time_zone}), sha256 {pack.digest}"
    yield from pack.official_pages
    yield "Paraphrases are ours, not the official text."
    yield ""
    provisions = pack.provisions.values()
    yield f"{len(provisions)} provisions: {_counts(p.deontic for p in provisions)}"
    yield f"  status: {_counts(p.provenance.status for p in provisions)}"
    numbers = pack.parameters.values()
    yield f"{len(numbers)} numbers, dates and choices, each with its source"
    yield f"  status: {_counts(n.provenance.status for n in numbers)}"
    if pack.standard is not None:
        yield from _risks_overview(pack, lang)
    if pack.licensing is not None:
        yield from _procedure_overview(pack, lang)
    rows = [("id", "provision", "type", "status")]
    rows += [
        (p.id, _short(p.paraphrase[lang]), p.deontic, p.provenance.status) for p in provisions
    ]
    yield from _columns(rows)


def _procedure_overview(pack: Pack, lang: str) -> Iterator[str]:
    of = pack.procedure
    rows = [("route", "name", "fields", "checks")]
    rows += [
        (r.id, r.name[lang], str(len(of.form_of(r.id).fields)), str(len(of.checks_of(r.id))))
        for r in of.routes.values()
    ]
    yield from _columns(rows)
    yield f"{len(of.acts)} acts, {len(of.clocks)} clocks, {len(of.remedies)} remedies; calendar of"
    yield f"  {', '.join(map(str, sorted(of.calendar.years))) or 'the week alone'}"
    yield ""


def _risks_overview(pack: Pack, lang: str) -> Iterator[str]:
    risks = pack.risks.values()
    yield f"{len(risks)} risks of {pack.catalogue.standard}: {_counts(r.coverage for r in risks)}"
    yield "  shipped: rules and a classifier judge it; what they miss is measured and published"
    yield "  (docs/what-the-guard-misses.md); `licet rulebook risks` names them"
    yield ""
    rows = [("risk", "name", "coverage", "by")]
    rows += [(r.id, r.name[lang], r.coverage, ", ".join(r.categories)) for r in risks]
    yield from _columns(rows)
    yield ""


def describe(pack: Pack, entry_id: str, lang: str) -> list[str]:
    """The lines that explain whatever bears the id; `art14` gives the whole article.

    Raises NotFound.
    """
    number = entry_id.removeprefix("art")
    whole = pack.article(int(number)) if number.isdecimal() and number != entry_id else ()
    if len(whole) > 1:
        return "\n\n".join("\n".join(_lines(pack, p, lang)) for p in whole).split("\n")
    return list(_lines(pack, pack.find(entry_id), lang))


def _lines(pack: Pack, entry: Entry, lang: str) -> Iterator[str]:
    match entry:
        case Provision():
            yield from _provision(entry, lang)
        case Risk():
            yield f"{entry.id}  {entry.name[lang]}"
            yield f"group     {pack.catalogue.groups[entry.group].name[lang]}"
            yield f"coverage  {entry.coverage}"
            yield from means_lines(entry, shipped_means())
            yield entry.reason[lang]
            yield from _provenance(pack.catalogue.provenance)
        case RiskGroup():
            yield f"{entry.id}  {entry.name[lang]} ({', '.join(entry.provisions)})"
            inside = [risk for risk in pack.risks.values() if risk.group == entry.id]
            yield from _columns([(r.id, r.name[lang], r.coverage) for r in inside])
        case Category():
            yield from _category(pack, entry, lang)
        case Retention():
            yield f"{entry.id}  {entry.name[lang]}"
            yield f"kept      {entry.bound.replace('_', ' ')} {entry.days} days"
            yield from _provenance(pack.parameters[f"retention.{entry.id}.days"].provenance)
        case Parameter():
            yield f"{entry.key} = {entry.value}"
            yield from _provenance(entry.provenance)
        case Tier():
            yield f"{entry.id}  {entry.name[lang]}"
            yield entry.meaning[lang]
        case Source():
            yield f"{entry.id}  {entry.what}"
            yield f"quality   {entry.quality}"
        case Band() | Profile() | Feature() | HelpLine() | Cry():
            yield from minors_lines(entry, lang)
            for rests in minors_grounds(pack, entry):
                yield from _provenance(rests)
        case Degree() | Medium() | LabelCheck():
            yield from labels_lines(entry, lang)
            for rests in labels_grounds(pack, entry):
                yield from _provenance(rests)
        case SourceType() | Basis() | AccessClass() | AnnotationPart() | Licence():
            yield from corpus_lines(entry, lang)
            yield from _provenance(entry.provenance)
        case SharingRule() | Requirement() | Programme():
            yield from compute_lines(entry, lang)
            for rests in compute_grounds(pack, entry):
                yield from _provenance(rests)
        case Measure() | BankRule() | Aspect():
            yield from assessment_lines(pack, entry, lang)
            for cited in assessment_grounds(pack, entry):
                yield from _provenance(cited)
        case ProceedingClock() | Grade() | LadderStep():
            yield from supervision_lines(entry, lang)
            yield from _provenance(supervision_ground(pack, entry))
        case _:
            yield from procedure_lines(pack, entry, lang)
            for ground in procedure_grounds(pack, entry):
                if isinstance(ground, Provenance):
                    yield from _provenance(ground)
                else:
                    yield f"rests on  {ground}"


def _category(pack: Pack, category: Category, lang: str) -> Iterator[str]:
    yield f"{category.id}  {category.name[lang]}"
    yield f"rests on  {', '.join(category.provisions)}"
    yield f"judges    {', '.join(category.roles)}"
    yield f"serves    {', '.join(category.risks) or 'no listed risk'}"
    if category.scored:
        for audience in pack.guard.audiences:
            at = pack.guard.threshold(category.id, audience)
            yield f"{audience:<9} halt {at.halt:g}, flag {at.flag:g}"
    yield f"A refused person reads: {category.reason[lang]}"


def _provision(provision: Provision, lang: str) -> Iterator[str]:
    cite = provision.cite
    place = f"Art. {cite.article}"
    place += f" para. {cite.paragraph}" if cite.paragraph else ""
    place += f" ({cite.item})" if cite.item else ""
    towards = f" towards {provision.counterparty}" if provision.counterparty else ""
    yield f"{provision.id}  {place}"
    yield f"paraphrase, not the official text: {provision.paraphrase[lang]}"
    yield f"{provision.deontic} of {', '.join(provision.bearers)}{towards}"
    yield f"when      {provision.trigger}"
    yield f"what      {', '.join(provision.actions)}"
    clock = provision.clock
    if clock:
        kind = f" ({clock.kind} time)" if clock.kind else ""
        rests = f"{clock.provenance.status}, source {', '.join(clock.provenance.sources)}"
        yield f"clock     {clock.due}{kind} from {clock.start} ({rests})"
        if clock.provenance.note:
            yield f"          {clock.provenance.note}"
    else:
        yield "clock     none stated"
    yield from _provenance(provision.provenance)


def _provenance(provenance: Provenance) -> Iterator[str]:
    yield f"status    {provenance.status}, source {', '.join(provenance.sources)}"
    if provenance.note:
        yield f"note      {provenance.note}"


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _short(text: str, columns: int = 60) -> str:
    if _width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if _width(kept + char) >= columns:
            break
        kept += char
    return f"{kept}…"
