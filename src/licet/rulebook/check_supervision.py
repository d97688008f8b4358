"""Do the proceedings hold together? Whatever a row names exists, and nobody is alone with power.

It refuses to know where rows come from and what happens in a proceeding.

Rules
1. Every stage, act, role, form, field and basis that a row names is there.
2. Something opens a proceeding; every stage can be reached, and only final ones are never left.
3. A machine acts in the name `machine` and takes no role; of a ladder it takes only steps that
   allow it. An act that weighs what somebody did is not done by that person (`override`, `open`).
4. A grade stands as a choice in the form that asks for it, so that people and clocks mean one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from licet.rulebook.grounds import Fault
from licet.rulebook.proceeding import ProceedingAct, ProceedingClock, ProceedingRules, Supervision

GRADE = "grade"
"""The field of an incident that says how grave it is."""


def check_supervision(of: Supervision, law: frozenset[str]) -> tuple[Fault, ...]:
    """Everything in the proceedings that names what isn't there, or leaves due process out."""
    faults = [
        fault
        for rules in of.proceedings.values()
        for fault in (*_Checker(rules, law).all(), *_grades(of, rules))
    ]
    if of.ladder:
        ranks = [step.rank for step in of.ladder.steps.values()]
        if ranks != list(range(1, len(ranks) + 1)):
            remedy = "Number them 1, 2, 3 from the mildest."
            faults.append(Fault("measure.toml", "step", "the ranks have gaps.", remedy))
    form, levels = (of.dossier.form.fields, of.dossier.levels) if of.dossier else ({}, ())
    chain = (of.dossier.chain,) if of.dossier and of.dossier.chain else ()
    for name in (*levels, *chain):
        if name not in form:
            remedy = f"Known: {', '.join(form)}."
            faults.append(Fault("dossier.toml", "levels", f"there is no field {name!r}.", remedy))
    return tuple(faults)


@dataclass(frozen=True, slots=True)
class _Checker:
    of: ProceedingRules
    law: frozenset[str]

    def all(self) -> Iterator[Fault]:
        yield from self.stages()
        for act in self.of.acts.values():
            yield from self.act(act)
        for clock in self.of.clocks.values():
            yield from self.clock(clock)

    def stages(self) -> Iterator[Fault]:
        of = self.of
        reached = {act.to for act in of.acts.values() if act.to}
        reached |= {to for clock in of.clocks.values() for to in clock.expires.values()}
        left = {at for act in of.acts.values() if act.to or act.returns for at in act.at}
        left |= {at for clock in of.clocks.values() for at in clock.expires}
        for stage in of.stages.values():
            key = f"stage {stage.id}"
            if stage.id not in reached:
                yield self._fault(key, "nothing leads there.", "Remove it, or lead to it.")
            if stage.final == (stage.id in left):
                remedy = "Say final = true where nothing leads out, and only there."
                yield self._fault(key, "is final and left, or open and a trap.", remedy)
        if not any(act.opens for act in of.acts.values()):
            yield self._fault("act", "nothing begins it.", "Give an act opens = true.")

    def act(self, act: ProceedingAct) -> Iterator[Fault]:
        of, key = self.of, f"act {act.id}"
        roles = {role.id for role in of.roles.values() if role.side == act.side}
        yield from self._absent(key, "role of its side", act.by, roles)
        yield from self._absent(key, "stage", (*act.at, *((act.to,) if act.to else ())), of.stages)
        yield from self._absent(key, "act", (*act.after, *act.apart_from), of.acts)
        yield from self._absent(key, "form", (act.form,) if act.form else (), of.forms)
        form = of.forms.get(act.form or "")
        fields = form.fields if form else {}
        yield from self._absent(key, "field", act.needs, fields)
        yield from self._absent(key, "basis", act.basis, self.law)
        if act.opens == bool(act.at) or (act.opens and not act.to):
            yield self._fault(key, "opens or has stages.", "An act that opens has `to`, no `at`.")
        if (act.side == "machine") == bool(act.by):
            remedy = "Give `by` to every act of people, and to no other."
            yield self._fault(key, "says wrongly who does it.", remedy)
        if {"override", "open"} & set(act.effects) and not act.apart_from:
            yield self._fault(key, "is decided by one pair of eyes.", "Add apart_from.")

    def clock(self, clock: ProceedingClock) -> Iterator[Fault]:
        of, key = self.of, f"clock {clock.id}"
        fields = {name: f for form in of.forms.values() for name, f in form.fields.items()}
        yield from self._absent(key, "act", (*clock.starts, *clock.stops), of.acts)
        stages = (*clock.rests, *clock.expires, *clock.expires.values())
        yield from self._absent(key, "stage", stages, of.stages)
        named = tuple(name for name in (clock.since, clock.until, *clock.when) if name)
        yield from self._absent(key, "field", named, fields)
        for name, answers in clock.when.items():
            if name in fields:
                known = tuple(fields[name].choices) or ("yes", "no")
                yield from self._absent(key, f"answer to {name}", answers, known)
        yield from self._absent(key, "basis", clock.basis, self.law)
        if clock.expires and clock.rests:
            yield self._fault(key, "expires and rests.", "A period that ends by itself runs on.")

    def _absent(
        self,
        key: str,
        kind: str,
        named: Iterable[str | None],
        known: Iterable[str] | Mapping[str, object],
    ) -> Iterator[Fault]:
        shelf = set(known)
        for name in named:
            if name not in shelf:
                listed = ", ".join(sorted(shelf)) or "none"
                yield self._fault(key, f"there is no {kind} {name!r}.", f"Known: {listed}.")

    def _fault(self, key: str, problem: str, remedy: str) -> Fault:
        return Fault(f"{self.of.kind}.toml", key, problem, remedy)


def _grades(of: Supervision, rules: ProceedingRules) -> Iterator[Fault]:
    if rules.kind != "incident" or of.incident is None:
        return
    grades = of.incident.grades
    for form in rules.forms.values():
        if GRADE in form.fields and set(form.fields[GRADE].choices) != set(grades):
            remedy = f"The choices are {', '.join(grades)}."
            yield Fault("incident.toml", f"{form.id}.{GRADE}", "has other grades.", remedy)
    for grade in (of.incident.proposed, of.incident.proposed_alone):
        if grade not in grades:
            remedy = f"Known: {', '.join(grades)}."
            yield Fault("incident.toml", "proposed_grade", f"no grade {grade!r}.", remedy)
