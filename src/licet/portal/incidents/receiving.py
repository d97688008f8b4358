"""What a provider's installation tells of its proceedings: decided again here, event by event.

It refuses to know signatures and messages: who sent it was established before.

Rules
1. A history is believed as far as the rules here come to the same events from the same acts: what
   is not what they decide is not taken.
2. The provider's side and its machine speak, and whoever outside the matter concerns, in their own
   name in it; nothing of the authority's comes from outside.
3. What comes goes on from what is here. What was told before is held against it and not kept
   twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from licet.base.trouble import BadInput, Corrupt
from licet.cases import Act, Event, Refusal, event_from_json
from licet.cases import proceedings as rules_of
from licet.cases.model import SYSTEM
from licet.cases.proceedings import MACHINE, Proceeding
from licet.cases.proceedings import Person as Actor
from licet.credentials.message import NotTaken
from licet.portal.accounts.models import Body
from licet.portal.filings.models import Head
from licet.portal.incidents import service
from licet.portal.incidents.models import StoredProceeding
from licet.portal.incidents.outsiders import public_roles
from licet.rulebook.proceeding import Desk, ProceedingKind, ProceedingRules

EVENTS_MAX = 2_000
NAME_CHARACTERS_MAX = 64
BRINGS = frozenset({"version", "share"})
"""Effects of acts that say only the digest of what they bring."""
AHEAD = timedelta(minutes=5)
"""How far two installations' clocks may differ."""


def receive(
    head: Head, holder: Body, proceeding_id: str, kind: ProceedingKind, told: list[Any],
    now: datetime,
) -> None:  # fmt: skip
    """Keep what a provider tells of a proceeding from its beginning. Raises NotTaken."""
    if kind not in service.SENT or len(told) > EVENTS_MAX:
        raise NotTaken("bad-body", "this is no history that is taken here.")
    try:
        events = tuple(event_from_json(one) for one in told)
        of = _decided(events, proceeding_id, holder, service.rules(kind), now)
    except (BadInput, Corrupt, KeyError, TypeError) as unfit:
        raise NotTaken("bad-body", f"the events are no history: {unfit}.") from None
    row = StoredProceeding.objects.filter(pk=proceeding_id).first()
    if row is None:
        row = StoredProceeding(id=proceeding_id, kind=kind, holder=holder, opened=now, changed=now)
        row.save(force_insert=True)
        service.keep(head, row, None, of.events)
        return
    here = service.load(proceeding_id) if row.holder_id == holder.pk else None
    if here is None or here.events != of.events[: len(here.events)]:
        raise NotTaken("case-exists", "another history is known here under this id.")
    service.keep(head, row, here, of.events[len(here.events) :])


def step(
    head: Head, holder: Body, proceeding_id: str, act_id: str, data: dict[str, Any],
    account: str, now: datetime,
) -> Refusal | None:  # fmt: skip
    """Do an act of the provider's side; the lawful "no" where there is one. Raises NotTaken."""
    if not service.known_to(holder).filter(pk=proceeding_id).exists():
        raise NotTaken("no-such-case", "you have no such proceeding here.")
    rules = service.rules(service.load(proceeding_id).kind)
    rule = rules.acts.get(act_id)
    if rule is not None and {*rule.effects} & BRINGS:
        raise NotTaken("bad-body", f"{act_id} brings more than words; it has a kind of its own.")
    machine = rule is not None and rule.side == MACHINE.side
    actor = MACHINE if machine else installation(holder, account, rules)
    outcome = service.act_on(head, proceeding_id, act_id, data, actor, now)
    return outcome if isinstance(outcome, Refusal) else None


def installation(holder: Body, account: str, rules: ProceedingRules) -> Actor:
    """As whom somebody of a provider acts here: who of its staff may is its own affair."""
    roles = frozenset(role.id for role in rules.roles.values() if role.side == "provider")
    return Actor(account, "provider", holder.code, roles)


def _decided(
    events: tuple[Event, ...], proceeding_id: str, holder: Body, rules: ProceedingRules,
    now: datetime,
) -> Proceeding:  # fmt: skip
    """Rule 1."""
    of: Proceeding | None = None
    outside = _outside(events)
    for event in _acts(events):
        actor = MACHINE if event.actor == SYSTEM else installation(holder, event.actor, rules)
        if outside and event.actor == outside:
            actor = Actor(outside, "public", outside, public_roles(rules))
        facts = event.data.get("facts", {})
        if not isinstance(facts, Mapping) or event.at > now + AHEAD:
            raise BadInput("an event has no facts, or lies in the future")
        act = Act(event.kind, {name: value for name, value in facts.items() if value is not None})
        if of is None:
            parties: dict[Desk, str] = {
                "provider": holder.code,
                **({"public": outside} if outside else {}),
            }
            outcome = rules_of.begin(proceeding_id, act, actor, event.at, rules, parties)
        else:
            outcome = rules_of.decide(of, act, actor, event.at, rules)
        if isinstance(outcome, Refusal):
            raise BadInput(f"{event.kind} is not open: {outcome.code}")
        for one in outcome:
            of = rules_of.apply(of, one)
    sides = ("provider", "public") if outside else ("provider",)
    allowed = {SYSTEM, *(role.id for role in rules.roles.values() if role.side in sides)}
    if of is None or not _same(of.events, events) or {e.role for e in events} - allowed:
        raise BadInput("they are not what the rules here decide")
    return rules_of.replay(events)


def _outside(events: tuple[Event, ...]) -> str:
    """The name that the matter has for whoever outside it concerns; empty without one."""
    head = events[0].data.get("proceeding") if events else None
    parties = head.get("parties") if isinstance(head, Mapping) else None
    name = parties.get("public", "") if isinstance(parties, Mapping) else ""
    if not isinstance(name, str) or len(name) > NAME_CHARACTERS_MAX:
        raise BadInput("a matter's name for somebody outside is no name")
    return name


def _acts(events: tuple[Event, ...]) -> Iterator[Event]:
    return (event for event in events if "clock" not in event.data)


def _same(ours: tuple[Event, ...], theirs: tuple[Event, ...]) -> bool:
    """Roles apart: which of several an installation's person had is its own affair."""
    return [(e.kind, e.actor, e.at, e.data) for e in ours] == [
        (e.kind, e.actor, e.at, dict(e.data)) for e in theirs
    ]
