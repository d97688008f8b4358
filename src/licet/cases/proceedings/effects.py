"""What each effect makes of what was brought: further facts, or faults.

It refuses to know the names of acts and stages; rows of the pack combine effects.

Rules
1. An effect looks at the proceeding and never changes it: what it returns goes into the event.
2. A step of the ladder is bounded: in time, by what a machine may do, and by the step before.
3. A proof proves the candidate that it names and no other; a new candidate is unproven.
4. An order names. What is no number of a case, no pseudonym and no section of a dossier is
   refused, so a topic, a pattern or a list of everybody can't even be written down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from licet.cases.days import local_day
from licet.cases.forms import as_date, as_moment
from licet.cases.model import Fault
from licet.cases.proceedings.deed import Deed, Outcome
from licet.rulebook.proceeding import ProceedingEffect

CASE = re.compile(r"LC-\d{8}-[0-9A-Z]{12}|[0-9a-f]{32}", re.ASCII)
"""A case by its number or its mark (base/ids.py)."""
PSEUDONYM = re.compile(r"[0-9]{1,4}[A-Za-z0-9-]{1,12}~[0-9a-f]{32}", re.ASCII)
"""A person by a keyed pseudonym of one period (ledger/seal.py)."""
SECTION = re.compile(r"(dossier_[0-9a-z]{20})/([a-z][a-z0-9_]{0,63})", re.ASCII)
"""A section by its dossier and the field that it answers."""
_NAMES: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "identity": (CASE, PSEUDONYM),
    "excerpt": (CASE,),
    "section": (SECTION,),
}


def names_of(told: object) -> tuple[str, ...]:
    """The names that an order holds, one a line."""
    return tuple(line.strip() for line in str(told or "").splitlines() if line.strip())


def _impose(deed: Deed) -> Outcome:
    """law:cn-genai-2023/art14.2"""
    ladder = deed.rules.ladder
    data = {**deed.facts, **deed.data} if deed.rule.continues else deed.data
    step = ladder.steps.get(str(data.get("step"))) if ladder else None
    until = as_moment(data.get("until"))
    if ladder is None or step is None or until is None:
        return Outcome()  # the form has said what is wrong
    faults: list[Fault] = []
    if deed.rule.side == "machine" and not step.alone:
        faults.append(Fault("step", "not_alone"))
    if until <= deed.now:
        faults.append(Fault("until", "past"))
    elif until > deed.now + timedelta(hours=step.hours_max):
        faults.append(Fault("until", "too_late_a_day", {"hours": str(step.hours_max)}))
    prior = ladder.steps.get(str(data.get("prior_step")))
    skips = step.rank > (prior.rank if prior else 0) + 1
    if skips and not data.get("skip_reason"):
        faults.append(Fault("skip_reason", "missing"))
    return Outcome(faults=tuple(faults))


def _candidate(deed: Deed) -> Outcome:
    same = deed.data.get("candidate_sha256") == deed.data.get("before_sha256")
    forgotten = dict.fromkeys(("proven_sha256", "verdict", "proof_sha256"))
    return Outcome(forgotten, (Fault("candidate_sha256", "changes_nothing"),) if same else ())


def _prove(deed: Deed) -> Outcome:
    other = deed.data.get("proven_sha256") != deed.facts.get("candidate_sha256")
    return Outcome(faults=(Fault("proven_sha256", "other_candidate"),) if other else ())


def _scope(deed: Deed) -> Outcome:
    return Outcome(faults=tuple(_unnamed(deed)))


def _unnamed(deed: Deed) -> Iterator[Fault]:
    names, order = names_of(deed.data.get("names")), deed.rules.order
    forms = _NAMES.get(str(deed.data.get("opens")), ())
    last = as_date(deed.data.get("until"))
    if last is not None and last < local_day(deed.now, deed.rules.time_zone):
        yield Fault("until", "past")
    if order is not None and len(names) > order.names_max:
        yield Fault("names", "too_many_names", {"max": str(order.names_max)})
    if len(set(names)) != len(names):
        yield Fault("names", "named_twice")
    for name in names:
        if not any(form.fullmatch(name) for form in forms):
            yield Fault("names", "no_name", {"name": name[:40]})
        elif order is not None and (
            (section := SECTION.fullmatch(name)) and section[2] not in order.sections
        ):
            yield Fault("names", "no_section", {"name": section[2]})


def _share(deed: Deed) -> Outcome:
    """The same share given twice is one share."""
    told = deed.data.get("share_sha256")
    events = deed.of.events if deed.of else ()
    known = {event.data.get("facts", {}).get("share_sha256") for event in events}
    return Outcome(faults=(Fault("share_sha256", "same_share"),) if told in known else ())


def _version(deed: Deed) -> Outcome:
    """Versions are numbered from 1 without a gap, and each differs from the one before."""
    faults = []
    if deed.data.get("number") != deed.facts.get("number", 0) + 1:
        faults.append(Fault("number", "not_next"))
    if deed.data.get("version_sha256") == deed.facts.get("version_sha256"):
        faults.append(Fault("version_sha256", "same_version"))
    return Outcome(faults=tuple(faults))


def _nothing(_: Deed) -> Outcome:
    return Outcome()


EFFECTS: Mapping[ProceedingEffect, Callable[[Deed], Outcome]] = {
    "impose": _impose,
    "restore": _nothing,  # whoever counts steps leaves the measure out
    "candidate": _candidate,
    "prove": _prove,
    "proven": _nothing,  # said by `permits`, as what follows
    "override": _nothing,
    "scope": _scope,
    "share": _share,
    "open": _nothing,
    "tell": _nothing,
    "version": _version,
    "overdue": _nothing,
}


def brought(deed: Deed) -> Outcome:
    """What every effect of the act makes of what was brought."""
    facts: dict[str, Any] = {}
    faults: list[Fault] = []
    for effect in deed.rule.effects:
        outcome = EFFECTS[effect](deed)
        facts |= outcome.facts
        faults += outcome.faults
    return Outcome(facts, tuple(faults))
