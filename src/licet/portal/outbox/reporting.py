"""Acts of proceedings become messages, where the authority is another installation.

It refuses to know pages, and to decide more than a look ahead: the authority decides.

Rules
1. Before an authority is told, a proceeding is the provider's own and decided here. The act that
   brings it before the authority is kept here together with the message that tells of it, whole
   from its beginning.
2. From then on the authority decides: an act is sent, and the proceeding changes here by what
   comes back. While a message about it is on its way, nothing else is put behind it.
3. What the rules here refuse already is refused here, in the same words; nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from licet.base.canonical import sha256_hex
from licet.base.ids import new_id
from licet.base.trouble import NotFound
from licet.cases import Act, Refusal, event_as_json
from licet.cases.dossier import Version
from licet.cases.proceedings import Person as Actor
from licet.cases.proceedings import Proceeding, decide
from licet.ledger.custody import Card
from licet.portal.dossiers.models import StoredDossier
from licet.portal.dossiers.travelling import SEALED, SEALED_TYPE, files_of
from licet.portal.filings.service import together
from licet.portal.filings.uploads import Taken
from licet.portal.incidents import service
from licet.portal.incidents.models import StoredProceeding
from licet.portal.outbox.linking import link
from licet.portal.outbox.models import Followed, Outgoing
from licet.portal.outbox.sending import put


def carry(
    proceeding_id: str, act_id: str, data: Mapping[str, Any], actor: Actor, now: datetime
) -> Refusal | None:
    """Do an act here, or put it into the outbox; the "no" where there is one."""
    row = StoredProceeding.objects.get(pk=proceeding_id)
    if row.seen_by_authority and row.kind in service.DECIDED_THERE:
        return _send_step(proceeding_id, act_id, data, actor, now)
    with together(now) as head:
        outcome = service.act_on(head, proceeding_id, act_id, data, actor, now)
        if isinstance(outcome, Refusal):
            return outcome
        row.refresh_from_db()
        if row.seen_by_authority and row.kind in service.SENT and _linked():
            _send_report(outcome, now)
    return None


def _send_report(of: Proceeding, now: datetime) -> None:
    """Rule 1."""
    body = {
        "proceeding": of.id,
        "kind": of.kind,
        "events": [event_as_json(event) for event in of.events],
    }
    put(new_id("msg", now), "report", of.id, body, (), now)
    Followed.objects.update_or_create(pk=of.id, defaults={"next": len(of.events), "changed": ""})


def send_version(
    row: StoredDossier, version: Version, whats_new: str, act: str, now: datetime
) -> Refusal | None:
    """Put a version of a dossier with its files into the outbox; the "no" where there is one."""
    no = _waits(row.pk, act)
    if no is not None:
        return no
    body = {"case": row.case_id, "document": version.to_bytes().decode(), "whats_new": whats_new}
    put(new_id("msg", now), "dossier", row.pk, body, files_of(row, version), now)
    return None


def send_share(
    order: str, card: Card, passed: Mapping[str, str], act: str, now: datetime
) -> Refusal | None:
    """Put a keeper's share for an order into the outbox; the "no" where there is one."""
    no = _waits(order, act)
    if no is not None:
        return no
    shown = {"name": card.name, "side": card.side, "public": card.public}
    body = {"order": order, "keeper": shown, "shares": dict(passed)}
    put(new_id("msg", now), "share", order, body, (), now)
    return None


def send_brought(order: str, envelopes: Mapping[str, bytes], now: datetime) -> None:
    """Put envelopes that an order names into the outbox. Raises NotFound without an authority."""
    files = [
        Taken(f"{sha256_hex(data)}{SEALED}", SEALED_TYPE, data) for data in envelopes.values()
    ]
    named = {name: sha256_hex(data) for name, data in envelopes.items()}
    put(new_id("msg", now), "bring", order, {"order": order, "envelopes": named}, files, now)


def _waits(subject: str, act: str) -> Refusal | None:
    if not _linked():
        return Refusal("no_authority", act)
    if Outgoing.objects.filter(subject=subject, state="waiting").exists():
        return Refusal("on_its_way", act)
    return None


def _send_step(
    proceeding_id: str, act_id: str, data: Mapping[str, Any], actor: Actor, now: datetime
) -> Refusal | None:
    """Rules 2 and 3."""
    no = _waits(proceeding_id, act_id)
    if no is not None:
        return no
    of = service.load(proceeding_id)
    outcome = decide(of, Act(act_id, dict(data)), actor, now, service.rules(of.kind))
    if isinstance(outcome, Refusal):
        return outcome
    body = {"proceeding": proceeding_id, "act": act_id, "data": dict(data)}
    put(new_id("msg", now), "step", proceeding_id, body, (), now)
    return None


def _linked() -> bool:
    try:
        link()
    except NotFound:
        return False
    return True
