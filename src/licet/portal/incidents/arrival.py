"""Halts arrive: ledgers of gateways are read, what belongs together becomes incidents, and who is
stopped again and again comes under a measure (`persons`).

It refuses to know what a halt is worth: people grade.

Rules
1. A batch, the incidents that it opened or made grow, and the place up to which the ledger was
   read are stored in one transaction: whoever is killed misses nothing and counts nothing twice.
2. The number of an incident is made of the first entry of its group, so reading anew opens nothing
   anew.
3. An incident that people have taken further than counting goes is left as it is; the next halt
   of its family is a new one.
4. One ledger that can't be read keeps no other from being read; what is wrong stands in its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from licet.base.trouble import Trouble
from licet.cases.halts import (
    Group,
    finding,
    group_as_json,
    group_from_json,
    group_halts,
    incident_number,
)
from licet.cases.proceedings import MACHINE, possible
from licet.ledger.follow import START, Batch, follow, position_as_json, position_from_json
from licet.ledger.note import parse_vkey
from licet.ledger.source import Source, open_source
from licet.portal.accounts.models import Body
from licet.portal.filings.models import Head
from licet.portal.filings.service import together
from licet.portal.incidents import service
from licet.portal.incidents.effect import bundle_after
from licet.portal.incidents.following import halts_in
from licet.portal.incidents.models import FollowedLedger, StoredProceeding
from licet.portal.incidents.persons import count_stops
from licet.portal.pack import pack
from licet.rulebook.proceeding import IncidentRules

BUNDLES = 64
"""16,384 entries are kept at once: what grows in each of them grows once."""
Open = Callable[[str], Source]


def follow_ledger(where: str, vkey: str, holder: Body) -> FollowedLedger:
    """Read a gateway's ledger from now on. Raises BadInput for a key that is none."""
    parse_vkey(vkey)
    row, _ = FollowedLedger.objects.update_or_create(
        where=where, defaults={"vkey": vkey, "holder": holder}
    )
    return row


def read_ledgers(now: datetime, open_: Open = open_source) -> int:
    """Read what is new in every ledger that is followed; gives how many entries that was."""
    came = 0
    for ledger_id in FollowedLedger.objects.values_list("pk", flat=True):
        trouble = ""
        try:
            came += _read(ledger_id, now, open_)
        except Trouble as found:
            trouble = str(found)[:300]
        FollowedLedger.objects.filter(pk=ledger_id).update(trouble=trouble, read=now)
    return came


def _read(ledger_id: int, now: datetime, open_: Open) -> int:
    row = FollowedLedger.objects.get(pk=ledger_id)
    verifier = parse_vkey(row.vkey)
    since = position_from_json(row.position) if row.position else START
    source, came = open_(row.where), 0
    try:
        for batch in follow(source, verifier, since, BUNDLES):
            came += _keep(ledger_id, batch, verifier.name, now)
    finally:
        source.close()
    return came


def _keep(ledger_id: int, batch: Batch, origin: str, now: datetime) -> int:
    """Rule 1. Nothing where another process was first."""
    rules = pack().supervision.incident
    assert rules is not None
    with together(now) as head:
        row = FollowedLedger.objects.select_for_update().get(pk=ledger_id)
        at = position_from_json(row.position) if row.position else START
        if at.size != batch.first:
            return 0
        known = {name: group_from_json(one) for name, one in row.groups.items()}
        grouped = group_halts(known, halts_in(batch), rules)
        count_stops(head, batch, row.holder, now)
        _open_or_grow(
            head, {incident_number(origin, group): group for group in grouped.changed}, rules,
            row.holder, now,
        )  # fmt: skip
        row.bundle = bundle_after(batch) or row.bundle
        row.position = position_as_json(batch.after)
        row.groups = {name: group_as_json(one) for name, one in grouped.open.items()}
        row.save()
    return len(batch.entries)


def _open_or_grow(
    head: Head, groups: Mapping[str, Group], rules: IncidentRules, holder: Body, now: datetime
) -> None:
    """`groups`: those that a batch changed, by the number of their incident."""
    of = service.rules("incident")
    opening = next(a.id for a in of.acts.values() if a.opens and a.side == MACHINE.side)
    rows, known = StoredProceeding.objects.in_bulk(groups), service.load_all(groups)
    for number, group in groups.items():
        told, found = finding(group, rules), known.get(number)
        if found is None:
            service.begin_on(head, number, "incident", opening, told, MACHINE, holder, now)
            continue
        growing = possible(found, MACHINE, now, of)
        if growing and found.facts.get("halts") != group.halts:  # rule 3
            grown = {"halts": group.halts, "entries": told["entries"]}
            service.grow(head, rows[number], found, growing[0].id, grown, now)
