"""Use cases of orders: ask, give a share, open, end. No branch that the law would care about.

It refuses to know pages, passphrases that are wrong, and who may act: the pack says it.

Rules
1. The reader is who asks: shares are sealed to their key, so that nobody else, and nothing that is
   stored, opens anything.
2. An act, and the shares that it passes, are stored together or not at all.
3. Nothing is shown before the ledger holds that it was opened; where the ledger takes nothing,
   nothing is shown.
4. What was opened is in the memory of the request that shows it. Shares are gone when the order
   has ended, whoever ended it.
law:cn-genai-2023/art19.1 law:cn-genai-2023/art19.2
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.ids import new_id
from licet.base.trouble import BadInput, Conflict, NotAllowed, NotFound, Unavailable
from licet.cases import Refusal
from licet.cases.dossier import Closed
from licet.cases.proceedings import Person as Actor
from licet.cases.proceedings import Proceeding, names_of, possible, settled
from licet.cases.proceedings.effects import SECTION
from licet.credentials.message import NotTaken
from licet.ledger.custody import Card, Envelope, pass_share, read_with, unlock, unpack
from licet.portal.accounts.models import Body, Person
from licet.portal.dossiers import sealing
from licet.portal.dossiers import service as dossiers
from licet.portal.dossiers.models import Keeper, StoredDossier
from licet.portal.filings.models import Head, StoredEvent
from licet.portal.filings.record import record
from licet.portal.filings.service import decides_here, together
from licet.portal.incidents import service as matters
from licet.portal.incidents.models import StoredProceeding
from licet.portal.orders.models import Brought, PassedShare, StoredOrder
from licet.rulebook.proceeding import ProceedingAct, ProceedingEffect

WAITING_MAX = 100


@dataclass(frozen=True, slots=True)
class Opened:
    """What an order opened, for the one request that shows it: by name, a file's name and text."""

    watermark: str
    texts: Mapping[str, tuple[str, str]]


def act_with(effect: ProceedingEffect, side: str) -> ProceedingAct | None:
    """The act of a side that has an effect; None where the pack has none."""
    acts = matters.rules("order").acts.values()
    return next((one for one in acts if effect in one.effects and one.side == side), None)


def opening(stage: str) -> ProceedingAct:
    """The act that opens in a stage; where none does, the one that says why not."""
    acts = [one for one in matters.rules("order").acts.values() if "open" in one.effects]
    return next((one for one in acts if stage in one.at), acts[0])


def viewing() -> frozenset[str]:
    """The stages in which a view runs."""
    acts = matters.rules("order").acts.values()
    return frozenset(one.to for one in acts if "open" in one.effects and one.to)


def request(data: Mapping[str, Any], holder: Body, person: Person, now: datetime) -> Any:
    """Ask for an order: the proceeding, or why there is none. Raises NotAllowed where the person
    has no key to read with (rule 1), BadInput where it names dossiers of another provider."""
    reader, act = sealing.key_of(person), act_with("scope", "authority")
    if reader is None:
        raise NotAllowed("you have no key to read with.", hint="Make your key first.")
    if act is None:
        raise NotFound("the pack knows no orders.")
    sections = {n: f for n in names_of(data.get("names")) if (f := SECTION.fullmatch(n))}
    closed = {name: _closed(holder, one[1], one[2]) for name, one in sections.items()}
    if None in closed.values():
        raise BadInput("a name is no sealed section of a dossier of this provider.")
    with together(now) as head:
        number = new_id("order", now, secrets.token_bytes)
        actor = matters.actor_of(person)
        outcome = matters.begin_on(head, number, "order", act.id, data, actor, holder, now)
        if not isinstance(outcome, Refusal):
            row = StoredProceeding.objects.get(pk=number)
            order = StoredOrder.objects.create(
                proceeding=row, holder=holder, reader=reader, opened=now
            )
            for name, one in closed.items():  # as it is sealed today, whatever is published later
                assert one is not None
                Brought.objects.create(order=order, name=name, sha256=one.sha256, at=now)
    return outcome


def act(
    row: StoredOrder, act_id: str, data: Mapping[str, Any], person: Person, now: datetime
) -> Proceeding | Refusal:
    """Do something that needs no key. Refusals are recorded too."""
    outcome = matters.act(row.pk, act_id, data, person, now)
    tidy(row, now)
    return outcome


def give_share(row: StoredOrder, passphrase: str, person: Person, now: datetime) -> Any:
    """Pass the person's shares of all that the order names: the proceeding, or why not.

    Raises NotAllowed where the passphrase is another or the key keeps no share."""
    rule = act_with("share", person.body.kind)
    found = Keeper.objects.filter(person=person).order_by("-made")
    envelopes = list(envelopes_of(row).values())
    keeper = next((k for k in found if all(k.mark in e.shares for e in envelopes)), None)
    if rule is None or keeper is None or keeper.lock is None:
        raise NotAllowed("you keep no share of what this order names.")
    key = unlock(keeper.card, keeper.lock, passphrase)
    passed = {e.sha256: pass_share(e, key, row.reader.card, row.pk) for e in envelopes}
    return take_share(row, keeper, passed, rule, matters.actor_of(person), now)


def take_share(
    row: StoredOrder, keeper: Keeper, passed: Mapping[str, str], rule: ProceedingAct,
    actor: Actor, now: datetime,
) -> Any:  # fmt: skip
    """Keep shares that a keeper passed, with their act (rule 2). Raises BadInput where they are
    not of all that the order names."""
    if not decides_here():
        outbox = import_module(settings.LICET_OUTBOX)
        no = outbox.send_share(row.pk, keeper.card, passed, rule.id, now)
        return no or matters.load(row.pk)
    with together(now) as head:
        return take_share_on(head, row, keeper, passed, rule, actor, now)


def take_share_on(
    head: Head, row: StoredOrder, keeper: Keeper, passed: Mapping[str, str], rule: ProceedingAct,
    actor: Actor, now: datetime,
) -> Any:  # fmt: skip
    """The same, inside `together`."""
    envelopes = envelopes_of(row).values()
    if set(passed) != {one.sha256 for one in envelopes}:
        raise BadInput("the shares are not of all that the order names.", hint="Give them anew.")
    told = {"share_sha256": sha256_hex(canonical_json(dict(passed)))}
    outcome = matters.act_on(head, row.pk, rule.id, told, actor, now)
    if not isinstance(outcome, Refusal):
        for sha256, share in passed.items():
            PassedShare.objects.create(order=row, keeper=keeper, sha256=sha256, passed=share)
    return outcome


def receive_share(
    head: Head, row: StoredOrder, card: Card, passed: Mapping[str, str], now: datetime
) -> Refusal | None:
    """Take the share of a keeper at the provider's own installation, inside `together`. Raises
    NotTaken for a key that keeps no share of what the order names."""
    rule = act_with("share", "provider")
    try:
        keeps = all(card.mark in one.shares for one in envelopes_of(row).values())
    except NotFound as lacking:
        raise NotTaken("bad-body", f"{lacking}") from None
    if rule is None or card.side != "provider" or not keeps:
        raise NotTaken("bad-body", "this key keeps no share of what the order names.")
    keeper, _ = Keeper.objects.get_or_create(
        mark=card.mark,
        defaults={"name": card.name, "side": card.side, "public": card.public, "made": now},
    )
    actor = Actor(f"key-{card.mark}", "provider", row.holder.code, frozenset(rule.by))
    try:
        outcome = take_share_on(head, row, keeper, passed, rule, actor, now)
    except BadInput as unfit:
        raise NotTaken("bad-body", f"{unfit}") from None
    return outcome if isinstance(outcome, Refusal) else None


def take_outside(
    row: StoredOrder, mark: str, passed: Mapping[str, str], now: datetime
) -> Any:  # fmt: skip
    """Take the shares of a keeper without an account, in the role of their side. Raises NotFound
    for a key that was not enrolled."""
    keeper = Keeper.objects.filter(pk=mark, person=None).first()
    if keeper is None:
        raise NotFound(f"the key {mark} is not enrolled.", hint="Run: licet order key enrol CARD")
    rule = act_with("share", keeper.side)
    if rule is None:
        raise NotFound("the pack lets that side give no share.")
    code = {"provider": row.holder.code}.get(keeper.side, keeper.side)
    actor = Actor(f"key-{mark}", rule.side, code, frozenset(rule.by))
    return take_share(row, keeper, passed, rule, actor, now)


def read(row: StoredOrder, passphrase: str, person: Person, now: datetime) -> Opened | Refusal:
    """Open what the order names, for its reader: recorded first, shown then (rules 3 and 4).

    A view that runs is shown again. Raises NotAllowed for anybody else, for another passphrase
    and for too few shares, Unavailable where the ledger takes nothing.
    """
    if row.reader.person_id != person.pk or row.reader.lock is None:
        raise NotAllowed("this order is read by who asked for it.")
    key = unlock(row.reader.card, row.reader.lock, passphrase)
    of = settled(matters.load(row.pk), now)
    envelopes, running = envelopes_of(row), of.stage in viewing()
    texts = {name: _text(row, envelope, key) for name, envelope in envelopes.items()}
    watermark = str(of.facts["watermark"]) if running else f"{person.name} · {row.pk}"
    if not running:
        seen = {"names": {n: e.sha256 for n, e in envelopes.items()}, "watermark": watermark}
        told = {"view_sha256": sha256_hex(canonical_json(seen)), "watermark": watermark}
        outcome = act(row, opening(of.stage).id, told, person, now)
        if isinstance(outcome, Refusal):
            return outcome
    _sure_recorded(row)
    return Opened(watermark, texts)


def envelopes_of(row: StoredOrder) -> dict[str, Envelope]:
    """What the order names, sealed, by name. Raises NotFound where it was not brought yet."""
    brought = {one.name: one.sha256 for one in row.brought.all()}
    for name in names_of(matters.load(row.pk).facts["names"]):
        if name not in brought:
            raise NotFound(f"what {name} is was not brought by the provider yet.")
    return {name: sealing.stored(sha256) for name, sha256 in brought.items()}


def bring(row: StoredOrder, envelopes: Mapping[str, bytes], now: datetime) -> int:
    """Keep envelopes that the provider brings for names of the order; gives how many are new.
    Raises BadInput for a name that the order does not hold."""
    names = set(names_of(matters.load(row.pk).facts["names"]))
    new = 0
    for name, data in envelopes.items():
        if name not in names:
            raise BadInput(f"the order does not name {name}.", hint="Bring what it names.")
        sha256 = sealing.keep(data)
        _, made = Brought.objects.get_or_create(
            order=row, name=name, defaults={"sha256": sha256, "at": now}
        )
        new += made
    return new


def visible(person: Person, order_id: str, now: datetime) -> StoredOrder | None:
    """The order, if the person may see it: officials all of them, a provider its own once it was
    told."""
    row = orders_of(person).select_related("holder", "reader").filter(pk=order_id).first()
    if row is not None:
        tidy(row, now)
    return row


def bring_from_here(row: StoredOrder, envelopes: Mapping[str, bytes], now: datetime) -> int:
    """The same; where the authority is elsewhere it is sent there as well."""
    new = bring(row, envelopes, now)
    if not decides_here():
        import_module(settings.LICET_OUTBOX).send_brought(row.pk, envelopes, now)
    return new


def orders_of(person: Person) -> Any:
    """The orders that a person may see: officials all, a provider its own once it was told."""
    rows = StoredOrder.objects.order_by("-opened")
    if person.official:
        return rows
    return rows.filter(holder=person.body, proceeding__seen_by_provider=True)


def adopt(
    number: str, holder: Body, reader: Card, brought: Mapping[str, str], now: datetime
) -> None:
    """Keep what an authority elsewhere tells of an order beside its proceeding: who reads, which
    envelopes it has. Its reader keeps no share here."""
    kept, _ = Keeper.objects.get_or_create(
        mark=reader.mark,
        defaults={
            "name": reader.name, "side": reader.side, "public": reader.public, "made": now,
            "retired": now,
        },
    )  # fmt: skip
    order, _ = StoredOrder.objects.get_or_create(
        pk=number, defaults={"holder": holder, "reader": kept, "opened": now}
    )
    for name, sha256 in brought.items():
        Brought.objects.get_or_create(
            order=order, name=name, defaults={"sha256": sha256, "at": now}
        )


def waiting_for(person: Person, now: datetime) -> int:
    """In how many orders it is the turn of the person's side, and they can do something."""
    rows = orders_of(person).select_related("proceeding")
    try:
        known = matters.rules("order")
    except NotFound:
        return 0
    final = [one.id for one in known.stages.values() if one.final]
    actor, count = matters.actor_of(person), 0
    for row in rows.exclude(proceeding__stage__in=final)[:WAITING_MAX]:
        of = settled(matters.load(row.pk), now)
        mine = known.stages[of.stage].turn == actor.side
        count += mine and bool(possible(of, actor, now, known))
    return count


def tidy(row: StoredOrder, now: datetime) -> Proceeding:
    """The order at this moment; where it has ended, its shares are gone (rule 4)."""
    of = settled(matters.load(row.pk), now)
    if _over(of):
        row.shares.all().delete()
    return of


def tidy_all(now: datetime) -> int:
    """Destroy the shares of every order that has ended; gives of how many orders."""
    rows = StoredOrder.objects.filter(shares__isnull=False).distinct()
    return sum(_over(tidy(row, now)) for row in list(rows))


def _over(of: Proceeding) -> bool:
    """Whether nothing is seen any more: no view runs, and no way leads to one."""
    known = matters.rules("order")
    ways = [(at, act.to) for act in known.acts.values() if act.to for at in act.at]
    ways += [way for clock in known.clocks.values() for way in clock.expires.items()]
    ahead = {of.stage}
    while more := {to for at, to in ways if at in ahead} - ahead:
        ahead |= more
    return not ahead & viewing()


def _closed(holder: Body, dossier_id: str, field: str) -> Closed | None:
    row = StoredDossier.objects.filter(pk=dossier_id, holder=holder).first()
    version = dossiers.latest(row) if row else None
    return version.sealed.get(field) if version else None


def _text(row: StoredOrder, envelope: Envelope, key: Any) -> tuple[str, str]:
    given = [one.passed for one in row.shares.filter(sha256=envelope.sha256)]
    name, answer = unpack(read_with(envelope, given, key, row.pk))
    return name, answer.decode("utf-8", "replace")


def _sure_recorded(row: StoredOrder) -> None:
    """Rule 3."""
    last = StoredEvent.objects.filter(proceeding_id=row.pk).latest("seq").seq
    try:
        held = record(settings.LICET_HOME).size
    except Conflict:  # another process writes it, and this one can't tell how far
        held = 0
    if held <= last:
        raise Unavailable(
            "the ledger does not hold this opening yet, so nothing is shown.",
            hint="Try again; if it stays so, ask whoever runs this system.",
        )
