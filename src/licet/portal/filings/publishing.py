"""From a case to its listing in the public register.

It refuses to decide what is public: the form's fields say it, and the stage's `shown`.

Rules
1. A listing is made from the case alone, so making it again gives the same.
2. Words of the pack are written into the listing as they are now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from licet.cases import Case, Event, asked, depends_on, display_text, settled, shown, told
from licet.portal.accounts.models import Body
from licet.portal.filings.models import StoredEvent
from licet.portal.register.models import Listing, Step, Version
from licet.portal.register.reading import fold
from licet.rulebook import Procedure
from licet.rulebook.procedure import Field

LANGUAGES = ("zh", "en")
BOTH = {"yes": {"zh": "是", "en": "Yes"}, "no": {"zh": "否", "en": "No"}}


def show_publicly(case: Case, now: datetime, procedure: Procedure) -> bool:
    """Make the listing of this case anew; False for a case that has none."""
    case = settled(case, now)
    stage = procedure.stages[case.licence]
    if case.grant is None or not stage.shown or case.in_force is None:
        return False
    body = Body.objects.get(code=case.holder)
    upstream = depends_on(case, procedure) or ""
    route, title = procedure.routes[case.route], case.in_force.answers
    name = str(title.get(procedure.form_of(case.route).title, case.grant.number))
    fields: dict[str, Any] = {
        "number": case.grant.number,
        "route": case.route,
        "route_name": dict(route.name),
        "title": name[:200],
        "holder": body.name_zh,
        "region": body.region,
        "status": stage.status,
        "stage_name": dict(stage.name),
        "granted": case.grant.granted_at,
        "changed": case.events[-1].at,
        "until": case.grant.until,
        "upstream": upstream,
        "upstream_status": _upstream_status(case, upstream, procedure),
        "conditions": [one["text"] for one in case.grant.conditions],
        "display": {code: display_text(case, code, procedure) for code in LANGUAGES},
        "search": fold(" ".join((case.grant.number, name, body.name_zh, body.name_en, upstream))),
    }
    listing, _ = Listing.objects.update_or_create(case=case.id, defaults=fields)
    listing.versions.all().delete()
    listing.steps.all().delete()
    Version.objects.bulk_create(_versions(listing, case, procedure))
    Step.objects.bulk_create(_steps(listing, case, procedure))
    return True


def _upstream_status(case: Case, upstream: str, procedure: Procedure) -> str:
    flag = next((one for one in case.flags if one.upstream == upstream), None)
    if flag is not None:
        return procedure.stages[flag.stage].status
    return "valid" if upstream else ""


def _versions(listing: Listing, case: Case, procedure: Procedure) -> Iterator[Version]:
    """The versions that were in force, one after the other."""
    form, last, number = procedure.form_of(case.route), 0, 0
    for event in case.events:
        granted = event.data.get("grant")
        if granted is None or granted["version"] == last:
            continue
        last, number = granted["version"], number + 1
        answers = case.versions[last - 1].answers
        public = shown(form, answers, "public")
        rows = [_row(f, public[f.id]) for f in asked(form, answers) if f.id in public]
        yield Version(listing=listing, number=number, at=event.at, rows=rows)


def _row(field: Field, value: Any) -> dict[str, Any]:
    """An answer as a row of a version; a file can be fetched by its digest."""
    row = {"id": field.id, "label": dict(field.label), "value": written(field, value)}
    if isinstance(value, Mapping):
        row |= {"name": value["name"], "file": value["sha256"]}
    return row


def written(field: Field, value: Any) -> Any:
    """An answer as people read it: text, or text by language."""
    if isinstance(value, bool):
        return BOTH["yes" if value else "no"]
    if field.choices:
        chosen = [value] if isinstance(value, str) else list(value)
        labels = [field.choices[one].label for one in chosen if one in field.choices]
        return {"zh": "、".join(t["zh"] for t in labels), "en": ", ".join(t["en"] for t in labels)}
    if isinstance(value, Mapping):
        return f"{value['name']} · SHA-256 {value['sha256']}"
    return str(value)


def _steps(listing: Listing, case: Case, procedure: Procedure) -> Iterator[Step]:
    """What changed a licence, with its reasons, from the grant on."""
    places = StoredEvent.objects.filter(case_id=case.id, refused=False).order_by("seq")
    seqs = list(places.values_list("seq", flat=True))
    status = "none"
    for seq, event in zip(seqs, case.events, strict=False):
        status = _status_after(event, status, procedure)
        if not _is_public(event):
            continue
        statement = event.data.get("statement", {})
        yield Step(
            listing=listing, seq=seq, at=event.at, name=step_name(event, procedure),
            status=status, reasons=list(reason_rows(statement, procedure)),
            remedies=list(remedy_rows(statement, procedure)),
        )  # fmt: skip


def _is_public(event: Event) -> bool:
    return ("licence" in event.data.get("moves", {}) and event.kind != "opened") or (
        "grant" in event.data or "flag" in event.data
    )


def _status_after(event: Event, before: str, procedure: Procedure) -> str:
    stage = event.data.get("moves", {}).get("licence")
    return procedure.stages[stage].status if stage else before


def step_name(event: Event, procedure: Procedure) -> dict[str, str]:
    """What happened, by language."""
    return {code: told(event, code, procedure) for code in LANGUAGES}


def reason_rows(statement: Mapping[str, Any], procedure: Procedure) -> Iterator[dict[str, Any]]:
    """The statement of reasons as rows, in the order of the pack."""
    for reason in procedure.reasons.values():
        value = statement.get(reason.id)
        if value:
            text = ", ".join(value) if isinstance(value, list) else value
            yield {"id": reason.id, "label": dict(reason.label), "value": text}


def remedy_rows(statement: Mapping[str, Any], procedure: Procedure) -> Iterator[dict[str, Any]]:
    """What can be done against it, with the last days."""
    for one in statement.get("remedies", ()):
        remedy = procedure.remedies[one["remedy"]]
        yield {"name": dict(remedy.name), "body": dict(remedy.body), "until": one["due"]}
