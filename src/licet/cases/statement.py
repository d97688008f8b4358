"""The statement of reasons: what was decided, on what law and facts, who was heard, what can be
done against it and until when.

It refuses to know how a statement is shown and where it is published.

Rules
1. The pack says which fields an officer fills in; what the case already knows is not asked again.
2. A statement cites provisions that exist in the pack, and at least one.
3. Nothing is decided by a machine alone: the field `automated` says so because a person acted.
4. Every remedy has a last day, reckoned by the calendar from the day of the decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from licet.cases.deed import Deed, matter, tracks
from licet.cases.model import Fault
from licet.cases.text import unfit, worded
from licet.rulebook.procedure import Reason

PROVISIONS = "provisions"


def compose(deed: Deed, brought: object) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """The statement for a deed, and what is wrong with what the officer wrote."""
    if not isinstance(brought, Mapping):
        return {}, (Fault("statement", "missing"),)
    asked = reasons_of(deed)
    faults = [fault for reason in asked for fault in _faults(deed, reason, brought)]
    known = {reason.id for reason in asked}
    faults += [
        Fault(f"statement.{name}", "no_such_field") for name in brought if name not in known
    ]
    written = {reason.id: brought[reason.id] for reason in asked if brought.get(reason.id)}
    return {**written, **_known(deed)}, tuple(faults)


def reasons_of(deed: Deed) -> tuple[Reason, ...]:
    """The fields to be filled in for this act, in the order of the pack."""
    rule = deed.rule
    of = {"every"}
    if rule.adverse or "invite" in rule.effects:
        of.add("adverse")
    if rule.adverse and "urgency" not in rule.effects:
        of.add("heard")
    return tuple(r for r in deed.procedure.reasons.values() if r.of in of)


def _known(deed: Deed) -> dict[str, Any]:
    rule, case = deed.rule, deed.case
    known: dict[str, Any] = {
        "decision": rule.decision or rule.id,
        "pack": f"{deed.procedure.pack}@{deed.procedure.version}",
        "case": case.id,
        "number": case.grant.number if case.grant else None,
        "decider_role": role_of(deed),
        "second_decider_role": _second(deed),
        "effective_from": deed.today.isoformat(),
        "automated": "not_automated",
        "supersedes": len(case.statements) or None,
    }
    if rule.adverse:
        known["heard"] = _heard(deed)
        known["remedies"] = list(_remedies(deed))
    return known


def role_of(deed: Deed) -> str:
    """The role in which the actor acts: the first of the row that they have."""
    return next(role for role in deed.rule.by if role in deed.actor.roles)


def _second(deed: Deed) -> str | None:
    """The role of whoever did the other half of a decision by two."""
    hands = [
        event.role
        for event in matter(deed.case, *tracks(deed.rule))
        if event.kind in deed.rule.apart_from
    ]
    return hands[-1] if hands else None


def _heard(deed: Deed) -> dict[str, Any]:
    hearing = deed.case.hearing
    if hearing is None or hearing.act != deed.rule.id:
        return {"invited": False, "urgency": True}
    return {
        "invited": True,
        "until": hearing.until.isoformat(),
        "responses": len(hearing.responses),
        "waived": hearing.waived,
        "hearing_asked": hearing.asked,
        "hearing_held": hearing.held,
    }


def _remedies(deed: Deed) -> Iterator[dict[str, Any]]:
    for remedy in deed.procedure.remedies.values():
        last = deed.period(remedy.length, remedy.kind)
        yield {
            "remedy": remedy.id,
            "due": last.day.isoformat(),
            "presumed": last.presumed,
            "suspensive": remedy.suspensive,
        }


def _faults(deed: Deed, reason: Reason, brought: Mapping[str, Any]) -> Iterator[Fault]:
    value, name = brought.get(reason.id), f"statement.{reason.id}"
    if value in (None, "", []):
        if reason.required:
            yield Fault(name, "missing")
        return
    most = deed.procedure.limits.long_text_characters
    if reason.kind == "text":
        yield from worded(name, value, most)
    elif not isinstance(value, list) or any(unfit(word, most) for word in value):
        yield Fault(name, "no_text")
    elif reason.id == PROVISIONS:
        law = deed.procedure.provisions | set(deed.procedure.bases)
        for word in value:
            if word not in law:
                yield Fault(name, "no_such_provision", {"provision": word})
