"""What people are told of their cases, and of what follows after a halt: kept with the event that
it is about, shown in the portal.

It refuses to know letters, and whom an event concerns: `cases.notices` says that.

Rules
1. A notice is stored in the transaction of its event: whoever is decided about is told, or nothing
   was decided.
2. Every body of the side that is told has its own; whoever of the body reads it, reads it for
   themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.urls import reverse

from licet.cases import Case, Event, nearing, told_to
from licet.portal.accounts.models import Body, Person
from licet.portal.filings.models import Notice, StoredCase, StoredEvent
from licet.portal.filings.publishing import remedy_rows, step_name
from licet.rulebook import Procedure
from licet.rulebook.procedure import Side

SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as a page or a letter shows it; `what` and `remedies` by language; `subject`:
    a case or a proceeding, `page` the name of the page that shows it."""

    id: int
    subject: Any
    page: str
    at: datetime
    what: dict[str, str]
    due: date | None
    texts: tuple[str, ...]
    remedies: tuple[dict[str, Any], ...]
    new: bool

    @property
    def address(self) -> str:
        """Where the subject is read, in the language that is in use."""
        return reverse(self.page, args=(self.subject.pk,))

    @property
    def number(self) -> str:
        """The subject's number; empty where it has none yet."""
        return getattr(self.subject, "number", self.subject.pk) or ""


def tell(row: StoredCase, stored: StoredEvent, event: Event, procedure: Procedure) -> None:
    """Keep a notice of an event for every body that it is told to (rule 1)."""
    letter_at = event.at if settings.LICET_MAIL else None
    Notice.objects.bulk_create(
        Notice(body=body, case=row, event=stored, at=event.at, letter_at=letter_at)
        for side in told_to(event, procedure)
        for body in _bodies(row, side)
    )


def remind(row: StoredCase, case: Case, now: datetime, procedure: Procedure) -> None:
    """Keep a notice of every period that is near its end, and note when the next will be.

    Asked again, it keeps none twice. `row` is not saved.
    """
    told = set(Notice.objects.filter(case=row, event=None).values_list("clock", "due"))
    later = []
    for one in nearing(case, now, procedure):
        clock = one.clock
        if (clock.rule.id, clock.due) in told:
            continue
        if one.since > now:
            later.append(one.since)
            continue
        Notice.objects.bulk_create(
            Notice(
                body=body, case=row, clock=clock.rule.id, due=clock.due, at=now,
                letter_at=now if settings.LICET_MAIL else None,
            )
            for body in _bodies(row, clock.bearer)
        )  # fmt: skip
    row.warns = min(later, default=None)


def _bodies(row: StoredCase, side: Side) -> Iterable[Body]:
    if side == "provider":
        return (row.holder,)
    return Body.objects.filter(kind="authority")


def unread(person: Person) -> int:
    """How many notices of their body somebody has not marked as read."""
    return int(_of(person).filter(pk__gt=person.read_upto).count())


def newest(person: Person, procedure: Procedure) -> list[Told]:
    """The newest notices of somebody's body."""
    rows = (
        _of(person)
        .select_related("case__holder", "proceeding__holder", "event")
        .order_by("-id")[:SHOWN_MAX]
    )
    return [as_told(row, procedure, person.read_upto) for row in rows]


def mark_read(person: Person, upto: int) -> None:
    """Somebody has read their notices up to this one; what came since stays new."""
    last = _of(person).filter(pk__lte=upto).order_by("-id").values_list("pk", flat=True).first()
    if last is not None and last > person.read_upto:
        person.read_upto = last
        person.save(update_fields=["read_upto"])


def _of(person: Person) -> Any:
    return Notice.objects.filter(body=person.body)


def as_told(row: Notice, procedure: Procedure, read_upto: int = 0) -> Told:
    """A notice in words."""
    new = row.pk > read_upto
    if row.proceeding is not None:
        told: Told = import_module(settings.LICET_MATTERS).as_told(row, new=new)
        return told
    if row.event is None:
        clock = procedure.clocks.get(row.clock)
        what = dict(clock.name) if clock else {"zh": row.clock, "en": row.clock}
        return Told(row.pk, row.case, "case", row.at, what, row.due, (), (), new)
    stored = row.event
    event = Event(stored.kind, stored.actor, stored.role, stored.at, stored.data)
    statement = stored.data.get("statement", {})
    hearing = stored.data.get("hearing") or {}
    return Told(
        id=row.pk,
        subject=row.case,
        page="case",
        at=row.at,
        what=step_name(event, procedure),
        due=date.fromisoformat(hearing["until"]) if "until" in hearing else None,
        texts=tuple(_texts(stored.data)),
        remedies=tuple(remedy_rows(statement, procedure)),
        new=new,
    )


def _texts(data: dict[str, Any]) -> Iterator[str]:
    """What was written to whoever is told."""
    yield from (one["text"] for one in data.get("requests", ()))
    yield from (data.get("hearing") or {}).get("responses", ())
    yield from (data[key] for key in ("text", "urgency") if data.get(key))
    for statement in (data.get("statement"), (data.get("hearing") or {}).get("statement")):
        if statement and statement.get("facts"):
            yield statement["facts"]
