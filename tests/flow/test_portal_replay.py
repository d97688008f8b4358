"""Whatever anybody does in whatever order, and wherever the process dies: store, ledger and public
register say the same, each by replay of the events, and no licence stands without its acts.

What may be done is drawn, and who does it, and when; so is where it is interrupted.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.cases import MONDAY, NUMBERS, PROCEDURE, brought
from kit.histories import check_history
from kit.portal import person, portal
from licet.cases import Case, Refusal, depends_on, due, entry_of, possible, replay, settled
from licet.ledger.entry import make_entry

ROUTES = ("model_filing", "app_registration", "app_registration")
USUAL_WAY = ("save_draft", "file", "accept", "assess", "recommend", "grant", "refile")
"""Acts that bring a case on: drawn oftener, so that every stretch of a life is reached."""
STEPS = 60
ENDS = ("done", "done", "done", "done", "dies_before", "dies_after")
"""How an act ends: whole; killed before it is kept; or after it, and before the ledger."""


class Killed(Exception):
    """The process is no more."""


@pytest.mark.slow
@settings(
    max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(data=st.data())
def test_any_act_by_anybody_keeps_store_ledger_and_register_equal(data: st.DataObject) -> None:
    with portal():
        world = World()
        for _ in range(STEPS):
            world.step(data)
        world.holds()


class World:
    """Three cases, those who may and may not act in them, and the day on which they stand."""

    def __init__(self) -> None:
        from licet.portal.filings import service

        self.service, self.now = service, MONDAY
        holder = person("provider", "boris@acme.example", ("representative", "drafter"))
        officers = ("clerk", "reviewer", "approver", "hearing_officer")
        self.people = [
            holder,
            person("provider", "sly@rival.example", ("representative", "drafter"), "rival"),
            *(person("authority", f"{role}@bureau.example", (role,)) for role in officers),
            person("authority", "hua@bureau.example", officers),
        ]
        self.cases = [service.begin(route, holder, self.now).id for route in ROUTES]

    def step(self, data: st.DataObject) -> None:
        """Somebody does something, or time passes and what is due is written down."""
        if data.draw(st.integers(0, 5)) == 0:
            self.now += timedelta(days=data.draw(st.sampled_from([0.1, 1, 9, 40])))
            self.service.settle(self.now)
        case = self.service.load(data.draw(st.sampled_from(self.cases)))
        doable = [
            (one, act.id)
            for one in self.people
            for act in possible(case, self.service.actor_of(one), self.now, PROCEDURE)
        ]
        onward = [(one, act) for one, act in doable if act in USUAL_WAY]
        if doable and data.draw(st.integers(0, 7)):
            one, act = data.draw(st.sampled_from(onward * 3 + doable))
            given_data = self.brings(case, act)
        else:
            one = data.draw(st.sampled_from(self.people))
            act = data.draw(st.sampled_from(sorted(PROCEDURE.acts)))
            given_data = {"statement": {}, "number": "?"}
        self.does(case.id, act, given_data, one, data.draw(st.sampled_from(ENDS)))

    def brings(self, case: Case, act: str) -> dict[str, Any]:
        """What the act needs. Apps rest on the model, so that its fate reaches them."""
        whole = brought(SimpleNamespace(procedure=PROCEDURE, route=case.route), act)  # type: ignore[arg-type]
        rests_on = PROCEDURE.routes[case.route].upstream
        if rests_on and "answers" in whole:
            whole["answers"][rests_on] = NUMBERS["model_filing"]
        return whole

    def does(self, case_id: str, act: str, given_data: Any, one: Any, end: str) -> None:
        from django.db import transaction

        from licet.portal.filings.models import Head

        if end == "done":
            self.service.act(case_id, act, given_data, one, self.now)
            return
        try:
            with transaction.atomic():
                head = Head.objects.select_for_update().get(pk=1)
                actor = self.service.actor_of(one)
                self.service.act_on(head, case_id, act, given_data, actor, self.now)
                if end == "dies_before":
                    raise Killed
        except Killed:
            return

    def holds(self) -> None:
        """What is promised, after the next start of the process."""
        from django.conf import settings as site

        from licet.portal.filings.models import Head, StoredCase, StoredEvent
        from licet.portal.filings.record import record
        from licet.portal.register.models import Listing

        self.service.settle(self.now)
        self.service.publish(self.now)
        rows = list(StoredEvent.objects.order_by("seq"))
        assert [row.seq for row in rows] == list(range(len(rows)))
        assert record(site.LICET_HOME).entries() == [bytes(row.entry) for row in rows]
        assert Head.objects.get().published == len(rows)
        assert [bytes(row.entry) for row in rows if not row.refused] == lines(rows)
        for case_id in self.cases:
            case = self.service.load(case_id)
            kept = StoredCase.objects.get(pk=case_id)
            grant = case.grant
            assert (kept.filing, kept.licence) == (case.filing, case.licence)
            assert kept.number == (grant.number if grant else None)
            assert kept.upstream == (depends_on(case, PROCEDURE) or "")
            assert due(case, self.now) == ()
            check_history(case.events, PROCEDURE)
            listing = Listing.objects.filter(case=case_id).first()
            stage = PROCEDURE.stages[settled(case, self.now).licence]
            assert (listing is not None) == (grant is not None and stage.shown)
            if listing is not None:
                assert (listing.number, listing.status) == (kept.number, stage.status)


def lines(rows: list[Any]) -> list[bytes]:
    """The ledger's lines, made anew from what is stored of each case."""
    from licet.cases import Event

    so_far: dict[str, list[Event]] = {}
    made = []
    for row in rows:
        if row.refused:
            continue
        event = Event(row.kind, row.actor, row.role, row.at, row.data)
        events = so_far.setdefault(row.case_id, [])
        events.append(event)
        case = replay(events)
        assert not isinstance(case, Refusal)
        kind, public = entry_of(case, event)
        made.append(make_entry(kind, event.at, public))
    return made
