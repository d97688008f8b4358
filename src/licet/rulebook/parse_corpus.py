"""What is asked of shared training data, out of corpus.toml.

It refuses to know data sets.

Rules
1. Samples are drawn for measures of the pack's assessment, by their ids.
2. A share-alike licence says what it may be passed on under; no other does.
3. What needs a grant needs a token, or nobody could be granted anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol, TypeVar, get_args

from licet.rulebook.corpus import (
    AccessClass,
    AnnotationPart,
    AnnotationRule,
    Basis,
    CorpusRules,
    Debt,
    Evidence,
    Licence,
    Right,
    ScanRule,
    SourceType,
)
from licet.rulebook.model import Pack
from licet.rulebook.strict import Table

EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
RIGHTS: tuple[Right, ...] = get_args(Right)
DEBTS: tuple[Debt, ...] = get_args(Debt)

_WORD = r"[a-z][a-z0-9_]*"
_SPDX = r"[A-Za-z0-9][A-Za-z0-9.-]{1,63}"


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def parse_corpus(root: Table, pack: Pack) -> CorpusRules:
    """The CorpusRules of a pack that has its assessment already. Raises BadInput, file and key."""
    languages = pack.languages
    with root.table("standard") as standard:
        name, clauses_of = standard.text("name"), standard.text("clauses_of")
        provenance = standard.provenance()
    licences = _shelf(_licence(row) for row in root.tables("licence"))
    for one in licences.values():
        for other in one.into - licences.keys():
            root.refuse(f"{one.id}.into", f"{other!r} stands nowhere here.", "Add its row.")
    return CorpusRules(
        standard=name,
        clauses_of=clauses_of,
        provenance=provenance,
        sources=_shelf(_source_type(row, languages) for row in root.tables("source_type")),
        bases=_shelf(_basis(row, languages) for row in root.tables("basis")),
        access=_shelf(_access(row, languages) for row in root.tables("access")),
        licences=licences,
        scan=_scan(root, pack),
        annotation=_annotation(root, languages),
    )


def _source_type(row: Table, languages: tuple[str, ...]) -> SourceType:
    with row:
        return SourceType(
            id=row.text("id", _WORD, '"open"'),
            name=row.wording("name", languages),
            clause=row.text("clause"),
            evidence=row.choices("evidence", EVIDENCE),
            provenance=row.provenance(),
        )


def _basis(row: Table, languages: tuple[str, ...]) -> Basis:
    with row:
        return Basis(
            id=row.text("id", _WORD, '"consent"'),
            name=row.wording("name", languages),
            needs_record=row.flag("needs_record"),
            provenance=row.provenance(),
        )


def _access(row: Table, languages: tuple[str, ...]) -> AccessClass:
    with row:
        found = AccessClass(
            id=row.text("id", _WORD, '"open"'),
            name=row.wording("name", languages),
            needs_token=row.flag("needs_token"),
            needs_grant=row.flag("needs_grant"),
            receipts=row.flag("receipts"),
            provenance=row.provenance(),
        )
        if (found.needs_grant or found.receipts) and not found.needs_token:
            row.refuse("needs_token", "nobody would be known.", "Write true.")
        return found


def _licence(row: Table) -> Licence:
    with row:
        found = Licence(
            id=row.text("id", _SPDX, '"CC-BY-4.0"'),
            name=row.text("name"),
            allows=frozenset(row.choices("allows", RIGHTS)),
            asks=frozenset(row.choices("asks", DEBTS) if row.has("asks") else ()),
            into=frozenset(row.words("into", _SPDX, optional=True)),
            provenance=row.provenance(),
        )
        if ("share_alike" in found.asks) != bool(found.into):
            row.refuse("into", "goes with asks = [… share_alike].", "Give both or neither.")
        return replace(found, into=found.into | {found.id}) if found.into else found


def _scan(root: Table, pack: Pack) -> ScanRule:
    with root.table("scan") as table:
        measures = tuple(pack.assessment.measures)
        return ScanRule(
            reject_share=table.share("reject_share"),
            apart=table.policies("apart", tuple(pack.categories)),
            manual=table.choice("manual", measures),
            technical=table.choice("technical", measures),
            similarity=table.share("similarity"),
            permutations=table.integer("permutations", 16, 1024),
            shingle_characters=table.integer("shingle_characters", 2, 64),
            gram_characters=table.integer("gram_characters", 8, 512),
            characters_min=table.integer("characters_min", 1, 100_000),
            symbol_share_max=table.share("symbol_share_max"),
            repeat_share_max=table.share("repeat_share_max"),
        )


def _annotation(root: Table, languages: tuple[str, ...]) -> AnnotationRule:
    parts = _shelf(_part(row, languages) for row in root.tables("annotation_part"))
    with root.table("annotation") as table:
        return AnnotationRule(
            exam_days=table.integer("exam_days", 1, 3650),
            sample_share=table.share("sample_share"),
            right_share=table.share("right_share"),
            safety_reviewed_share=table.share("safety_reviewed_share"),
            parts=parts,
        )


def _part(row: Table, languages: tuple[str, ...]) -> AnnotationPart:
    with row:
        return AnnotationPart(
            id=row.text("id", _WORD, '"target"'),
            name=row.wording("name", languages),
            provenance=row.provenance(),
        )


def _shelf(entries: Iterable[N]) -> Mapping[str, N]:
    return MappingProxyType({entry.id: entry for entry in entries})
