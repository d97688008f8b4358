"""The security assessment out of assessment.toml.

It refuses to know how anything is measured.

Rules
1. A measure that names a bank names one of this file, and a group of risks is one of risks.toml.
2. A measure says how many items it needs: `sample` or `sample_share`, not both.
3. Aspects and a bank that counts by them come together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar, get_args

from licet.rulebook.assessment import (
    Aspect,
    Assessment,
    Attestation,
    BankRule,
    Bound,
    EvidenceRule,
    Good,
    Measure,
    Method,
    Part,
    Sides,
    Statement,
)
from licet.rulebook.strict import Table

BOUNDS: tuple[Bound, ...] = get_args(Bound)
PARTS: tuple[Part, ...] = get_args(Part)
GOODS: tuple[Good, ...] = get_args(Good)
METHODS: tuple[Method, ...] = get_args(Method)
SIDES: tuple[Sides, ...] = get_args(Sides)
ITEMS_MAX = 10_000_000
_WORD = r"[a-z][a-z0-9_]*"


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def parse_assessment(root: Table, languages: tuple[str, ...], groups: Iterable[str]) -> Assessment:
    """The Assessment of a pack with these groups of risks. Raises BadInput with file and key."""
    with root.table("standard") as standard:
        name, clauses_of = standard.text("name"), standard.text("clauses_of")
        provenance = standard.provenance()
    with root.table("evidence") as evidence:
        rule = EvidenceRule(
            confidence=_inner_share(evidence, "confidence"),
            sides=evidence.policy("sides", SIDES),
            power=_inner_share(evidence, "power"),
            cell_min=evidence.integer("cell_min", 1, 1000),
            significance=_inner_share(evidence, "significance"),
            kappa_min=evidence.share("kappa_min"),
        )
    known = tuple(groups)
    aspects = _shelf(_aspect(row, languages) for row in root.tables("aspect"))
    banks = _shelf(_bank(row, languages, known) for row in root.tables("bank"))
    if not any(bank.per_aspect for bank in banks.values()):
        root.refuse("aspect", "no bank counts by aspects.", "Give one bank per_aspect.")
    measures = _shelf(_measure(row, languages, tuple(banks)) for row in root.tables("measure"))
    attestation = _attestation(root, languages) if root.has("attestation") else None
    return Assessment(name, clauses_of, provenance, rule, measures, banks, aspects, attestation)


def _attestation(root: Table, languages: tuple[str, ...]) -> Attestation:
    with root.table("attestation") as table:
        valid_days = table.integer("valid_days", 1, 3_653)
    return Attestation(
        valid_days, _shelf(_statement(row, languages) for row in root.tables("statement"))
    )


def _statement(row: Table, languages: tuple[str, ...]) -> Statement:
    with row:
        return Statement(
            id=row.text("id", _WORD, '"kept_apart"'), text=row.wording("text", languages),
            provenance=row.provenance(),
        )  # fmt: skip


def _inner_share(table: Table, key: str) -> float:
    """A share that leaves room for doubt: 0 < n < 1."""
    share = table.share(key)
    if share >= 1.0:
        table.refuse(key, f"{share:g} leaves no room for doubt.", "Write a number below 1.")
    return share


def _measure(row: Table, languages: tuple[str, ...], banks: tuple[str, ...]) -> Measure:
    with row:
        if row.has("sample") == row.has("sample_share"):
            row.refuse("sample", "goes with sample_share or not at all.", "Give one of the two.")
        bound, share = row.choice("bound", BOUNDS), row.share("share")
        if bound == "at_most" and share >= 1.0:
            row.refuse("share", "at most all of them is no limit.", "Write a number below 1.")
        return Measure(
            id=row.text("id", _WORD, '"refusal"'),
            clause=row.text("clause"),
            part=row.choice("part", PARTS),
            name=row.wording("name", languages),
            bank=row.choice("bank", banks) if row.has("bank") else None,
            good=row.choice("good", GOODS),
            method=row.choice("method", METHODS),
            bound=bound,
            share=share,
            sample=row.integer("sample", 1, ITEMS_MAX) if row.has("sample") else None,
            sample_share=row.share("sample_share") if row.has("sample_share") else None,
        )


def _bank(row: Table, languages: tuple[str, ...], groups: tuple[str, ...]) -> BankRule:
    with row:
        per_risk: Mapping[str, int] = MappingProxyType({})
        if row.has("per_risk"):
            with row.table("per_risk") as minima:
                for group in minima.names():
                    if group not in groups:
                        minima.refuse(group, "is no group of risks.toml.", "Name one of it.")
                counted = {name: minima.integer(name, 1, ITEMS_MAX) for name in minima.names()}
                per_risk = MappingProxyType(counted)
        by_aspect = row.has("per_aspect")
        return BankRule(
            id=row.text("id", _WORD, '"should_refuse"'),
            clause=row.text("clause"),
            name=row.wording("name", languages),
            total=row.integer("total", 1, ITEMS_MAX),
            update_days=row.integer("update_days", 1, 3660),
            per_risk=per_risk,
            per_aspect=row.integer("per_aspect", 1, ITEMS_MAX) if by_aspect else None,
        )


def _aspect(row: Table, languages: tuple[str, ...]) -> Aspect:
    with row:
        return Aspect(row.text("id", _WORD, '"history"'), row.wording("name", languages))


def _shelf(entries: Iterable[N]) -> Mapping[str, N]:
    return MappingProxyType({entry.id: entry for entry in entries})
