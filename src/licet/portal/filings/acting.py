"""What an act asks for on a page, and the data that it brings, out of what a browser sends.

It refuses to know any act by name: its effects say what it needs.

Rules
1. Every key that an effect reads (`cases.effects.NEEDS`) has one way of being asked, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from licet.cases import Actor, Case, Fault
from licet.cases.deed import Deed
from licet.cases.effects import NEEDS, RESULTS
from licet.cases.statement import reasons_of
from licet.portal.filings.forming import element, wording
from licet.rulebook import Procedure
from licet.rulebook.procedure import ActRule

ROWS = 3
"""Requests or conditions that a page has room for."""
FILLED_BY = {"requests": "request", "conditions": "condition"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """An act as a page shows it: what it needs, and what was sent last."""

    rule: ActRule
    needs: tuple[str, ...]
    reasons: tuple[Any, ...]
    checks: tuple[Any, ...]
    fields: tuple[Any, ...]
    rows: tuple[dict[str, Any], ...]
    number: str
    sent: Mapping[str, Any]
    results: tuple[str, ...] = RESULTS


def sheet(
    case: Case, rule: ActRule, actor: Actor, now: datetime, procedure: Procedure,
    sent: Mapping[str, Any], faults: tuple[Fault, ...] = (), number: str = "",
) -> Sheet:  # fmt: skip
    """The page of an act."""
    deed = Deed(case, rule, actor, now, procedure, {})
    needs = tuple(dict.fromkeys(key for effect in rule.effects for key in NEEDS[effect]))
    if case.grant is not None:
        needs = tuple(key for key in needs if key != "number")
    told = _told(faults)
    reasons = reasons_of(deed) if "statement" in needs else ()
    return Sheet(
        rule=rule,
        needs=needs,
        reasons=tuple(
            {
                "reason": one,
                "id": element(f"statement.{one.id}"),
                "name": f"statement.{one.id}",
                "value": sent.get(f"statement.{one.id}", _first(one.id, rule)),
                "faults": told.get(f"statement.{one.id}", ()),
            }
            for one in reasons
        ),
        checks=tuple(_check_row(one, case, sent, told) for one in procedure.checks_of(case.route)),
        fields=tuple(procedure.form_of(case.route).fields.values()),
        rows=tuple(_rows(needs, case, sent, told)),
        number=sent.get("number", number),
        sent=sent,
    )


def _first(reason: str, rule: ActRule) -> str:
    """Provisions begin with what the act itself rests on."""
    return ", ".join(rule.basis) if reason == "provisions" else ""


def _told(faults: tuple[Fault, ...]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for fault in faults:
        told.setdefault(fault.field, []).append(wording(fault))
    return told


def _check_row(
    check: Any, case: Case, sent: Mapping[str, Any], told: Mapping[str, list[str]]
) -> dict[str, Any]:
    found = case.findings.get(check.id, {})
    return {
        "check": check,
        "id": element(check.id),
        "result": sent.get(f"result.{check.id}", found.get("result", "")),
        "note": sent.get(f"note.{check.id}", found.get("note", "")),
        "faults": told.get(check.id, ()),
    }


def _rows(
    needs: tuple[str, ...], case: Case, sent: Mapping[str, Any], told: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    """Rows for requests or conditions; a failing check has a row for its condition."""
    kind = next((one for one in FILLED_BY if one in needs), None)
    if kind is None:
        return []
    begun: list[dict[str, str]] = []
    if kind == "conditions":
        begun = [dict(one) for one in case.grant.conditions] if case.grant else []
        covered = {one.get("check") for one in begun}
        failing = [n for n, found in case.findings.items() if found["result"] == "fails"]
        begun += [{"check": one, "text": ""} for one in failing if one not in covered]
    out = []
    for place in range(max(ROWS, len(begun) + 1)):
        row = begun[place] if place < len(begun) else {}
        name = f"{kind}.{place}"
        out.append(
            {
                "place": place,
                "id": element(name),
                "text": sent.get(f"{kind}.{place}.text", row.get("text", "")),
                "about": sent.get(
                    f"{kind}.{place}.about", row.get("check") or row.get("field") or ""
                ),
                "faults": told.get(name, ()),
            }
        )
    return out


def read_sheet(shown: Sheet, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The data of the act out of a sent page."""
    data: dict[str, Any] = {}
    for key in shown.needs:
        if key == "statement":
            data[key] = _read_statement(shown, sent)
        elif key == "findings":
            data[key] = _read_findings(shown, sent)
        elif key in FILLED_BY:
            data[key] = _read_rows(shown, key, sent)
        elif key != "answers" and _text(sent, key):
            data[key] = _text(sent, key)
    return data


def _text(sent: Mapping[str, Any], name: str) -> str:
    return str(sent.get(name, "")).replace("\r\n", "\n").strip()


def _read_statement(shown: Sheet, sent: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for row in shown.reasons:
        text = _text(sent, row["name"])
        if not text:
            continue
        words = [one.strip() for one in text.replace("，", ",").split(",") if one.strip()]
        out[row["reason"].id] = words if row["reason"].kind == "words" else text
    return out


def _read_findings(shown: Sheet, sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        row["check"].id: {
            "result": _text(sent, f"result.{row['check'].id}"),
            "note": _text(sent, f"note.{row['check'].id}"),
        }
        for row in shown.checks
        if _text(sent, f"result.{row['check'].id}")
    }


def _read_rows(shown: Sheet, key: str, sent: Mapping[str, Any]) -> list[dict[str, str]]:
    about = "check" if key == "conditions" else "field"
    out = []
    for row in shown.rows:
        text = _text(sent, f"{key}.{row['place']}.text")
        named = _text(sent, f"{key}.{row['place']}.about")
        if text:
            out.append({"text": text} | ({about: named} if named else {}))
    return out
