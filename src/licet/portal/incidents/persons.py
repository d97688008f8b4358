"""Who is stopped again and again: counted from gateways' ledgers, answered by the pack's ladder.

It refuses to know who they are (a pseudonym stands for each), what they said, and to decide what
the pack leaves to people: it proposes, and a person decides.

Rules
1. It counts inside the transaction that keeps how far the ledger was read: nobody's stop counts
   twice, and no measure is taken twice for the same stops.
2. While a proposal about somebody waits for a person, no other is made.
3. A ledger that is read late punishes nobody afterwards: stops that lie back for longer than the
   step would last call for nothing.
4. What the pack spares (cries for help, what nobody could judge) is passed over.
law:cn-genai-2023/art14.2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from licet.base.canonical import sha256_hex
from licet.cases import Refusal
from licet.cases.proceedings import MACHINE
from licet.cases.strikes import Call, Taken, Tally, counted, next_step, served, stopped
from licet.ledger.entry import Entry, parse_entry
from licet.ledger.follow import Batch
from licet.portal.accounts.models import Body
from licet.portal.filings.models import Head
from licet.portal.incidents import service
from licet.portal.incidents.models import StoredMeasure, Strike
from licet.portal.pack import pack
from licet.rulebook.proceeding import LadderRules, LadderStep

_SUBJECT = re.compile(rb'"sub":"([^"\\]{1,96})"')
_STOPPED = (b'"type":"exchange.refused"', b'"type":"exchange.halted"')
_SERVED = b'"type":"exchange.served"'


@dataclass(frozen=True, slots=True)
class _Seen:
    """One exchange of somebody: its place in the batch, and whether it was stopped."""

    place: int
    subject: str
    stop: bool


def count_stops(head: Head, batch: Batch, holder: Body, now: datetime) -> None:
    """Count a batch of a ledger, inside `together`, and answer what it calls for."""
    ladder = pack().supervision.ladder
    if ladder is None:
        return
    seen = list(_seen(batch))
    names = {one.subject for one in seen}
    rows = {row.subject: row for row in Strike.objects.filter(holder=holder, subject__in=names)}
    changed: dict[str, Strike] = {}
    for one in seen:
        row = rows.get(one.subject)
        if not one.stop:
            if row is not None and row.in_a_row:
                _put(row, served(_tally(row)))
                changed[one.subject] = row
            continue
        entry = parse_entry(batch.entries[one.place])
        if entry.pub.get("category") in ladder.spared:
            continue
        at = datetime.fromisoformat(entry.t)
        if row is None:
            row = rows[one.subject] = Strike(holder=holder, subject=one.subject, last=at)
        tally, call = stopped(_tally(row), at, pack().time_zone, ladder)
        row.last = at
        _put(row, tally)
        changed[one.subject] = row
        if call:
            _answer(head, row, call, entry, batch.entries[one.place], ladder, now)
    if changed:
        known = [row for row in changed.values() if row.pk is not None]
        Strike.objects.bulk_create([row for row in changed.values() if row.pk is None])
        Strike.objects.bulk_create(
            known, update_conflicts=True, unique_fields=["id"],
            update_fields=["in_a_row", "day", "that_day", "last"],
        )  # fmt: skip
        forget(now)


def forget(now: datetime) -> int:
    """Let go of tallies that are older than what the ladder remembers; how many there were."""
    ladder = pack().supervision.ladder
    if ladder is None:
        return 0
    old = Strike.objects.filter(last__lt=now - timedelta(days=ladder.memory_days))
    return int(old.delete()[0])


def steps_taken(holder: Body, subject: str) -> tuple[Taken, ...]:
    """The steps that count against somebody, oldest first."""
    rows = StoredMeasure.objects.filter(
        holder=holder, subject=subject, restored=False, taken__isnull=False
    )
    return tuple(Taken(row.step, row.taken) for row in rows.order_by("taken"))


def last_step(holder: Body, subject: str, now: datetime, ladder: LadderRules) -> str | None:
    """The gravest step that was taken within the ladder's memory, None without one."""
    since = now - timedelta(days=ladder.memory_days)
    recent = [one.step for one in steps_taken(holder, subject) if one.at > since]
    return max(recent, key=lambda step: ladder.steps[step].rank, default=None)


def reason_in(text: str, code: str) -> str:
    """A reason in one language, where it is one of the pack's; people's own stays as it is."""
    ladder = pack().supervision.ladder
    if ladder is None:
        return text
    for call, reasons in ladder.reasons.items():
        if text == _reason(call, ladder):
            return reasons[code].format(count=counted(call, ladder))
    return text


def _reason(call: Call, ladder: LadderRules) -> str:
    assert call
    count = counted(call, ladder)
    return "\n".join(text.format(count=count) for text in ladder.reasons[call].values())


def _seen(batch: Batch) -> Iterator[_Seen]:
    for place, data in enumerate(batch.entries):
        found = _SUBJECT.search(data)
        if found is None:
            continue
        stop = any(kind in data for kind in _STOPPED)
        if stop or _SERVED in data:
            yield _Seen(place, found[1].decode("ascii", "replace"), stop)


def _answer(
    head: Head, row: Strike, call: Call, entry: Entry, line: bytes, ladder: LadderRules,
    now: datetime,
) -> None:  # fmt: skip
    """Take the next step, or propose it (rules 2 and 3)."""
    of = service.rules("measure")
    step = next_step(steps_taken(row.holder, row.subject), now, ladder)
    waits = StoredMeasure.objects.filter(
        holder=row.holder, subject=row.subject, taken=None, proceeding__moves__isnull=False
    )
    if now - row.last >= timedelta(hours=step.hours_max) or waits.exists():
        return
    opening = next(
        act.id
        for act in of.acts.values()
        if act.opens and act.side == MACHINE.side and ("impose" in act.effects) == step.alone
    )
    told = _notice(row, call, entry, line, step, ladder, now)
    number = service.number_of("measure", now)
    outcome = service.begin_on(
        head, number, "measure", opening, told, MACHINE, row.holder, now, row.subject
    )
    assert not isinstance(outcome, Refusal), outcome


def _notice(
    row: Strike, call: Call, entry: Entry, line: bytes, step: LadderStep, ladder: LadderRules,
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """What the person is told. Where there was no excerpt to seal, the entry's digest stands."""
    told = {
        "step": step.id,
        "rule": str(entry.pub.get("rule", "unknown")),
        "reason": _reason(call, ladder),
        "excerpt_sha256": entry.ct_sha256 or sha256_hex(line),
        "until": (now + timedelta(hours=step.hours_max)).isoformat(timespec="seconds"),
    }
    prior = last_step(row.holder, row.subject, now, ladder)
    return {**told, **({"prior_step": prior} if prior else {})}


def _tally(row: Strike) -> Tally:
    return Tally(row.in_a_row, row.day, row.that_day)


def _put(row: Strike, tally: Tally) -> None:
    row.in_a_row, row.day, row.that_day = tally.in_a_row, tally.day, tally.that_day
