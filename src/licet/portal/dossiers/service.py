"""Use cases of dossiers: begin, save, publish, read. No branch that the law would care about.

It refuses to know pages, and what may be published: `cases.dossier` says it, the pack asks.

Rules
1. A version, its line in the record and the number that counts it are stored together or not at
   all. Files and envelopes are there before: what a failure leaves over is a file that no version
   names.
2. The public reads a dossier whose filing stands in the register, and of it what is public.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction

from licet.base.ids import new_id
from licet.base.trouble import NotFound
from licet.cases import Fault, Refusal
from licet.cases import dossier as rules_of
from licet.cases.dossier import Closed, Version
from licet.cases.proceedings import Person as Actor
from licet.cases.proceedings import Proceeding
from licet.portal.accounts.models import Person
from licet.portal.dossiers import sealing
from licet.portal.dossiers.models import StoredDossier, StoredVersion
from licet.portal.filings.models import Head, StoredCase
from licet.portal.filings.service import decides_here, together
from licet.portal.incidents import service as matters
from licet.portal.pack import pack
from licet.rulebook.proceeding import DossierRules, ProceedingAct


@dataclass(frozen=True, slots=True)
class Sealing:
    """An answer that is about to be sealed: its bytes, and a file's name."""

    data: bytes
    name: str = ""


def rules() -> DossierRules:
    """What the installation's pack says of dossiers. Raises NotFound."""
    found = pack().supervision.dossier
    if found is None:
        raise NotFound("the pack knows no dossiers.")
    return found


def chain_section() -> str:
    """The section of the form that the supply chain stands in; empty where none is asked."""
    of = rules()
    return of.form.fields[of.chain].section if of.chain else ""


def filings_without(person: Person) -> list[StoredCase]:
    """The filings in force of the person's body that have no dossier yet."""
    rows = StoredCase.objects.filter(holder=person.body, dossier=None).exclude(number=None)
    return list(rows.order_by("-changed"))


def begin(case: StoredCase, now: datetime) -> StoredDossier:
    """Begin the dossier of a filing; the one that there is, where there is one."""
    found, _ = StoredDossier.objects.get_or_create(
        case=case,
        defaults={
            "id": new_id("dossier", now, secrets.token_bytes), "holder": case.holder,
            "changed": now, "answers": {rules().form.title: case.title},
        },
    )  # fmt: skip
    return found


def sealed_of(row: StoredDossier) -> dict[str, Closed]:
    """What is sealed in the draft."""
    return {name: Closed(**one) for name, one in row.sealed.items()}


def save(
    dossier_id: str, answers: Mapping[str, Any], sealings: Mapping[str, Sealing], now: datetime
) -> tuple[Fault, ...]:
    """Keep answers of a draft, and seal what must be; nothing is kept where one is no answer.

    An answer that is None is taken out. Raises BadInput where nothing can be sealed now.
    """
    form = rules().form
    plain = {name: one.data.decode() for name, one in sealings.items() if not one.name}
    given = {name: value for name, value in answers.items() if value is not None}
    faults = rules_of.unfit(form, {**given, **plain})
    if faults:
        return faults
    closed = {
        name: sealing.close(dossier_id, name, one.data, one.name) for name, one in sealings.items()
    }
    with transaction.atomic():
        row = StoredDossier.objects.select_for_update().get(pk=dossier_id)
        kept = {**row.answers, **answers}
        row.answers = {name: value for name, value in kept.items() if value is not None}
        row.sealed = {**row.sealed, **{name: _as_json(one) for name, one in closed.items()}}
        row.changed = now
        row.save()
    return ()


def lacking(row: StoredDossier) -> tuple[Fault, ...]:
    """What stands between the draft and a version."""
    return rules_of.lacking(rules().form, row.answers, sealed_of(row))


def differs(row: StoredDossier, before: Version | None) -> bool:
    """Whether the draft differs from the version before."""
    draft = rules_of.next_version(rules().form, row.id, before, row.answers, sealed_of(row))
    return rules_of.is_new(draft, before)


def publish(
    dossier_id: str, whats_new: str, person: Person, now: datetime
) -> Version | Refusal | tuple[Fault, ...]:
    """Publish the draft as the next version (rule 1); why not, or what it lacks, otherwise."""
    with together(now) as head:
        row = StoredDossier.objects.select_for_update().get(pk=dossier_id)
        lacks = lacking(row)
        if lacks:
            return lacks
        before = latest(row)
        sealed = sealed_of(row)
        version = rules_of.next_version(rules().form, row.id, before, row.answers, sealed)
        act = publishing(row).id
        if not rules_of.is_new(version, before):
            return Refusal("bad_data", act, {}, (Fault("version_sha256", "same_version"),))
        if decides_here():
            no = publish_on(head, row, version, whats_new, matters.actor_of(person), now)
        else:
            outbox = import_module(settings.LICET_OUTBOX)
            no = outbox.send_version(row, version, whats_new, act, now)
    return no or version


def publishing(row: StoredDossier) -> ProceedingAct:
    """The act that publishes the next version of a dossier."""
    acts = matters.rules("dossier").acts.values()
    return next(
        one for one in acts if "version" in one.effects and one.opens == (row.published == 0)
    )


def publish_on(
    head: Head, row: StoredDossier, version: Version, whats_new: str, actor: Actor, now: datetime
) -> Refusal | None:  # fmt: skip
    """Keep a version with its act, inside `together` (rule 1); why not otherwise."""
    told = {"number": version.number, "version_sha256": version.sha256, "whats_new": whats_new}
    act = publishing(row)
    outcome = (
        matters.begin_on(head, row.id, "dossier", act.id, told, actor, row.holder, now)
        if act.opens
        else matters.act_on(head, row.id, act.id, told, actor, now)
    )
    if isinstance(outcome, Refusal):
        return outcome
    StoredVersion.objects.create(
        dossier=row, number=version.number, sha256=version.sha256, at=now,
        document=version.to_bytes(), whats_new=whats_new,
    )  # fmt: skip
    row.published, row.changed = version.number, now
    row.save()
    return None


def versions(row: StoredDossier) -> list[tuple[StoredVersion, Version]]:
    """Every version, oldest first, held against its digest. Raises Corrupt."""
    return [(one, rules_of.read_version(bytes(one.document))) for one in row.versions.all()]


def latest(row: StoredDossier) -> Version | None:
    """The version that counts."""
    last = row.versions.last()
    return rules_of.read_version(bytes(last.document)) if last else None


def may_order(person: Person) -> bool:
    """Whether a person may ask for an order of access, which opens what is sealed here."""
    try:
        acts = matters.rules("order").acts.values()
    except NotFound:
        return False
    side = person.body.kind
    rule = next((one for one in acts if "scope" in one.effects and one.side == side), None)
    return rule is not None and bool(set(rule.by) & set(person.roles))


def proceeding(row: StoredDossier) -> Proceeding | None:
    """What happened with the dossier; None before the first version."""
    return matters.load(row.id) if row.published else None


def visible(person: Person, dossier_id: str) -> StoredDossier | None:
    """The dossier, if the person may see it: a provider's own, and for officers what was
    published."""
    row = StoredDossier.objects.filter(pk=dossier_id).select_related("holder", "case").first()
    if row is None or (person.body.kind == "provider" and row.holder_id != person.body_id):
        return None
    return None if person.official and not row.published else row


def public(number: str) -> StoredDossier | None:
    """The dossier of a filing in the register (rule 2)."""
    found: StoredDossier | None = (
        StoredDossier.objects.filter(case__number=number, published__gt=0)
        .select_related("case", "holder")
        .first()
    )
    return found


def _as_json(one: Closed) -> dict[str, Any]:
    return {"sha256": one.sha256, "size": one.size, "name": one.name}
