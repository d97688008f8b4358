"""What the ledger says of a proceeding: public fields, and digests of all else.

It refuses to know how the ledger is written; entry types are `proceeding.*` of `ledger/entry.py`.

Rules
1. One entry for every event and for every refusal. No text, no account and no number in it: a mark
   stands for the proceeding, a role for the person.
2. What the public may count is named by TOLD, kind by kind: grades, verdicts, digests, days.
3. `event_sha256` covers the whole event, so that a store can be held against the ledger by replay.
"""

from __future__ import annotations

from collections.abc import Mapping

from licet.base.ids import case_mark
from licet.cases.model import SYSTEM, Event, Refusal
from licet.cases.proceedings.effects import names_of
from licet.cases.proceedings.fold import replay
from licet.cases.proceedings.model import Person, Proceeding
from licet.cases.record import Field, as_identifier
from licet.cases.wire import event_digest
from licet.rulebook.proceeding import ProceedingKind

EVENT = "proceeding.event"
REFUSED = "proceeding.refused"

TOLD: Mapping[ProceedingKind, tuple[str, ...]] = {
    "incident": ("family", "category", "grade", "halts"),
    "correction": ("change", "before_sha256", "candidate_sha256", "verdict", "proof_sha256"),
    "measure": ("step", "rule", "excerpt_sha256", "until"),
    "complaint": ("about", "result"),
    "order": ("legal_basis", "opens", "notice_until", "view_sha256"),
    "dossier": ("number", "version_sha256"),
}
"""Facts that an entry may hold, by kind, as the last act left them."""


def entry_of(of: Proceeding, event: Event) -> tuple[str, dict[str, Field]]:
    """The ledger's entry for the last event of a proceeding: its type and public fields."""
    assert of.events[-1] == event
    names = names_of(of.facts.get("names")) if of.kind == "order" else ()
    return EVENT, {
        "proceeding": case_mark(of.id),
        "kind": of.kind,
        "n": len(of.events),
        "act": event.kind,
        "role": event.role,
        "stage": of.stage,
        "pack": of.pack,
        **{name: _public(of.facts.get(name)) for name in TOLD[of.kind]},
        "names": len(names) or None,
        "clock": event.data.get("clock"),
        "automatic": True if event.actor == SYSTEM else None,
        "event_sha256": event_digest(event),
    }


def entries_of(of: Proceeding) -> list[tuple[str, dict[str, Field]]]:
    """Every entry that the ledger holds of a proceeding, by replay."""
    events = of.events
    return [entry_of(replay(events[: n + 1]), event) for n, event in enumerate(events)]


def refusal_entry(
    of: Proceeding, refusal: Refusal, person: Person
) -> tuple[str, dict[str, Field]]:
    """The ledger's entry for an act that was refused."""
    return REFUSED, {
        "proceeding": case_mark(of.id),
        "kind": of.kind,
        "act": as_identifier(refusal.act),
        "side": person.side,
        "code": refusal.code,
        "stage": of.stage,
    }


def _public(value: object) -> Field:
    if isinstance(value, str):
        return as_identifier(value)
    return value if isinstance(value, int) else None
