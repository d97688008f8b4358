"""Acts of the desk's pages become messages, where the authority is another installation.

It refuses to know pages, and to decide more than a look ahead: the authority decides.

Rules
1. What the rules here refuse already is refused here, in the same words; nothing is sent.
2. While a message about a case is on its way, nothing else is put behind it: what the authority
   says first may change what is possible.
3. A case here changes by what comes back (`following`), never by what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from licet.base.ids import new_id
from licet.base.trouble import NotFound
from licet.cases import Act, Case, Refusal, decide
from licet.portal.accounts.models import Person
from licet.portal.filings import service, uploads
from licet.portal.filings.models import Attachment
from licet.portal.outbox.linking import link
from licet.portal.outbox.models import Outgoing
from licet.portal.outbox.sending import put
from licet.portal.pack import procedure


def carry(
    case_id: str, act_id: str, data: Mapping[str, Any], person: Person, now: datetime
) -> Case | Refusal:
    """Put an act into the outbox: the case as it is, or why not."""
    try:
        link()
    except NotFound:
        return Refusal("no_authority", act_id)
    if Outgoing.objects.filter(subject=case_id, state="waiting").exists():
        return Refusal("on_its_way", act_id)
    case = service.load(case_id)
    outcome = decide(case, Act(act_id, dict(data)), service.actor_of(person), now, procedure())
    if isinstance(outcome, Refusal):
        return outcome
    kind, body = _asked(case, act_id, data)
    answers = body.get("answers") or {}
    put(new_id("msg", now), kind, case_id, body, _files(case_id, answers), now)
    return case


def _asked(
    case: Case, act_id: str, data: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:  # fmt: skip
    """The message: a case that was never filed is filed with all its answers."""
    files = "file" in procedure().acts[act_id].effects
    if files and not case.versions:
        asked = {"case": case.id, "route": case.route, "answers": dict(case.draft)}
        return "filing", asked | ({"data": dict(data)} if data else {})
    body: dict[str, Any] = {"case": case.id, "act": act_id, "data": dict(data)}
    if files:
        body["answers"] = dict(case.draft)
    return "act", body


def _files(case_id: str, answers: Mapping[str, Any]) -> list[uploads.Taken]:
    """The files that answers name, out of the store."""
    named = {value["sha256"]: value for value in answers.values() if isinstance(value, dict)}
    rows = Attachment.objects.filter(case_id=case_id, sha256__in=list(named))
    return [
        uploads.Taken(
            row.name, row.kind, uploads.path_of(settings.LICET_HOME, row.sha256).read_bytes()
        )
        for row in rows
        if row.name == named[row.sha256]["name"]
    ]
