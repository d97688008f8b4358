"""Does every statement rest on something that exists? In a pack, and in source that cites it.

It refuses to judge whether a source is right; a reader must.

Rules
1. A source is an id of sources.toml, a provision of the pack, or a page `docs/….md`.
2. `official`, `secondary` and `inferred` rest on at least one id of sources.toml that isn't LICET;
   `local-policy` is ours, and only it rests on LICET or on our docs.
3. General knowledge (K) is `secondary` at best and says in a note that it is not confirmed.
   Our own choice (LICET) says why in a note.
4. An id names one thing in a pack, and every source listed is used.
5. Source code cites the law as `law:` + pack + `/` + id; the id, or the article, exists.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from licet.rulebook.grounds import Fault, Provenance
from licet.rulebook.model import Pack
from licet.rulebook.procedure import Form, Procedure
from licet.rulebook.proceeding import Supervision

_LAW = re.compile(r"\blaw:([a-z0-9]+(?:-[a-z0-9]+)*)/([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)")
_DOC = re.compile(r"docs/[\w./-]+\.md")
_OURS = "LICET"
_UNCONFIRMED = "K"


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in source code that cites a law."""

    file: str
    line: int
    pack_id: str
    entry_id: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: law:{self.pack_id}/{self.entry_id}"


def check_citations(pack: Pack) -> tuple[Fault, ...]:
    """Everything in a pack that cites what does not exist or claims more than its source gives."""
    return tuple(
        chain(
            _sources_exist(pack),
            _sources_used(pack),
            _ids_distinct(pack),
            _provisions_placed(pack),
            _provisions_exist(pack),
            _risks_complete(pack),
        )
    )


def citations_in(text: str, file: str) -> tuple[Citation, ...]:
    """Every `law:` citation in a source text, with its line (from 1)."""
    return tuple(
        Citation(file, number, found[1], found[2])
        for number, line in enumerate(text.splitlines(), 1)
        for found in _LAW.finditer(line)
    )


def unknown_citations(
    citations: tuple[Citation, ...], packs: Mapping[str, Pack]
) -> tuple[Citation, ...]:
    """Those that cite a pack that isn't given, or an id or article that it does not hold."""
    return tuple(c for c in citations if not _resolves(c, packs))


def _resolves(citation: Citation, packs: Mapping[str, Pack]) -> bool:
    pack = packs.get(citation.pack_id)
    if pack is None:
        return False
    article = re.fullmatch(r"art(\d+)", citation.entry_id)
    if article and pack.article(int(article[1])):
        return True
    return any(citation.entry_id in shelf for shelf in pack.shelves)


def _provenances(pack: Pack) -> Iterator[tuple[str, str, Provenance]]:
    if pack.standard:
        yield "risks.toml", "standard", pack.standard.provenance
    if pack.assessing:
        yield "assessment.toml", "standard", pack.assessing.provenance
    if pack.licensing:
        yield from _licensing_provenances(pack.licensing)
    for line in pack.youth.crisis.lines.values() if pack.youth else ():
        yield "minors.toml", line.id, line.provenance
    if pack.following:
        yield from _supervision_provenances(pack.following)
    if pack.labelling:
        for degree in pack.labelling.degrees.values():
            yield "labels.toml", degree.id, degree.provenance
        for check in pack.labelling.checks.values():
            yield "labels.toml", check.id, check.provenance
    if pack.sharing:
        yield "corpus.toml", "standard", pack.sharing.provenance
        for row in pack.sharing.rows:
            yield "corpus.toml", row.id, row.provenance
    for provision in pack.provisions.values():
        yield "provisions.toml", provision.id, provision.provenance
        if provision.clock:
            yield "provisions.toml", f"{provision.id}.clock", provision.clock.provenance
    for parameter in pack.parameters.values():
        stem, _, key = parameter.key.partition(".")
        yield f"{stem}.toml", key, parameter.provenance


def _licensing_provenances(procedure: Procedure) -> Iterator[tuple[str, str, Provenance]]:
    for basis in procedure.bases.values():
        yield "procedure.toml", basis.id, basis.provenance
    for route in procedure.routes.values():
        yield "procedure.toml", f"{route.id}.number", route.number_note
    for form in procedure.forms.values():
        yield from _form_provenances("forms.toml", form)
    yield "calendar.toml", "week", procedure.calendar.provenance
    for holiday in procedure.calendar.holidays.values():
        yield "calendar.toml", holiday.id, holiday.provenance


def _supervision_provenances(of: Supervision) -> Iterator[tuple[str, str, Provenance]]:
    for rules in of.proceedings.values():
        for form in rules.forms.values():
            yield from _form_provenances(f"{rules.kind}.toml", form)
    for grade in of.incident.grades.values() if of.incident else ():
        yield "incident.toml", grade.id, grade.provenance


def _form_provenances(file: str, form: Form) -> Iterator[tuple[str, str, Provenance]]:
    yield file, form.id, form.provenance
    for field in form.fields.values():
        yield file, f"{form.id}.{field.id}", field.provenance


def _sources_exist(pack: Pack) -> Iterator[Fault]:
    for file, key, provenance in _provenances(pack):
        for source in provenance.sources:
            known = source in pack.sources or source in pack.provisions
            known = known or (pack.licensing is not None and source in pack.licensing.bases)
            if not known and not _DOC.fullmatch(source):
                remedy = "Name an id of sources.toml, a provision of the pack or docs/….md."
                yield Fault(file, key, f"source {source!r} does not exist.", remedy)
        for problem, remedy in _overclaims(provenance, pack):
            yield Fault(file, key, problem, remedy)


def _overclaims(provenance: Provenance, pack: Pack) -> Iterator[tuple[str, str]]:
    status, named, note = provenance.status, set(provenance.sources), provenance.note
    if status == "local-policy":
        if _UNCONFIRMED in named:
            yield "our own policy cannot rest on K.", "Use LICET, or a provision it serves."
        if _OURS in named and not note:
            yield "our own choice gives no reason.", "Add a note that says why."
        return
    if _OURS in named or any(map(_DOC.fullmatch, named)):
        yield f"{status!r} rests on ourselves.", 'Write status = "local-policy".'
    elif not named & set(pack.sources):
        yield f"{status!r} names no outside source.", "Add an id of sources.toml."
    if _UNCONFIRMED in named:
        if status != "secondary":
            yield f"{status!r} rests on general knowledge.", 'Write status = "secondary".'
        if "not confirmed" not in note:
            remedy = 'Add note = "General knowledge, not confirmed." and say which part.'
            yield "rests on general knowledge and does not say so.", remedy


def _sources_used(pack: Pack) -> Iterator[Fault]:
    used = {source for _, _, one in _provenances(pack) for source in one.sources}
    for source in pack.sources:
        if source not in used:
            yield Fault("sources.toml", source, "nothing cites it.", "Remove it, or cite it.")


def _ids_distinct(pack: Pack) -> Iterator[Fault]:
    for name, times in Counter(chain.from_iterable(pack.shelves)).items():
        if times > 1:
            yield Fault("pack.toml", name, "names two things.", "Rename one of them.")


def _provisions_placed(pack: Pack) -> Iterator[Fault]:
    for provision in pack.provisions.values():
        head, _, last = provision.id.removeprefix("art").partition(".")
        place = provision.cite.item or provision.cite.paragraph
        if head != str(provision.cite.article) or (place is not None and last != str(place)):
            remedy = "Give the id the article and the last number of its cite."
            yield Fault("provisions.toml", provision.id, "does not stand where it cites.", remedy)


def _provisions_exist(pack: Pack) -> Iterator[Fault]:
    shelves = (
        ("risks.toml", pack.standard.groups if pack.standard else {}),
        ("categories.toml", pack.categories),
        ("retention.toml", pack.retention),
    )
    for file, shelf in shelves:
        for entry in shelf.values():
            for cited in entry.provisions:
                if cited not in pack.provisions:
                    remedy = "Name a provision of provisions.toml."
                    yield Fault(file, entry.id, f"provision {cited!r} does not exist.", remedy)


def _risks_complete(pack: Pack) -> Iterator[Fault]:
    listed = Counter(risk.group for risk in pack.risks.values())
    groups = pack.standard.groups if pack.standard else {}
    for group in groups.values():
        if listed[group.id] != group.count:
            problem = f"holds {listed[group.id]} risks, the standard {group.count}."
            yield Fault("risks.toml", group.id, problem, "Add or remove [[risk]] entries.")
    for risk in pack.risks.values():
        if risk.group not in groups:
            yield Fault("risks.toml", risk.id, "has no group.", f"Add [[group]] {risk.group}.")
        for category in risk.categories:
            if category not in pack.categories:
                remedy = "Name a category of categories.toml."
                yield Fault("risks.toml", risk.id, f"no category {category!r}.", remedy)
