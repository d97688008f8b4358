"""What follows after a halt, as pure state machines: incidents, corrections, measures against
persons, complaints, orders of access. One engine; what differs stands in the pack.

    events = begin("incident-1", Act("find", {...}), MACHINE, now, rules, {"provider": "acme"})
    of = replay(events)
    decide(of, Act("grade", {...}), officer, now, rules)   # events, or a Refusal that says why
    possible(of, officer, now, rules)                      # acts open to this person now
    clocks(of, now, rules)                                 # who is bound to do what until when
"""

from licet.cases.proceedings.audit import lawless
from licet.cases.proceedings.clocks import RunningClock, clocks, most_urgent
from licet.cases.proceedings.decide import MACHINE, barred, begin, decide, possible
from licet.cases.proceedings.effects import names_of
from licet.cases.proceedings.fold import apply, as_of, due, replay, settled
from licet.cases.proceedings.model import Parties, Person, Proceeding, ProceedingTimer
from licet.cases.proceedings.permits import authority_knows, provider_knows
from licet.cases.proceedings.record import entries_of, entry_of, refusal_entry
from licet.cases.proceedings.words import said, told

__all__ = [
    "MACHINE",
    "Parties",
    "Person",
    "Proceeding",
    "ProceedingTimer",
    "RunningClock",
    "apply",
    "as_of",
    "authority_knows",
    "barred",
    "begin",
    "clocks",
    "decide",
    "due",
    "entries_of",
    "entry_of",
    "lawless",
    "most_urgent",
    "names_of",
    "possible",
    "provider_knows",
    "refusal_entry",
    "replay",
    "said",
    "settled",
    "told",
]
