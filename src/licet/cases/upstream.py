"""Filings that rest on other filings: when the one below falls, those above it are flagged.

It refuses to know how cases are found and how a holder is told.

Rules
1. A case depends on the filing whose number its standing or last filed version names, in the field
   that its route calls `upstream`.
2. A flag says that the upstream filing does not stand; it takes nothing from the holder by itself.
   What follows is for an officer to decide.
3. Flags follow the upstream stage both ways: a filing that is restored takes its flags back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from licet.cases.fold import settled
from licet.cases.model import SYSTEM, Case, Event
from licet.rulebook.procedure import LicenceStatus, Procedure


def depends_on(case: Case, procedure: Procedure) -> str | None:
    """The number of the filing on which this case rests, or None."""
    field = procedure.routes[case.route].upstream
    version = case.in_force or case.filed
    named = (version.answers if version else case.draft).get(field) if field else None
    return named if isinstance(named, str) and named else None


def status(case: Case, now: datetime, procedure: Procedure) -> LicenceStatus:
    """What a licence token of this case says at `now`: valid, suspended, invalid, or none."""
    return procedure.stages[settled(case, now).licence].status


def flagged(
    upstream: Case, dependents: Iterable[Case], now: datetime, procedure: Procedure
) -> tuple[tuple[Case, Event], ...]:
    """The event for every case on which the state of its upstream filing has not been noted yet.

    Asking again after the events were stored gives nothing.
    """
    if upstream.grant is None:
        return ()
    number, stage = upstream.grant.number, settled(upstream, now).licence
    stands = procedure.stages[stage].status == "valid"
    found: list[tuple[Case, Event]] = []
    for case in dependents:
        if depends_on(case, procedure) != number:
            continue
        noted = next((flag.stage for flag in case.flags if flag.upstream == number), None)
        if noted == (None if stands else stage):
            continue
        at = max(now, case.events[-1].at)
        data = {"flag": {"upstream": number, "stage": stage, "stands": stands}}
        found.append((case, Event("upstream_changed", SYSTEM, SYSTEM, at, data)))
    return tuple(found)
