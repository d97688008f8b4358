"""When a correction that was released is served: its provider's gateways say so in their ledgers.

It refuses to know gateways, and names of acts: the pack leaves the last step of a correction to
the machine.

Rules
1. What a gateway judges by is what the last entry about it says: it started, took up a bundle, or
   stopped. One that stopped serves nobody and is not waited for; one that is not followed is not
   known.
2. A correction takes effect once every gateway that runs judges by its candidate, and one does.
law:cn-genai-2023/art14.1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from licet.base.trouble import NotFound
from licet.cases import Refusal
from licet.cases.proceedings import MACHINE, Proceeding, possible
from licet.ledger.entry import parse_entry
from licet.ledger.follow import Batch
from licet.portal.filings.service import together
from licet.portal.incidents import service
from licet.portal.incidents.models import FollowedLedger, StoredProceeding

_SAYS = (b'"type":"gateway.started"', b'"type":"bundle.loaded"', b'"type":"gateway.stopped"')
NONE = "none"
"""In place of a bundle: the gateway stopped."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A gateway that is to take up a candidate: where its ledger lies, whether it judges by it."""

    where: str
    serves: bool
    stopped: bool


def bundle_after(batch: Batch) -> str | None:
    """What the gateway judges by after a batch of its ledger (rule 1); None where it says nothing
    of it."""
    for data in reversed(batch.entries):
        if any(kind in data for kind in _SAYS):
            entry = parse_entry(data)
            told = entry.pub.get("bundle")
            return told if isinstance(told, str) else NONE
    return None


def take_effect(now: datetime) -> int:
    """Let corrections take effect whose candidate is served (rule 2); gives how many."""
    try:
        known = service.rules("correction")
    except NotFound:
        return 0
    waiting = [at for act in known.acts.values() if act.side == MACHINE.side for at in act.at]
    rows = StoredProceeding.objects.filter(kind="correction", stage__in=waiting)
    done = 0
    for row in list(rows.select_related("holder")):
        of = service.load(row.pk)
        ways = possible(of, MACHINE, now, known)
        if not ways or not _served(takings(of, row)):
            continue
        with together(now) as head:
            outcome = service.act_on(head, row.pk, ways[0].id, {}, MACHINE, now)
            done += not isinstance(outcome, Refusal)
    return done


def takings(of: Proceeding, row: StoredProceeding) -> list[Taking]:
    """How far the provider's gateways have taken up a correction's candidate."""
    wanted = of.facts.get("candidate_sha256")
    ledgers = FollowedLedger.objects.filter(holder_id=row.holder_id).order_by("where")
    return [Taking(one.where, one.bundle == wanted, one.bundle == NONE) for one in ledgers]


def _served(found: Iterable[Taking]) -> bool:
    running = [one.serves for one in found if not one.stopped]
    return bool(running) and all(running)
