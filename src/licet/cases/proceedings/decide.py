"""What follows when somebody wants to do something in a proceeding: events, or a lawful "no".

    events = begin("incident-1", Act("find", {...}), person, now, rules, {"provider": "acme"})
    events = decide(proceeding, Act("grade", {...}), person, now, rules)

It refuses to know the names of acts and stages, storage, and the time of day.

Rules
1. `decide` is a function of its arguments and changes nothing; whoever calls it stores the events
   that it returns, or the refusal.
2. What fell due before the act comes first among the events, dated when it fell due.
3. An act that is refused leaves no event of its own.
4. `possible` lists exactly the acts that `decide` would not refuse for who, when or where.
5. What no form asks for is refused, so that nothing is dropped in silence and nothing is smuggled
   into a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from licet.cases.forms import kept, missing, wrong
from licet.cases.model import SYSTEM, Act, Event, Fault, Refusal
from licet.cases.proceedings.clocks import ends_at
from licet.cases.proceedings.deed import Deed
from licet.cases.proceedings.effects import brought
from licet.cases.proceedings.fold import apply, due
from licet.cases.proceedings.model import Parties, Person, Proceeding
from licet.cases.proceedings.permits import out_of_place, refused
from licet.rulebook.procedure import Form
from licet.rulebook.proceeding import ProceedingAct, ProceedingRules

MACHINE = Person(SYSTEM, "machine", SYSTEM, frozenset())
"""Who acts where nobody does: it registers, counts, proposes, and does what a pack leaves it."""


def begin(
    proceeding_id: str,
    act: Act,
    person: Person,
    now: datetime,
    rules: ProceedingRules,
    parties: Parties,
) -> tuple[Event, ...] | Refusal:
    """The first event of a proceeding, or why there is none."""
    rule = rules.acts.get(act.id)
    if rule is None:
        return Refusal("no_such_act", act.id)
    deed = Deed(None, parties, rule, person, now, rules, act.data)
    head = {
        "id": proceeding_id,
        "kind": rules.kind,
        "pack": rules.pack,
        "parties": dict(parties),
    }
    return _done(deed, {"proceeding": head})


def decide(
    of: Proceeding, act: Act, person: Person, now: datetime, rules: ProceedingRules
) -> tuple[Event, ...] | Refusal:
    """The events that the act leads to, or why it does not."""
    rule = rules.acts.get(act.id)
    if rule is None:
        return Refusal("no_such_act", act.id)
    of, now, fallen = _settled(of, now)
    done = _done(Deed(of, of.parties, rule, person, now, rules, act.data), {})
    return done if isinstance(done, Refusal) else (*fallen, *done)


def possible(
    of: Proceeding, person: Person, now: datetime, rules: ProceedingRules
) -> tuple[ProceedingAct, ...]:
    """The acts that are open to this person now, in the order of the pack."""
    return tuple(d.rule for d in _deeds(of, person, now, rules) if refused(d) is None)


def barred(
    of: Proceeding, person: Person, now: datetime, rules: ProceedingRules
) -> tuple[Refusal, ...]:
    """Acts that fit the proceeding but are not open to this person now, each with its reason."""
    fitting = (d for d in _deeds(of, person, now, rules) if out_of_place(d) is None)
    return tuple(no for deed in fitting if (no := refused(deed)) is not None)


def _settled(of: Proceeding, now: datetime) -> tuple[Proceeding, datetime, tuple[Event, ...]]:
    now = max(now, of.events[-1].at)
    fallen = due(of, now)
    for event in fallen:
        of = apply(of, event)
    return of, now, fallen


def _deeds(
    of: Proceeding, person: Person, now: datetime, rules: ProceedingRules
) -> Iterator[Deed]:
    of, now, _ = _settled(of, now)
    for rule in rules.acts.values():
        yield Deed(of, of.parties, rule, person, now, rules, {})


def _done(deed: Deed, head: Mapping[str, Any]) -> tuple[Event, ...] | Refusal:
    refusal = refused(deed)
    if refusal is not None:
        return refusal
    outcome = brought(deed)
    faults = (*_asked(deed), *outcome.faults)
    if faults:
        return Refusal("bad_data", deed.rule.id, {}, _once(faults))
    facts = {**_answers(deed), **outcome.facts}
    data: dict[str, Any] = {**head, **({"facts": facts} if facts else {})}
    if deed.rule.to:
        data["stage"] = deed.rule.to
    elif deed.rule.returns and deed.of is not None:
        data["stage"] = deed.of.before[-1]
    timers = list(_timers(deed, {**deed.facts, **facts}))
    if timers:
        data["timers"] = timers
    return (Event(deed.rule.id, deed.person.account, _role(deed), deed.now, data),)


def _asked(deed: Deed) -> tuple[Fault, ...]:
    """What is wrong with what was brought, by the form of the act (rule 5)."""
    rule, data = deed.rule, deed.data
    form = deed.rules.forms[rule.form] if rule.form else None
    if form is None:
        return tuple(Fault(str(name), "not_asked") for name in data)
    if not all(isinstance(name, str) for name in data):
        return (Fault("form", "no_such_field"),)
    whole = _whole(deed, form)
    faults = missing(form, whole) if rule.whole else wrong(form, data)
    lacking = (name for name in rule.needs if whole.get(name) in (None, "", []))
    faults = (*faults, *(Fault(name, "missing") for name in lacking))
    if not faults and not data:
        return (Fault(form.title, "missing"),)
    return faults


def _whole(deed: Deed, form: Form) -> Mapping[str, Any]:
    """What was brought; where the act continues a form, with what earlier acts brought to it."""
    if not deed.rule.continues:
        return deed.data
    return {**{n: deed.facts[n] for n in form.fields if n in deed.facts}, **deed.data}


def _answers(deed: Deed) -> dict[str, Any]:
    form = deed.rules.forms[deed.rule.form] if deed.rule.form else None
    if form is None:
        return {}
    return {n: value for n, value in kept(form, _whole(deed, form)).items() if n in deed.data}


def _once(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """One fault a field: the first is what to mend first."""
    first: dict[str, Fault] = {}
    for fault in faults:
        first.setdefault(fault.field, fault)
    return tuple(first.values())


def _timers(deed: Deed, facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for clock in deed.rules.clocks.values():
        if clock.expires and deed.rule.id in clock.starts:
            last = ends_at(clock, deed.now, deed.rules, facts)
            yield {"clock": clock.id, "at": last.isoformat(), "to": dict(clock.expires)}


def _role(deed: Deed) -> str:
    return next((role for role in deed.rule.by if role in deed.person.roles), SYSTEM)
