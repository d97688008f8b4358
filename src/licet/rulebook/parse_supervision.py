"""What follows after a halt, out of `incident.toml`, `correction.toml`, `measure.toml` and so on.

It refuses to know what an effect does; `licet.cases.proceedings` does.

Rules
1. A file is a kind of proceeding; a regime has those that it has.
2. Whatever a row names exists, and due process is not left out: see `check_supervision`.
3. Roles of the procedure are roles here too; a file may add its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, get_args

from licet.rulebook.parse_forms import WORD, conditions, parse_form
from licet.rulebook.procedure import Procedure
from licet.rulebook.proceeding import (
    DESKS,
    KINDS,
    DossierRules,
    Grade,
    GroupingRules,
    IncidentRules,
    LadderRules,
    LadderStep,
    OrderRules,
    ProceedingAct,
    ProceedingClock,
    ProceedingEffect,
    ProceedingKind,
    ProceedingRole,
    ProceedingRules,
    ProceedingStage,
    ProofRules,
    Supervision,
    TimeUnit,
)
from licet.rulebook.strict import Table

FILES = tuple(f"{kind}.toml" for kind in KINDS)
DOSSIER = "dossier"
"""The form of a dossier: what a version of it answers."""
UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)
EFFECTS: tuple[ProceedingEffect, ...] = get_args(ProceedingEffect)
StepEffect = Literal["none", "slow", "stop"]
STEP_EFFECTS: tuple[StepEffect, ...] = get_args(StepEffect)

_LENGTH_MAX = 3_653
_COUNT_MAX = 1_000_000
_PERSONS_MAX = 2_000_000_000


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def parse_supervision(
    tables: Mapping[str, Table], of: Procedure, languages: tuple[str, ...]
) -> Supervision:
    """What these files say. `of` lends its calendar, limits and roles. Raises BadInput."""
    proceedings: dict[ProceedingKind, ProceedingRules] = {}
    incident, proof, ladder, order, dossier = None, None, None, None, None
    for kind in sorted(KINDS, key=lambda kind: kind != DOSSIER):  # orders name its sections
        if f"{kind}.toml" not in tables:
            continue
        with tables[f"{kind}.toml"] as root:
            if kind == "incident":
                incident = _incident(root, languages)
            elif kind == "correction":
                proof = _proof(root)
            elif kind == "measure":
                ladder = _ladder(root, languages)
            elif kind == "order":
                order = _order(root, dossier)
            if kind == DOSSIER:
                levels, chain = root.words("levels"), root.optional("chain", WORD, '"chain"') or ""
            proceedings[kind] = _proceeding(root, kind, of, languages, ladder, order)
            if kind == DOSSIER:
                dossier = DossierRules(proceedings[kind].forms[DOSSIER], levels, chain)
    ordered = {kind: proceedings[kind] for kind in KINDS if kind in proceedings}
    return Supervision(MappingProxyType(ordered), incident, proof, ladder, order, dossier)


def _proceeding(
    root: Table,
    kind: ProceedingKind,
    of: Procedure,
    languages: tuple[str, ...],
    ladder: LadderRules | None,
    order: OrderRules | None,
) -> ProceedingRules:
    own = [_role(row, languages) for row in _rows(root, "role")]
    lent = [ProceedingRole(party.id, party.side, party.name) for party in of.parties.values()]
    forms = [parse_form(row, languages, of.limits) for row in _rows(root, "form")]
    return ProceedingRules(
        kind=kind,
        pack=f"{of.pack}@{of.version}",
        name=root.wording("name", languages),
        time_zone=of.time_zone,
        calendar=of.calendar,
        roles=_shelf([*lent, *own]),
        stages=_shelf(_stage(row, languages) for row in root.tables("stage")),
        acts=_shelf(_act(row, languages) for row in root.tables("act")),
        clocks=_shelf(_clock(row, kind, languages) for row in _rows(root, "clock")),
        forms=_shelf(forms),
        ladder=ladder if kind == "measure" else None,
        order=order if kind == "order" else None,
    )


def _role(row: Table, languages: tuple[str, ...]) -> ProceedingRole:
    with row:
        return ProceedingRole(
            id=row.text("id", WORD, '"trustee"'),
            side=row.choice("side", DESKS),
            name=row.wording("name", languages),
        )


def _stage(row: Table, languages: tuple[str, ...]) -> ProceedingStage:
    with row:
        return ProceedingStage(
            id=row.text("id", WORD, '"graded"'),
            name=row.wording("name", languages),
            meaning=row.wording("meaning", languages),
            turn=row.choice("turn", DESKS) if row.has("turn") else None,
            final=_flag(row, "final"),
        )


def _act(row: Table, languages: tuple[str, ...]) -> ProceedingAct:
    with row:
        return ProceedingAct(
            id=row.text("id", WORD, '"report_first"'),
            name=row.wording("name", languages),
            done=row.wording("done", languages),
            side=row.choice("side", DESKS),
            by=row.words("by", optional=True),
            opens=_flag(row, "opens"),
            at=row.words("at", optional=True),
            to=row.optional("to", WORD, '"reported"'),
            returns=_flag(row, "returns"),
            once=_flag(row, "once"),
            form=row.optional("form", WORD, '"report"'),
            needs=row.words("needs", optional=True),
            whole=_flag(row, "whole"),
            continues=_flag(row, "continues"),
            effects=row.choices("effects", EFFECTS) if row.has("effects") else (),
            after=row.words("after", optional=True),
            apart_from=row.words("apart_from", optional=True),
            basis=row.words("basis", optional=True),
        )


def _clock(row: Table, kind: ProceedingKind, languages: tuple[str, ...]) -> ProceedingClock:
    with row:
        expires: Mapping[str, str] = MappingProxyType({})
        if row.has("expires"):
            with row.table("expires") as table:
                expires = MappingProxyType({at: table.text(at, WORD) for at in table.names()})
        return ProceedingClock(
            id=row.text("id", WORD, '"report"'),
            kind=kind,
            name=row.wording("name", languages),
            bearer=row.choice("bearer", DESKS),
            when=conditions(row),
            starts=row.words("starts"),
            since=row.optional("since", WORD, '"found_at"'),
            stops=row.words("stops", optional=True),
            rests=row.words("rests", optional=True),
            length=row.integer("length", 1, _LENGTH_MAX),
            unit=row.choice("unit", UNITS),
            until=row.optional("until", WORD, '"until"'),
            expires=expires,
            basis=row.words("basis", optional=True),
        )


def _incident(root: Table, languages: tuple[str, ...]) -> IncidentRules:
    grades = _shelf(_grade(row, languages) for row in root.tables("grade"))
    with root.table("grouping") as table:
        grouping = GroupingRules(
            window_minutes=table.integer("window_minutes", 1, 31 * 24 * 60),
            halts_max=table.integer("halts_max", 1, _COUNT_MAX),
            alone=frozenset(table.words("alone", optional=True)),
            prompts=frozenset(table.words("prompts", optional=True)),
        )
    return IncidentRules(
        grades=MappingProxyType(dict(sorted(grades.items(), key=lambda pair: pair[1].rank))),
        proposed=root.text("proposed_grade", WORD, '"ordinary"'),
        proposed_alone=root.text("proposed_grade_alone", WORD, '"grave"'),
        grouping=grouping,
    )


def _grade(row: Table, languages: tuple[str, ...]) -> Grade:
    with row:
        return Grade(
            id=row.text("id", WORD, '"grave"'),
            name=row.wording("name", languages),
            meaning=row.wording("meaning", languages),
            rank=row.ordinal("rank") or 1,
            persons_min=(
                row.integer("persons_min", 1, _PERSONS_MAX) if row.has("persons_min") else None
            ),
            provenance=row.provenance(),
        )


def _proof(root: Table) -> ProofRules:
    with root.table("proof") as table:
        return ProofRules(
            confidence=table.share("confidence"),
            alpha=table.share("alpha"),
            held_out_min=table.integer("held_out_min", 1, _COUNT_MAX),
            regression_min=table.integer("regression_min", 1, _COUNT_MAX),
            benign_min=table.integer("benign_min", 1, _COUNT_MAX),
            regressions_share_max=table.share("regressions_share_max"),
            over_block_share_max=table.share("over_block_share_max"),
        )


def _ladder(root: Table, languages: tuple[str, ...]) -> LadderRules:
    steps = [_step(row, languages) for row in root.tables("step")]
    with root.table("trigger") as table:
        return LadderRules(
            steps=_shelf(sorted(steps, key=lambda step: step.rank)),
            consecutive=table.integer("consecutive", 1, 1_000),
            per_day=table.integer("per_day", 1, 1_000),
            memory_days=table.integer("memory_days", 1, _LENGTH_MAX),
            small_cell=table.integer("small_cell", 1, 1_000),
            spared=frozenset(table.words("spared", optional=True)),
            reasons=MappingProxyType(
                {
                    "row": table.wording("reason_row", languages),
                    "day": table.wording("reason_day", languages),
                }
            ),
        )


def _step(row: Table, languages: tuple[str, ...]) -> LadderStep:
    with row:
        effect = row.choice("effect", STEP_EFFECTS)
        return LadderStep(
            id=row.text("id", WORD, '"warn"'),
            name=row.wording("name", languages),
            told=row.wording("told", languages),
            meaning=row.wording("meaning", languages),
            rank=row.ordinal("rank") or 1,
            alone=row.flag("alone"),
            hours_max=row.integer("hours_max", 1, 24 * _LENGTH_MAX),
            effect=effect,
            per_minute=row.integer("per_minute", 1, 1_000) if effect == "slow" else None,
        )


def _order(root: Table, dossier: DossierRules | None) -> OrderRules:
    fields = dossier.form.fields.values() if dossier else ()
    with root.table("limits") as table:
        return OrderRules(
            shares_needed=table.integer("shares_needed", 2, 3),
            section_shares_needed=table.integer("section_shares_needed", 2, 9),
            names_max=table.integer("names_max", 1, 1_000),
            sections=frozenset(field.id for field in fields if field.visibility == "sealed"),
        )


def _rows(root: Table, key: str) -> Iterable[Table]:
    return root.tables(key) if root.has(key) else ()


def _flag(row: Table, key: str) -> bool:
    return row.flag(key) if row.has(key) else False


def _shelf(entries: Iterable[N]) -> Mapping[str, N]:
    return MappingProxyType({entry.id: entry for entry in entries})
