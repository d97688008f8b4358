"""How computing power is shared and paid for, out of compute.toml.

It refuses to know firms and contracts.

Rules
1. A programme requires what is a requirement of the file; its time does not end before it begins.
"""

from __future__ import annotations

from types import MappingProxyType

from licet.rulebook.computing import ComputeRules, Programme, Requirement, SharingRule
from licet.rulebook.strict import Table

_WORD = r"[a-z][a-z0-9_]*"
_YUAN_MAX = 100_000_000_000
_DAY_S = 86_400


def parse_computing(root: Table, languages: tuple[str, ...]) -> ComputeRules:
    """The ComputeRules of a pack. Raises BadInput with file and key."""
    requirements = {one.id: one for one in (
        _requirement(row, languages) for row in root.tables("requirement")
    )}  # fmt: skip
    programmes = {one.id: one for one in (
        _programme(row, languages, tuple(requirements)) for row in root.tables("programme")
    )}  # fmt: skip
    return ComputeRules(
        _sharing(root), MappingProxyType(requirements), MappingProxyType(programmes)
    )


def _sharing(root: Table) -> SharingRule:
    with root.table("sharing") as table:
        return SharingRule(
            fair_times=table.integer("fair_percent", 100, 1000) / 100,
            haste=table.share("haste"),
            public_share=table.share("public_share"),
            licensed_times=table.integer("licensed_percent", 100, 1000) / 100,
            guaranteed_share=table.share("guaranteed_share"),
            half_life_s=table.integer("credit_half_life_days", 1, 3650) * _DAY_S,
            domestic_share=table.share("domestic_share"),
            domestic_premium=table.share("domestic_premium"),
        )


def _requirement(row: Table, languages: tuple[str, ...]) -> Requirement:
    with row:
        return Requirement(
            id=row.text("id", _WORD, '"not_affiliated"'),
            ask=row.wording("ask", languages),
            refuse=row.wording("refuse", languages),
            provenance=row.provenance(),
        )


def _programme(row: Table, languages: tuple[str, ...], requirements: tuple[str, ...]) -> Programme:
    with row:
        since, until = row.day("signed_from"), row.day("signed_to")
        if until < since:
            row.refuse("signed_to", "comes before `signed_from`.", "Correct the dates.")
        budget = row.has("budget_yuan_year")
        return Programme(
            id=row.text("id", _WORD, '"city_vouchers"'),
            name=row.wording("name", languages),
            requires=row.policies("requires", requirements),
            signed_from=since,
            signed_to=until,
            share=row.share("share") if row.has("share") else None,
            cap_yuan_year=row.integer("cap_yuan_year", 1, _YUAN_MAX),
            budget_yuan_year=row.integer("budget_yuan_year", 1, _YUAN_MAX) if budget else None,
        )
