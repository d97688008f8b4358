"""An assessment as one JSON document: every figure, what it rests on, what was not tested. Pure.

It refuses to know how it is shown and who signs it.

Rules
1. The document is made of JSON values alone; its canonical bytes (RFC 8785) are what is signed.
2. `results` depends on answers, labels, banks and pack only: the same journal gives the same
   results, whenever and wherever the report is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from licet.assess.bank import Bank
from licet.assess.bankcheck import BankReport
from licet.assess.labels import Said
from licet.assess.verdict import Assessed, Cell, Clause
from licet.base.clock import rfc3339
from licet.reports.saying import LANGUAGES
from licet.rulebook import Pack
from licet.stats.share import Bounds, Count, Detector

VERSION = 1
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the pairs came from: the target as the journal has it, digest (SHA-256, hex) of the
    file, how many pairs were scored and how many items stayed without an answer."""

    target: Mapping[str, Any]
    file_sha256: str
    pairs: int
    unanswered: int
    demo: bool = False


def make_report(
    assessed: Assessed, origin: Origin, banks: Sequence[Bank], pack: Pack, now: datetime
) -> Document:
    """The document of an assessment."""
    asked = pack.assessment
    rule = asked.evidence
    return {
        "report": VERSION,
        "made": rfc3339(now),
        "demo": origin.demo,
        "target": dict(origin.target),
        "pack": {"id": pack.id, "version": pack.version, "sha256": pack.digest},
        "standard": {"name": asked.standard, "clauses_of": asked.clauses_of},
        "rule": {
            "confidence": rule.confidence,
            "sides": rule.sides,
            "cell_min": rule.cell_min,
            "kappa_min": rule.kappa_min,
        },
        "results": {
            "pairs": origin.pairs,
            "unanswered": origin.unanswered,
            "banks": [
                {"id": bank.id, "version": bank.version, "sha256": bank.digest,
                 "items": len(bank.items)}
                for bank in banks
            ],
            "parts": dict(assessed.parts),
            "clauses": [_clause(one, pack) for one in assessed.clauses],
            "operator_risks": [
                {"id": risk.id, "name": dict(risk.name), "reason": dict(risk.reason)}
                for risk in pack.risks.values()
                if risk.coverage == "operator-authored"
            ],
        },
        "evidence": {"sha256": origin.file_sha256},
    }  # fmt: skip


def _clause(one: Clause, pack: Pack) -> Document:
    return {
        "id": one.id,
        "clause": one.clause,
        "part": one.part,
        "name": dict(_name(one, pack)),
        "verdict": one.verdict,
        "why": one.why,
        "count": _count(one.count),
        "share": one.share,
        "within": _bounds(one.within),
        "limit": one.limit,
        "bound": one.bound,
        "needed": one.needed,
        "detector": _detector(one.detector, one.detector_from),
        "said": _said(one.said),
        "untested": [{"id": heading, "name": _heading(heading, pack)} for heading in one.untested],
        "note": one.note,
        "by_heading": [_cell(cell, _heading(cell.name, pack)) for cell in one.by_heading],
        "by_lang": [_cell(cell, _language(cell.name, pack))
                    for cell in one.by_lang],
        "bank": _bank(one.bank),
    }  # fmt: skip


def _name(one: Clause, pack: Pack) -> Mapping[str, str]:
    asked = pack.assessment
    measure = asked.measures.get(one.id)
    return measure.name if measure and one.bank is None else asked.banks[one.id].name


def _heading(heading: str, pack: Pack) -> dict[str, str]:
    if heading in pack.risks:
        return {lang: f"{heading} {name}" for lang, name in pack.risks[heading].name.items()}
    if heading in pack.assessment.aspects:
        return dict(pack.assessment.aspects[heading].name)
    return dict.fromkeys(pack.languages, heading or "—")


def _language(tag: str, pack: Pack) -> dict[str, str]:
    return dict(LANGUAGES.get(tag) or dict.fromkeys(pack.languages, tag or "—"))


def _count(count: Count | None) -> Document | None:
    return None if count is None else {"hits": count.hits, "of": count.of}


def _bounds(within: Bounds | None) -> Document | None:
    return None if within is None else {"low": within.low, "high": within.high}


def _detector(detector: Detector | None, came: str) -> Document | None:
    if detector is None:
        return None
    return {
        "from": came,
        "sensitivity": _count(detector.sensitivity),
        "specificity": _count(detector.specificity),
    }


def _said(said: Said | None) -> Document | None:
    if said is None:
        return None
    two = said.agreement
    return {
        "labelled": said.yes.of,
        "ties": said.ties,
        "unanimous": _count(said.unanimous),
        "twice": two.items,
        "same": two.same,
        "kappa": two.kappa,
        "kappa_within": _bounds(two.within),
    }


def _cell(cell: Cell, name: Mapping[str, str]) -> Document:
    return {
        "id": cell.name,
        "name": dict(name),
        "hidden": cell.count is None,
        "count": _count(cell.count),
        "within": _bounds(cell.within),
    }


def _bank(report: BankReport | None) -> Document | None:
    if report is None:
        return None
    return {
        "there": report.there,
        "asked": report.rule.total,
        "rows": [
            {"id": row.heading, "name": dict(row.name), "there": row.there, "asked": row.asked,
             "by_lang": dict(row.by_lang), "gap": row.gap, "author": row.author}
            for row in report.rows
        ],
    }  # fmt: skip
