"""What somebody without an account may see and do in a matter of theirs: by its number, or by its
number and a code.

It refuses to know HTTP and who they are.

Rules
1. The number of a measure opens its notice, as the number of a case opens its page: 60 bits of
   chance that nobody but the person and the provider has. What was only proposed does not exist.
2. They act on the side `public` under the name that the matter has for them, and no other matter
   is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from licet.cases import Event
from licet.cases.proceedings import Person as Actor
from licet.cases.proceedings import Proceeding, RunningClock, clocks, possible, settled, told
from licet.portal.design.languages import current
from licet.portal.incidents import service
from licet.portal.incidents.models import StoredMeasure, StoredProceeding
from licet.rulebook.proceeding import ProceedingAct, ProceedingRules


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, as somebody outside is told of it: what, when, by which side, and
    the words that were said."""

    name: str
    at: datetime
    side: str
    words: tuple[tuple[Any, str], ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter as the person whom it concerns sees it at a moment."""

    of: Proceeding
    known: ProceedingRules
    actor: Actor
    acts: tuple[ProceedingAct, ...]
    clocks: tuple[RunningClock, ...]
    holder: Any

    @property
    def stage(self) -> Any:
        return self.known.stages[self.of.stage]

    def past(self) -> Iterator[Step]:
        """What happened, newest first."""
        for event in reversed(self.of.events):
            yield _step(event, self.known)


def measure_of(number: str, now: datetime) -> Matter | None:
    """The measure with this number, once it was taken (rule 1)."""
    row = StoredMeasure.objects.filter(pk=number, taken__isnull=False).first()
    return matter_of(row.proceeding, now) if row is not None else None


def matter_of(row: StoredProceeding, now: datetime) -> Matter:
    """A matter at a moment, as the one whom it concerns sees it."""
    of = settled(service.load(row.pk), now)
    known = service.rules(of.kind)
    actor = person_of(of, known)
    return Matter(
        of, known, actor, possible(of, actor, now, known), clocks(of, now, known), row.holder
    )


def person_of(of: Proceeding, known: ProceedingRules) -> Actor:
    """The one whom a matter concerns, as the one who acts (rule 2)."""
    name = of.parties["public"]
    return Actor(name, "public", name, public_roles(known))


def public_roles(known: ProceedingRules) -> frozenset[str]:
    """The roles of the one whom such matters concern."""
    return frozenset(role.id for role in known.roles.values() if role.side == "public")


def _step(event: Event, known: ProceedingRules) -> Step:
    rule = known.acts.get(event.kind)
    side = rule.side if rule is not None else "machine"
    words: list[tuple[Any, str]] = []
    form = known.forms[rule.form] if rule is not None and rule.form else None
    if form is not None and rule is not None and rule.side != "machine":
        if "impose" in rule.effects:  # the notice says it already
            return Step(told(event, current().code, known), event.at, side, ())
        facts = event.data.get("facts", {})
        words = [
            (field, str(facts[field.id]))
            for field in form.fields.values()
            if field.kind == "long_text" and facts.get(field.id)
        ]
    return Step(told(event, current().code, known), event.at, side, tuple(words))
