"""Applications, filings and licences as pure state machines with clocks. No web, no storage.

    events = open_case("case-1", "model_filing", actor, now, procedure)
    case = replay(events)
    decide(case, Act("file"), actor, now, procedure)   # events, or a Refusal that says why
    possible(case, actor, now, procedure)              # acts open to this actor now
    clocks(case, now, procedure)                       # who is bound to do what until when

What there is to do, by whom, in what time and on what law is the pack's (`rulebook.procedure`).
"""

from licet.cases.clocks import Clock, clocks, most_urgent
from licet.cases.decide import barred, decide, open_case, possible
from licet.cases.fold import apply, as_of, due, replay, settled
from licet.cases.forms import Difference, asked, differences, missing, shown, withheld, wrong
from licet.cases.model import (
    Act,
    Actor,
    Case,
    Event,
    Fault,
    Flag,
    Grant,
    Hearing,
    Refusal,
    Round,
    Timer,
    Version,
)
from licet.cases.notices import Near, nearing, told_to
from licet.cases.numbering import display_text, is_number, proposed_number
from licet.cases.permits import awaited
from licet.cases.record import entries_of, entry_of, refusal_entry
from licet.cases.scope import ScopeAnswer, scope
from licet.cases.upstream import depends_on, flagged, status
from licet.cases.wire import event_as_json, event_from_json
from licet.cases.words import said, said_of, told

__all__ = [
    "Act",
    "Actor",
    "Case",
    "Clock",
    "Difference",
    "Event",
    "Fault",
    "Flag",
    "Grant",
    "Hearing",
    "Near",
    "Refusal",
    "Round",
    "ScopeAnswer",
    "Timer",
    "Version",
    "apply",
    "as_of",
    "asked",
    "awaited",
    "barred",
    "clocks",
    "decide",
    "depends_on",
    "differences",
    "display_text",
    "due",
    "entries_of",
    "entry_of",
    "event_as_json",
    "event_from_json",
    "flagged",
    "is_number",
    "missing",
    "most_urgent",
    "nearing",
    "open_case",
    "possible",
    "proposed_number",
    "refusal_entry",
    "replay",
    "said",
    "said_of",
    "scope",
    "settled",
    "shown",
    "status",
    "told",
    "told_to",
    "withheld",
    "wrong",
]
