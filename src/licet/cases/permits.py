"""May this person do this now? Everything that can be said before seeing what they bring.

It refuses to know what an act does.

Rules
1. A holder's staff act for their own organisation, the authority's officers for the authority;
   nobody acts for the other side.
2. An act is open in the stages, rounds and routes that its row names, to the roles that it names.
3. Four eyes: whoever did an act that the row names in `apart_from`, in the same matter, may not
   do this one, whatever other roles they have.
4. An adverse act comes after the holder was heard, waived or let the time pass, or it acts on
   recorded urgency and lapses unless confirmed. A hearing that was asked for is held, and one that
   nobody asked for does not shorten the holder's time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from licet.cases.deed import Deed, matter, tracks
from licet.cases.model import Case, Hearing, Refusal
from licet.rulebook.procedure import Procedure, Side

Guard = Callable[[Deed], Refusal | None]


def refused(deed: Deed) -> Refusal | None:
    """The first reason why this act is not open to this actor at this moment, or None."""
    return next((no for guard in _GUARDS if (no := guard(deed)) is not None), None)


def out_of_place(deed: Deed) -> Refusal | None:
    """The reason why the act is open to nobody, or not to this side: it does not fit the case."""
    return next((no for guard in _GUARDS[:3] if (no := guard(deed)) is not None), None)


def awaited(case: Case, today: date, procedure: Procedure) -> frozenset[Side]:
    """The sides that a settled case waits for: whoever holds the filing and, where somebody is
    heard, the holder while they may still speak, then the authority. While a hearing about the
    filing is open, the filing waits for nobody else. What lapses unless the authority acts waits
    for it while nobody is heard."""
    holder = procedure.stages[case.filing].holder
    hearing = case.hearing
    if hearing is None:
        waits: set[Side] = {holder} if holder else set()
        if _lapses(case, procedure):
            waits.add("authority")
        return frozenset(waits)
    speaking = today <= hearing.until and not (hearing.waived or hearing.asked)
    turn: Side = "provider" if speaking else "authority"
    if holder is None or "filing" in tracks(procedure.acts[hearing.act]):
        return frozenset({turn})
    return frozenset({turn, holder})


def _lapses(case: Case, procedure: Procedure) -> bool:
    """Whether the case is in a stage that ends by itself unless the authority acts."""
    return any(
        clock.bearer == "authority"
        and clock.expiry is not None
        and (not clock.routes or case.route in clock.routes)
        and case.stage(clock.expiry.track) in clock.expiry.at
        for clock in procedure.clocks.values()
    )


def heard(deed: Deed) -> bool:
    """Whether the holder has been heard on this act (rule 4)."""
    hearing = deed.case.hearing
    if hearing is None or hearing.act != deed.rule.id:
        return False
    if hearing.waived or (hearing.held and hearing.asked):
        return True
    return deed.today > hearing.until and not (hearing.asked and not hearing.held)


def _side(deed: Deed) -> Refusal | None:
    actor, rule = deed.actor, deed.rule
    if actor.side != rule.side:
        return _no(deed, "other_side")
    if actor.side == "provider" and actor.organisation != deed.case.holder:
        return _no(deed, "not_yours")
    return None


def _role(deed: Deed) -> Refusal | None:
    if deed.actor.roles & set(deed.rule.by):
        return None
    names = [deed.procedure.parties[role].id for role in deed.rule.by]
    return _no(deed, "not_your_role", roles=", ".join(names))


def _stage(deed: Deed) -> Refusal | None:
    case, rule = deed.case, deed.rule
    if rule.routes and case.route not in rule.routes:
        return _no(deed, "other_route")
    for track, stages in rule.at.items():
        if case.stage(track) not in stages:
            return _no(deed, "not_now", stage=case.stage(track))
    if "filing" in rule.at and case.round.kind not in rule.rounds:
        return _no(deed, "other_round", round=case.round.kind)
    return None


def _four_eyes(deed: Deed) -> Refusal | None:
    for event in matter(deed.case, *tracks(deed.rule)):
        if event.kind in deed.rule.apart_from and event.actor == deed.actor.account:
            return _no(deed, "four_eyes", did=event.kind)
    return None


def _heard(deed: Deed) -> Refusal | None:
    rule, hearing = deed.rule, deed.case.hearing
    if not rule.adverse or "urgency" in rule.effects or heard(deed):
        return None
    if hearing is None or hearing.act != rule.id:
        return _no(deed, "not_heard")
    if hearing.asked and not hearing.held:
        return _no(deed, "hearing_asked")
    return _no(deed, "hearing_open", until=hearing.until.isoformat())


def _hearing_fits(deed: Deed) -> Refusal | None:
    effects, hearing = set(deed.rule.effects), deed.case.hearing
    if "invite" in effects and hearing is not None:
        return _no(deed, "one_hearing")
    if effects & {"respond", "ask_hearing", "waive", "hold_hearing", "drop"}:
        if hearing is None or not _of_its_track(deed, hearing):
            return _no(deed, "no_hearing")
        if "ask_hearing" in effects and deed.today > hearing.until:
            return _no(deed, "too_late", until=hearing.until.isoformat())
    return None


def _of_its_track(deed: Deed, hearing: Hearing) -> bool:
    """Where a row names the act that its hearing is for, the hearing open must be that one's."""
    return deed.rule.hears in (None, hearing.act)


def _checked(deed: Deed) -> Refusal | None:
    if "conclude" not in deed.rule.effects:
        return None
    left = ", ".join(unassessed(deed))
    return _no(deed, "checks_left", checks=left) if left else None


def unassessed(deed: Deed) -> Iterator[str]:
    """The items of the checklist without a finding on the version last filed."""
    case = deed.case
    version = str(case.filed.number) if case.filed else ""
    for check in deed.procedure.checks_of(case.route):
        if case.findings.get(check.id, {}).get("version") != version:
            yield check.id


def _extended(deed: Deed) -> Refusal | None:
    if "extend" not in deed.rule.effects:
        return None
    again = any(
        event.data.get("extension", {}).get("clock") == deed.rule.clock
        for event in matter(deed.case, "filing")
    )
    return _no(deed, "extended_before") if again else None


def _no(deed: Deed, code: str, **params: str) -> Refusal:
    return Refusal(code, deed.rule.id, params)


_GUARDS: tuple[Guard, ...] = (
    _side,
    _stage,
    _hearing_fits,
    _role,
    _four_eyes,
    _heard,
    _checked,
    _extended,
)
