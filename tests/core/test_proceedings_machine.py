"""Any act, by anybody, in any order, at any hour: what must hold of every proceeding.

The rules are written here a second time, over the bare list of events, so that a mistake in the
code and in its guard would have to be made twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kit.proceedings import MACHINE, PACK, PEOPLE, Play, brought, walked
from licet.cases import Event, Refusal, event_as_json, event_from_json, said_of
from licet.cases.forms import as_moment
from licet.cases.proceedings import (
    Person,
    as_of,
    barred,
    clocks,
    due,
    entries_of,
    possible,
    replay,
    said,
    settled,
    told,
)
from licet.ledger.entry import make_entry
from licet.rulebook import Pack, load_pack
from licet.rulebook.proceeding import ProceedingKind

OPEN_TO_DATA = {"bad_data"}
"""The one refusal that looks at what was brought: all others are known before."""

GARBAGE = st.dictionaries(
    st.sampled_from(["text", "step", "until", "names", "verdict", "grade", "halts", "nonsense"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.integers()),
    max_size=3,
)
VARIED = st.fixed_dictionaries(
    {},
    optional={
        "grade": st.sampled_from(["ordinary", "grave", "major"]),
        "kind": st.sampled_from(["content", "cyber"]),
        "reporter": st.sampled_from(["other_operator", "central_organ"]),
        "verdict": st.sampled_from(["better", "regresses", "not_enough_data"]),
        "step": st.sampled_from(["warn", "restrict", "suspend", "end"]),
        "prior_step": st.sampled_from(["warn", "restrict", "suspend"]),
        "opens": st.sampled_from(["identity", "excerpt"]),
        "skip_reason": st.just("Because."),
    },
)


class AnyProceeding(RuleBasedStateMachine):
    """One proceeding in which everybody does as they please."""

    pack = PACK

    kind: ProceedingKind = "incident"
    told: Mapping[str, Any] = {}

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        play = Play(self.kind, self.pack)
        opens = [act for act in play.rules.acts.values() if act.opens]
        act = data.draw(st.sampled_from(opens))
        able = [p for p in PEOPLE if p.side == act.side and p.account not in ("sly", "s2")]
        by = data.draw(st.sampled_from([p for p in able if not act.by or p.roles & set(act.by)]))
        self.play = play.begun(act.id, by, **self.told)
        for _ in range(data.draw(st.integers(0, 9))):
            self.somebody_goes_on(data)

    def somebody_goes_on(self, data: st.DataObject) -> None:
        """So that every stretch of a life is reached, not only its beginning."""
        play, stages = self.play, self.play.rules.stages
        open_ = [
            (by, rule.id)
            for by in PEOPLE
            for rule in possible(play.of, by, play.now, play.rules)
            if not stages[rule.to or play.of.stage].final
        ]
        if open_:
            by, act = data.draw(st.sampled_from(open_))
            self._tries(act, by, brought(play, act))

    @rule(hours=st.sampled_from([0.1, 0.1, 1, 1, 5, 13, 25, 80, 24 * 31, 24 * 100]))
    def time_passes(self, hours: float) -> None:
        self.play.pass_hours(hours)

    @rule(data=st.data())
    def somebody_does_what_is_open(self, data: st.DataObject) -> None:
        open_ = [(by, act) for by in PEOPLE for act in sorted(self.play.open_to(by))]
        if open_:
            by, act = data.draw(st.sampled_from(open_))
            fields = self._fields(act)
            varied = {n: v for n, v in data.draw(VARIED).items() if n in fields}
            self._tries(act, by, {**brought(self.play, act), **varied})

    @rule(data=st.data(), by=st.sampled_from(PEOPLE), garbage=GARBAGE)
    def anybody_tries_anything(self, data: st.DataObject, by: Person, garbage: Any) -> None:
        act = data.draw(st.sampled_from([*self.play.rules.acts, "lapsed", "opened"]))
        good = act in self.play.rules.acts and data.draw(st.booleans())
        self._tries(act, by, brought(self.play, act) if good else garbage)

    def _fields(self, act: str) -> frozenset[str]:
        form = self.play.rules.acts[act].form
        return frozenset(self.play.rules.forms[form].fields) if form else frozenset()

    def _tries(self, act: str, by: Person, data: dict[str, Any]) -> None:
        play, before = self.play, self.play.of
        open_acts = play.open_to(by)
        outcome = play.tries(act, by, **data)
        assert play.of is before
        if isinstance(outcome, Refusal):
            assert (act in open_acts) == (outcome.code in OPEN_TO_DATA)
            for language in ("zh", "en"):
                assert said(outcome, language, play.rules)
                assert all(said_of(fault, language) for fault in outcome.faults)
            return
        assert act in open_acts
        assert outcome[-1].actor == by.account
        play.take(*outcome)

    @invariant()
    def replay_gives_the_proceeding(self) -> None:
        if not hasattr(self, "play"):
            return
        of = self.play.of
        stored = json.loads(json.dumps([event_as_json(event) for event in of.events]))
        assert replay(event_from_json(event) for event in stored) == of
        for language in ("zh", "en"):
            assert all(told(event, language, self.play.rules) for event in of.events)

    @invariant()
    def what_fell_due_is_said_once(self) -> None:
        if not hasattr(self, "play"):
            return
        play = self.play
        assert all(event.at <= play.now for event in due(play.of, play.now))
        assert due(settled(play.of, play.now), play.now) == ()
        assert as_of(play.of, play.now) == settled(play.of, play.now)
        for by in PEOPLE:
            barred(play.of, by, play.now, play.rules)

    @invariant()
    def clocks_only_move_as_the_rules_let_them(self) -> None:
        if not hasattr(self, "play"):
            return
        play = self.play
        for clock in clocks(play.of, play.now, play.rules):
            assert (clock.due_at is None) == (clock.state == "resting") or clock.state == "met"
            if clock.rule.since and clock.state != "resting":
                stated = [e.data.get("facts", {}).get(clock.rule.since) for e in play.of.events]
                moments = [m for m in map(as_moment, stated) if m]
                assert clock.started_at == min(moments)

    @invariant()
    def nothing_stands_without_its_acts(self) -> None:
        if hasattr(self, "play"):
            CHECKS.get(self.play.rules.kind, lambda _: None)(self.play)
            final = self.play.rules.stages[self.play.stage].final
            if final:
                assert all(not self.play.open_to(by) for by in PEOPLE)

    def teardown(self) -> None:
        if hasattr(self, "play"):
            for kind, public in entries_of(self.play.of):
                assert make_entry(kind, self.play.now, public)


def check_incident(play: Play) -> None:
    """Grades and reports are people's; it is closed by the authority after a whole report."""
    for place, event in enumerate(play.of.events):
        if "grade" in event.data.get("facts", {}) or event.kind.startswith("report"):
            assert event.actor != MACHINE.account
        if event.data.get("stage") == "dismissed":
            proposers = {e.actor for e in play.of.events[:place] if e.kind == "propose_dismissal"}
            assert proposers
            assert event.actor not in proposers
        if event.data.get("stage") == "closed":
            form = play.rules.forms["report"].fields.values()
            needed = {field.id for field in form if field.required}
            assert needed <= set(replay(play.of.events[:place]).facts)
            assert event.role in ("approver", "surveillance_head")


def check_correction(play: Play) -> None:
    """What is released is the candidate that was proven better, or two people answer for it."""
    for place, event in enumerate(play.of.events):
        if event.data.get("stage") != "released":
            continue
        facts = replay(play.of.events[:place]).facts
        assert facts["proven_sha256"] == facts["candidate_sha256"]
        if facts["verdict"] != "better":
            assert event.data["facts"]["override_reason"].strip()
            others = {
                e.actor
                for e in play.of.events[:place]
                if e.kind in ("name_candidate", "record_proof")
            }
            assert event.actor not in others


def check_measure(play: Play) -> None:
    """Short where a machine acts, always with an end, and appeals go to other hands."""
    ladder = play.rules.ladder
    assert ladder
    imposers: set[str] = set()
    for event in play.of.events:
        facts = event.data.get("facts", {})
        if event.data.get("stage") == "in_force" and "step" in facts:
            step, until = ladder.steps[facts["step"]], as_moment(facts["until"])
            assert until
            assert 0 < (until - event.at).total_seconds() <= step.hours_max * 3600
            assert event.actor != MACHINE.account or step.alone
            assert {"rule", "reason", "excerpt_sha256"} <= set(facts)
        if event.kind in ("impose", "impose_alone", "propose", "confirm"):
            imposers.add(event.actor)
        if event.kind in ("uphold", "uphold_at_last", "overturn"):
            assert event.actor not in imposers
    if play.of.did("impose", "impose_alone", "confirm") and play.stage in ("in_force", "appealed"):
        until = as_moment(play.of.facts["until"])
        assert until
        assert play.now < until


def check_order(play: Play) -> None:
    """No path opens an identity or a sealed section with one person."""
    events = play.of.events
    for place, event in enumerate(events):
        if not event.kind.startswith("open_"):
            continue
        before = events[:place]
        validators = {e.actor for e in before if e.kind == "validate"}
        askers = {e.actor for e in before if e.kind == "request"}
        assert validators
        assert not validators & askers
        assert event.actor not in validators
        told_provider = any(e.kind == "tell_provider" for e in before)
        delayed = [e for e in before if e.kind == "delay_notice"]
        assert told_provider or all(e.data["facts"]["delay_reason"] for e in delayed)
        assert told_provider or delayed
        facts = replay(before).facts
        if facts["opens"] == "identity":
            assert len({e.kind for e in before if e.kind.startswith("give_")}) >= 2
        if facts["opens"] == "section":
            assert sum(e.kind == "give_authority_share" for e in before) >= 2
        gave = [e for e in before if e.kind.startswith("give_")]
        assert len({e.actor for e in gave}) == len(gave)
        assert len({e.data["facts"]["share_sha256"] for e in gave}) == len(gave)
        assert not {event.actor, *askers} & {e.actor for e in gave}
        assert names_something(event, before)
    check_told(play)


def check_told(play: Play) -> None:
    """What was opened, or whose notice was delayed, ends with the provider told: never without."""
    kinds = [event.kind for event in play.of.events]
    bound = any(kind.startswith("open_") or kind == "delay_notice" for kind in kinds)
    if bound and play.rules.stages[play.stage].final:
        assert any(kind.startswith("tell_") for kind in kinds)


def check_dossier(play: Play) -> None:
    """Versions are counted from one, and an authority never writes one."""
    versions = [e for e in play.of.events if "version_sha256" in e.data.get("facts", {})]
    assert [e.data["facts"]["number"] for e in versions] == list(range(1, len(versions) + 1))
    assert {e.role for e in versions} == {"representative"}


def names_something(event: Event, before: tuple[Event, ...]) -> bool:
    lines = str(before[0].data["facts"]["names"]).split()
    return 0 < len(lines) <= 20 and event.at >= before[0].at


CHECKS = {
    "incident": check_incident,
    "correction": check_correction,
    "measure": check_measure,
    "order": check_order,
    "dossier": check_dossier,
}


class AnyEuropeanIncident(AnyProceeding):
    pack = load_pack("eu-ai-act")


class AnyCorrection(AnyProceeding):
    kind = "correction"


class AnyMeasure(AnyProceeding):
    kind = "measure"


class AnyComplaint(AnyProceeding):
    kind = "complaint"


class AnyOrder(AnyProceeding):
    kind = "order"


class AnyOrderOfSections(AnyOrder):
    told: Mapping[str, Any] = {
        "opens": "section", "names": f"dossier_{'0' * 20}/annotation_rules"
    }  # fmt: skip


class AnyDossier(AnyProceeding):
    kind = "dossier"


_SETTINGS = settings(max_examples=30, stateful_step_count=20, deadline=None)

TestAnyIncident = AnyProceeding.TestCase
TestAnyEuropeanIncident = AnyEuropeanIncident.TestCase
TestAnyCorrection = AnyCorrection.TestCase
TestAnyMeasure = AnyMeasure.TestCase
TestAnyComplaint = AnyComplaint.TestCase
TestAnyOrder = AnyOrder.TestCase
TestAnyOrderOfSections = AnyOrderOfSections.TestCase
TestAnyDossier = AnyDossier.TestCase
for _case in (TestAnyIncident, TestAnyEuropeanIncident, TestAnyCorrection, TestAnyMeasure):
    _case.settings = _SETTINGS
for _case in (TestAnyComplaint, TestAnyOrder, TestAnyOrderOfSections, TestAnyDossier):
    _case.settings = settings(_SETTINGS, max_examples=60)


@pytest.mark.parametrize("pack", [PACK, AnyEuropeanIncident.pack], ids=lambda pack: pack.id)
def test_every_act_and_every_end_by_itself_of_every_kind_is_reached_and_lawful(pack: Pack) -> None:
    """What chance may leave undrawn: each act is done in each of its stages, with each choice of
    its form, after each other step, and each period runs out."""
    for kind, rules in pack.supervision.proceedings.items():
        done, ended = walked(kind, pack, CHECKS.get(kind, lambda _: None))
        assert done == {*rules.acts}, kind
        assert ended == {clock.id for clock in rules.clocks.values() if clock.expires}, kind


def test_every_kind_of_proceeding_is_drawn() -> None:
    drawn = (AnyProceeding, AnyCorrection, AnyMeasure, AnyComplaint, AnyOrder, AnyDossier)
    assert {one.kind for one in drawn} == set(PACK.supervision.proceedings)
