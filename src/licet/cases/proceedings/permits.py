"""May this person do this now? Everything that can be said before seeing what they bring.

It refuses to know what an act leads to.

Rules
1. Each acts for their own side, and where a proceeding names who stands at that desk, for them.
2. An act is open in the stages that its row names, to the roles that it names, after the acts that
   it follows, and once where it says so. The machine has no role.
3. Four eyes: whoever did an act that the row names in `apart_from` may not do this one, whatever
   other roles they have. It holds by account, over the whole proceeding.
4. What an effect can say beforehand it says here: nothing is released that its own proof does not
   bear out, and nothing is opened before enough sides, or people, gave their shares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from licet.cases.model import Refusal
from licet.cases.proceedings.clocks import clocks
from licet.cases.proceedings.deed import Deed
from licet.cases.proceedings.model import Proceeding
from licet.rulebook.proceeding import ProceedingEffect, ProceedingRules

BETTER = "better"
"""The one verdict that bears a release."""

IDENTITY, SECTION = "identity", "section"
"""What opens only with shares: of several sides, or of several people at the authority."""

Guard = Callable[[Deed], Refusal | None]


def refused(deed: Deed) -> Refusal | None:
    """The first reason why this act is not open to this person at this moment, or None."""
    for guard in _OF_ALL:
        no = guard(deed)
        if no is not None:
            return no
    for effect in deed.rule.effects:
        no = _OF_EFFECTS[effect](deed) if effect in _OF_EFFECTS else None
        if no is not None:
            return no
    return None


def out_of_place(deed: Deed) -> Refusal | None:
    """The reason why the act is open to nobody, or not to this side."""
    return _side(deed) or _stage(deed)


def given(deed: Deed) -> frozenset[tuple[str, str]]:
    """Who has given a share: side and account."""
    shares = {act.id: act.side for act in deed.rules.acts.values() if "share" in act.effects}
    events = deed.of.events if deed.of else ()
    return frozenset((shares[e.kind], e.actor) for e in events if e.kind in shares)


def provider_knows(of: Proceeding, rules: ProceedingRules) -> bool:
    """Whether the provider may see it: where a kind has acts that tell it, once one was done."""
    telling = [act.id for act in rules.acts.values() if "tell" in act.effects]
    return not telling or bool(of.did(*telling))


def authority_knows(of: Proceeding, rules: ProceedingRules) -> bool:
    """Whether a stage was reached in which the authority has something to do."""
    theirs = {at for act in rules.acts.values() if act.side == "authority" for at in act.at}
    return bool(theirs & {*of.before, of.stage})


def _side(deed: Deed) -> Refusal | None:
    person = deed.person
    if person.side != deed.rule.side:
        return deed.no("other_side")
    if person.organisation != deed.parties.get(person.side, person.organisation):
        return deed.no("not_yours")
    return None


def _stage(deed: Deed) -> Refusal | None:
    if (deed.of is None) != deed.rule.opens:
        return deed.no("not_now", stage=deed.of.stage if deed.of else "")
    if deed.of is not None and deed.of.stage not in deed.rule.at:
        return deed.no("not_now", stage=deed.of.stage)
    return None


def _role(deed: Deed) -> Refusal | None:
    if not deed.rule.by or deed.person.roles & set(deed.rule.by):
        return None
    return deed.no("not_your_role", roles=", ".join(deed.rule.by))


def _order(deed: Deed) -> Refusal | None:
    rule, of = deed.rule, deed.of
    if of is None:
        return None
    if rule.once and of.did(rule.id):
        return deed.no("done_before")
    if rule.after and not of.did(*rule.after):
        return deed.no("not_yet", acts=", ".join(rule.after))
    return None


def _four_eyes(deed: Deed) -> Refusal | None:
    for event in deed.of.did(*deed.rule.apart_from) if deed.of else ():
        if event.actor == deed.person.account:
            return deed.no("four_eyes", did=event.kind)
    return None


def _proven(deed: Deed) -> Refusal | None:
    return None if deed.facts.get("verdict") == BETTER else deed.no("not_proven")


def _override(deed: Deed) -> Refusal | None:
    return deed.no("is_proven") if deed.facts.get("verdict") == BETTER else None


def _share(deed: Deed) -> Refusal | None:
    """A person gives one share."""
    gave = any(account == deed.person.account for _, account in given(deed))
    return deed.no("done_before") if gave else None


def _open(deed: Deed) -> Refusal | None:
    order, opens = deed.rules.order, deed.facts.get("opens")
    if order is None or opens not in (IDENTITY, SECTION):
        return None
    if opens == IDENTITY:
        have, need = len({side for side, _ in given(deed)}), order.shares_needed
    else:
        have = sum(side == "authority" for side, _ in given(deed))
        need = order.section_shares_needed
    return None if have >= need else deed.no("shares_lack", have=str(have), need=str(need))


def _overdue(deed: Deed) -> Refusal | None:
    """Open where it is this side's turn, or where the other side is late."""
    side = deed.person.side
    if deed.of is None or deed.rules.stages[deed.of.stage].turn == side:
        return None
    others = (c for c in clocks(deed.of, deed.now, deed.rules) if c.bearer != side)
    return None if any(c.state == "overdue" for c in others) else deed.no("not_late")


_OF_ALL: tuple[Guard, ...] = (_side, _stage, _role, _order, _four_eyes)
"""What every act is asked, in this order; then what its effects ask."""

_OF_EFFECTS: Mapping[ProceedingEffect, Guard] = {
    "proven": _proven,
    "override": _override,
    "share": _share,
    "open": _open,
    "overdue": _overdue,
}
