"""What the ledger says of a case: public fields, and digests of all else.

It refuses to know how the ledger is written; entry types are `case.*` of `ledger/entry.py`.

Rules
1. One entry for every event and for every refusal. No text, no account and no case number in it: a
   mark stands for the case, a role for the person, digests for what was written.
2. `event_sha256` covers the whole event, so that a store can be held against the ledger by replay.
"""

from __future__ import annotations

import re

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.ids import case_mark
from licet.cases.fold import replay
from licet.cases.model import SYSTEM, Case, Event, Refusal
from licet.cases.wire import event_digest

EVENT = "case.event"
REFUSED = "case.refused"

_NOT_ID = re.compile(r"[^A-Za-z0-9_.:/@+~-]+", re.ASCII)

Field = str | int | bool | list[str] | None


def entry_of(case: Case, event: Event) -> tuple[str, dict[str, Field]]:
    """The ledger's entry for the last event of a case: its type and public fields."""
    assert case.events[-1] == event
    statement = event.data.get("statement") or (event.data.get("hearing") or {}).get("statement")
    version = case.filed if "version" in event.data else None
    return EVENT, {
        "case": case_mark(case.id),
        "n": len(case.events),
        "act": event.kind,
        "role": event.role,
        "pack": case.pack,
        "route": case.route,
        "filing": case.filing,
        "licence": case.licence,
        "number": as_identifier(case.grant.number) if case.grant else None,
        "decision": statement.get("decision") if statement else None,
        "provisions": list(statement["provisions"]) if statement else None,
        "version": version.number if version else None,
        "version_sha256": version.sha256 if version else None,
        "statement_sha256": sha256_hex(canonical_json(statement)) if statement else None,
        "automatic": True if event.actor == SYSTEM else None,
        "event_sha256": event_digest(event),
    }


def entries_of(case: Case) -> list[tuple[str, dict[str, Field]]]:
    """Every entry that the ledger holds of a case, by replay."""
    events = case.events
    return [entry_of(replay(events[: n + 1]), event) for n, event in enumerate(events)]


def refusal_entry(case: Case, refusal: Refusal, role: str) -> tuple[str, dict[str, Field]]:
    """The ledger's entry for an act that was refused."""
    return REFUSED, {
        "case": case_mark(case.id),
        "act": as_identifier(refusal.act),
        "role": as_identifier(role),
        "code": refusal.code,
        "filing": case.filing,
        "licence": case.licence,
    }


def as_identifier(text: str) -> str:
    """A number or name with the characters alone that the ledger takes."""
    return _NOT_ID.sub("_", text)[:96] or "_"
