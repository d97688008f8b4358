"""What the pages of the desks show of cases: queues, clocks, histories, who may see what.

It refuses to know HTTP, and to decide: `licet.cases` does.

Rules
1. A provider's staff see the cases of their own body and no other; officers see what was filed.
   What somebody may not see does not exist for them.
2. Officers see what a form calls public or regulator; what is sealed is named and not shown
   (law:cn-genai-2023/art19.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from licet.cases import (
    Actor,
    Case,
    Clock,
    asked,
    awaited,
    clocks,
    most_urgent,
    proposed_number,
    settled,
    shown,
    withheld,
)
from licet.cases.days import local_day
from licet.cases.model import Party, Version
from licet.portal.accounts.models import Person
from licet.portal.filings.models import StoredCase, StoredEvent
from licet.portal.filings.publishing import reason_rows, remedy_rows, step_name, written
from licet.portal.filings.service import load, load_all
from licet.rulebook import Procedure
from licet.rulebook.procedure import Side

QUEUE_MAX = 200
QUERY_CHARACTERS_MAX = 100
_OTHER: Mapping[Side, Side] = {"provider": "authority", "authority": "provider"}


@dataclass(frozen=True, slots=True)
class Line:
    """A case in a queue: its row, its stages, and the clock that is due first: this side's, or
    the other's where it is not this side's turn."""

    row: StoredCase
    route: Any
    filing: Any
    licence: Any
    clock: Clock | None
    flagged: bool
    mine: bool
    """Whether it is this side's turn."""


def visible(person: Person, case_id: str) -> Case | None:
    """The case, if this person may see it (rule 1)."""
    row = StoredCase.objects.filter(pk=case_id).select_related("holder").first()
    if row is None:
        return None
    if person.body.kind == "provider" and row.holder_id != person.body_id:
        return None
    case = load(case_id)
    if person.body.kind == "authority" and not case.versions:
        return None
    return case


def queue(person: Person, now: datetime, procedure: Procedure, words: str = "") -> list[Line]:
    """The cases that this person may see: overdue first, then by due day, then the newest. With
    `words`, those of them alone whose title, number or holder has each of them."""
    rows = StoredCase.objects.select_related("holder").order_by("-changed")
    if person.body.kind == "provider":
        rows = rows.filter(holder=person.body)
    else:
        rows = rows.filter(events__kind__in=_filing_acts(procedure)).distinct()
    for word in words.replace("\x00", "").split():
        rows = rows.filter(
            Q(title__icontains=word) | Q(number__icontains=word)
            | Q(holder__name_zh__icontains=word) | Q(holder__name_en__icontains=word)
        )  # fmt: skip
    found = list(rows[:QUEUE_MAX])
    cases = load_all(row.pk for row in found)
    lines = [_line(row, cases[row.pk], person.body.kind, now, procedure) for row in found]
    return sorted(lines, key=_urgency)


def _filing_acts(procedure: Procedure) -> list[str]:
    return [rule.id for rule in procedure.acts.values() if "file" in rule.effects]


def named(case: Case, procedure: Procedure) -> dict[str, Any]:
    """What a page of a case says it is about: its `row`, with title and holder, and `route`."""
    row = StoredCase.objects.select_related("holder").get(pk=case.id)
    return {"row": row, "route": procedure.routes[case.route]}


def _line(row: StoredCase, case: Case, side: Side, now: datetime, procedure: Procedure) -> Line:
    case = settled(case, now)
    filing, licence = procedure.stages[case.filing], procedure.stages[case.licence]
    running = clocks(case, now, procedure)
    mine = side in awaited(case, local_day(now, procedure.time_zone), procedure)
    clock = most_urgent(running, side)
    return Line(
        row=row,
        route=procedure.routes[case.route],
        filing=filing,
        licence=licence,
        clock=clock if clock or mine else most_urgent(running, _OTHER[side]),
        flagged=bool(case.flags),
        mine=mine,
    )


def _urgency(line: Line) -> tuple[Any, ...]:
    due = line.clock.due.toordinal() if line.clock and line.clock.due else 10**7
    return (not line.mine, due, -line.row.changed.timestamp())


def answer_sections(
    case: Case, version: Version, to: Party, procedure: Procedure
) -> Iterator[tuple[Any, list[tuple[Any, Any]], list[Any]]]:
    """The answers of a version by section: (section, rows, fields that are withheld)."""
    form = procedure.form_of(case.route)
    seen = shown(form, version.answers, to)
    hidden = set(withheld(form, version.answers, to))
    for section in form.sections.values():
        here = [one for one in asked(form, version.answers) if one.section == section.id]
        rows = [
            (one, seen[one.id] if one.kind == "file" else written(one, seen[one.id]))
            for one in here
            if one.id in seen
        ]
        yield section, rows, [one for one in here if one.id in hidden]


def history(case: Case, to: Party, procedure: Procedure) -> list[dict[str, Any]]:
    """What happened, newest first: who in which role, what it says, its place in the ledger."""
    rows = StoredEvent.objects.filter(case_id=case.id, refused=False).order_by("seq")
    seqs = list(rows.values_list("seq", flat=True))
    out = []
    for seq, event in zip(seqs, case.events, strict=True):
        rule = procedure.acts.get(event.kind)
        if to != "holder" and rule is not None and rule.only_saves:
            continue  # how a draft grew is its holder's own business
        role = procedure.parties.get(event.role)
        statement = event.data.get("statement") or event.data.get("hearing") or {}
        statement = statement.get("statement", statement) if isinstance(statement, dict) else {}
        texts = [
            event.data[key] for key in ("text", "urgency", "new_facts") if event.data.get(key)
        ]
        texts += [one["text"] for one in event.data.get("requests", ())]
        responses = event.data.get("hearing") or {}
        texts += responses.get("responses", []) if isinstance(responses, dict) else []
        out.append(
            {
                "seq": seq,
                "at": event.at,
                "name": step_name(event, procedure),
                "role": role.name if role else None,
                "texts": texts,
                "reasons": list(reason_rows(statement, procedure)),
                "remedies": list(remedy_rows(statement, procedure)),
            }
        )
    return list(reversed(out))


def party_of(actor: Actor) -> Party:
    """How much of a form an actor sees of a case that they may see."""
    return "holder" if actor.side == "provider" else "regulator"


def free_number(case: Case, moment: datetime, procedure: Procedure) -> str | None:
    """A number for the grant that nobody has yet."""
    granted = StoredCase.objects.exclude(number=None).filter(route=case.route)
    serial, of_holder = granted.count() + 1, granted.filter(holder__code=case.holder).count() + 1
    today = local_day(moment, procedure.time_zone)
    for more in range(20):
        number = proposed_number(case, today, serial + more, of_holder, procedure)
        if number and not StoredCase.objects.filter(number=number).exists():
            return number
    return None
