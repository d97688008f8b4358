"""Any act, by anybody, in any order, at any time: what must hold of a case whatever happens.

What is lawful is written a second time in `kit.histories`, over the bare list of events.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kit.cases import (
    ALL_ROLES,
    APPROVER,
    CLERK,
    DRAFTER,
    HEARER,
    PROCEDURE,
    REPRESENTATIVE,
    REVIEWER,
    STRANGER,
    Play,
    actor,
    brought,
)
from kit.histories import check_history
from licet.cases import (
    Event,
    Refusal,
    clocks,
    due,
    entries_of,
    event_as_json,
    event_from_json,
    possible,
    replay,
    said,
    said_of,
    settled,
)
from licet.ledger.entry import make_entry
from licet.rulebook import load_pack
from licet.rulebook.procedure import Procedure

OFFICERS = (CLERK, REVIEWER, APPROVER, HEARER, ALL_ROLES)
ANOTHER = actor("ming", "bureau", "reviewer", "approver")
PEOPLE = (DRAFTER, REPRESENTATIVE, STRANGER, *OFFICERS, ANOTHER, actor("nobody", "acme"))

ANSWERS = (
    (),
    (("waive", REPRESENTATIVE),),
    (("respond", REPRESENTATIVE),),
    (("ask_hearing", REPRESENTATIVE),),
    (("ask_hearing", REPRESENTATIVE), ("hold_hearing", HEARER)),
)
GARBAGE = st.dictionaries(
    st.sampled_from(["answers", "number", "statement", "text", "findings", "conditions", "date"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers()),
    max_size=3,
)
OPEN_TO_DATA = {"bad_data", "incomplete", "findings_open", "nothing_filed", "nothing_granted"}
"""Refusals that look at what was brought: all others are known before."""


class AnyCase(RuleBasedStateMachine):
    """One case in which everybody does as they please."""

    procedure: Procedure = PROCEDURE
    routes: tuple[str, ...] = tuple(PROCEDURE.routes)

    starts: tuple[str, ...] = ("draft", "in_review", "reviewed", "granted", "granted", "granted")

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        route = data.draw(st.sampled_from(self.routes))
        self.play = Play(route, procedure=self.procedure)
        self.begin(data.draw(st.sampled_from(self.starts)))

    def begin(self, start: str) -> None:
        """So that every stretch of a life is reached, not only its beginning."""
        if start != "draft":
            getattr(self.play, start)()

    @rule(days=st.sampled_from([0.1, 1, 4, 9, 16, 40, 400, 1200]))
    def time_passes(self, days: float) -> None:
        self.play.pass_days(days)

    @rule(data=st.data())
    def somebody_does_what_is_open(self, data: st.DataObject) -> None:
        by = data.draw(st.sampled_from(PEOPLE))
        acts = sorted(self.play.open_to(by))
        if acts:
            act = data.draw(st.sampled_from(acts))
            outcome = self._tries(act, by, brought(self.play, act))
            if isinstance(outcome, Refusal):
                assert outcome.code in OPEN_TO_DATA, outcome

    @rule(data=st.data(), days=st.sampled_from([0, 5, 9]))
    def something_adverse_is_brought_to_its_end(self, data: st.DataObject, days: int) -> None:
        acts = self.procedure.acts
        proposals = sorted(a for a in self.play.open_to(REVIEWER) if "invite" in acts[a].effects)
        if not proposals:
            return
        proposal = data.draw(st.sampled_from(proposals))
        self._tries(proposal, REVIEWER, brought(self.play, proposal))
        for act, by in data.draw(st.sampled_from(ANSWERS)):
            self._tries(act, by, brought(self.play, act))
        self.play.pass_days(days)
        decision = acts[proposal].hears or ""
        by = data.draw(st.sampled_from(OFFICERS))
        self._tries(decision, by, brought(self.play, decision))

    @rule(data=st.data(), by=st.sampled_from(PEOPLE), garbage=GARBAGE)
    def anybody_tries_anything(self, data: st.DataObject, by: Any, garbage: Any) -> None:
        act = data.draw(st.sampled_from([*self.procedure.acts, "lapsed", "opened"]))
        good = data.draw(st.booleans())
        known = act in self.procedure.acts
        self._tries(act, by, brought(self.play, act) if good and known else garbage)

    def _tries(self, act: str, by: Any, data: dict[str, Any]) -> tuple[Event, ...] | Refusal:
        before = self.play.case
        open_acts = self.play.open_to(by)
        outcome = self.play.tries(act, by, **data)
        assert self.play.case is before
        if isinstance(outcome, Refusal):
            assert (act in open_acts) == (outcome.code in OPEN_TO_DATA)
            for language in ("zh", "en"):
                assert said(outcome, language, self.procedure)
                assert all(said_of(fault, language) for fault in outcome.faults)
            return outcome
        assert act in open_acts
        assert outcome[-1].actor == by.account
        self.play.take(*outcome)
        return outcome

    @invariant()
    def replay_gives_the_case(self) -> None:
        if not hasattr(self, "play"):
            return
        case = self.play.case
        stored = json.loads(json.dumps([event_as_json(event) for event in case.events]))
        assert replay(event_from_json(event) for event in stored) == case

    @invariant()
    def what_fell_due_is_said_once(self) -> None:
        if not hasattr(self, "play"):
            return
        play = self.play
        fallen = due(play.case, play.now)
        assert all(event.at <= play.now for event in fallen)
        assert due(settled(play.case, play.now), play.now) == ()
        clocks(play.case, play.now, play.procedure)
        for by in PEOPLE:
            possible(play.case, by, play.now, play.procedure)

    @invariant()
    def nothing_stands_without_its_acts(self) -> None:
        if hasattr(self, "play"):
            check_history(self.play.case.events, self.procedure)

    def teardown(self) -> None:
        if hasattr(self, "play"):
            for kind, public in entries_of(self.play.case):
                assert make_entry(kind, self.play.now, public)


class AnyEuropeanCase(AnyCase):
    procedure = load_pack("eu-ai-act").procedure
    routes = tuple(procedure.routes)
    starts = ("draft", "registered")

    def begin(self, start: str) -> None:
        if start == "registered":
            for act in ("save_draft", "register"):
                self.play.act(act, REPRESENTATIVE, **brought(self.play, act))


TestAnyCase = AnyCase.TestCase
TestAnyCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyEuropeanCase = AnyEuropeanCase.TestCase
TestAnyEuropeanCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)


def test_a_long_life_is_lawful_throughout() -> None:
    play = Play().granted()
    play.act("suspend_interim", APPROVER, **brought(play, "suspend_interim"))
    play.act("propose_suspension", REVIEWER, **brought(play, "propose_suspension"))
    play.now += timedelta(days=9)
    play.act("suspend", ALL_ROLES, **brought(play, "suspend"))
    play.act("restore", APPROVER, **brought(play, "restore"))
    check_history(play.case.events, PROCEDURE)
