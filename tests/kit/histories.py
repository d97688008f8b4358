"""The law of a case's history, written a second time over its bare events.

It refuses to know how `licet.cases` decides: a mistake in the code and in its guard would have to
be made twice.

Rules
1. Nothing is granted without filing, acceptance, assessment and conclusion in the same round, and
   never by anybody who assessed or concluded.
2. Nothing adverse happens before its bearer was heard, waived it, or let the time pass; except in
   an urgency that is stated and that ends by itself. Whoever proposed it does not decide it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from licet.cases import Event
from licet.cases.days import local_day
from licet.rulebook.procedure import Procedure


def check_history(events: Sequence[Event], procedure: Procedure) -> None:
    """Fails where an event stands in a history in which it could not (rules 1, 2)."""
    for place, event in enumerate(events):
        before = events[:place]
        rule = procedure.acts.get(event.kind)
        if rule is None:
            assert event.kind in {"opened", "lapsed", "upstream_changed"}, event.kind
            continue
        this_round = before[_last(before, lambda e: e.kind == "opened" or "round" in e.data) :]
        if "grant" in rule.effects and rule.apart_from:
            assert {"file", "accept", "assess", "recommend"} <= {e.kind for e in this_round}
            reviewers = {e.actor for e in this_round if e.kind in ("assess", "recommend")}
            assert event.actor not in reviewers
        if rule.adverse:
            _check_adverse(event, before, procedure)
            assert event.data["statement"]["provisions"]


def _check_adverse(event: Event, before: Sequence[Event], procedure: Procedure) -> None:
    if "urgency" in procedure.acts[event.kind].effects:
        assert event.data["urgency"]
        assert event.data["timers"]
        return
    invited = _last(before, lambda e: (e.data.get("hearing") or {}).get("act") == event.kind)
    invitation, since = before[invited], before[invited + 1 :]
    assert invitation.actor != event.actor
    assert all("hearing" not in e.data or e.data["hearing"] is not None for e in since)
    answers = [e.data["hearing"] for e in since if e.data.get("hearing")]
    waived, asked, held = (
        any(answer.get(said) for answer in answers) for said in ("waived", "asked", "held")
    )
    until = datetime.fromisoformat(invitation.data["hearing"]["until"]).date()
    over = local_day(event.at, procedure.time_zone) > until
    assert waived or (asked and held) or (over and not asked)


def _last(events: Sequence[Event], wanted: Callable[[Event], bool]) -> int:
    return max(place for place, event in enumerate(events) if wanted(event))
