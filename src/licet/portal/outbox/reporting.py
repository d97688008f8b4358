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

from licet.base.ids import new_id
from licet.base.trouble import NotFound
from licet.cases import Act, Refusal, event_as_json
from licet.cases.proceedings import Person as Actor
from licet.cases.proceedings import Proceeding, decide
from licet.portal.filings.service import together
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


def _send_step(
    proceeding_id: str, act_id: str, data: Mapping[str, Any], actor: Actor, now: datetime
) -> Refusal | None:
    """Rules 2 and 3."""
    if not _linked():
        return Refusal("no_authority", act_id)
    if Outgoing.objects.filter(subject=proceeding_id, state="waiting").exists():
        return Refusal("on_its_way", act_id)
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
