"""Halts as incidents: families, windows, grave ones alone, and the same groups when read again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.cases.halts import (
    OPEN_MAX,
    FoundIn,
    Group,
    Halt,
    family,
    finding,
    group_as_json,
    group_from_json,
    group_halts,
    incident_number,
    proposed_grade,
)
from licet.cases.strikes import Taken, Tally, next_step, served, stopped
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
RULES, LADDER = PACK.supervision.incident, PACK.supervision.ladder
assert RULES
assert LADDER
NOON = datetime(2026, 3, 9, 4, tzinfo=UTC)  # noon in Beijing
ZONE = "Asia/Shanghai"


def halt(
    index: int, minutes: float, rule: str = "base.fraud.zh.1", category: str = "illegal_activity"
) -> Halt:
    return Halt(index, NOON + timedelta(minutes=minutes), rule, category)


def groups(*halts: Halt) -> list[Group]:
    assert RULES
    return list(group_halts({}, halts, RULES).changed)


@pytest.mark.parametrize(
    ("rule", "of"),
    [
        ("base.fraud.zh.2", "base.fraud"),
        ("base.fraud.en.1", "base.fraud"),
        ("operator-7", "operator-7"),
        ("house.x.1.2", "house.x"),
        ("classifier.sexual", "classifier.sexual"),
        ("12", "12"),
    ],
)
def test_a_family_is_a_rule_without_language_and_number(rule: str, of: str) -> None:
    assert family(rule) == of


def test_halts_of_a_family_within_the_window_are_one_incident() -> None:
    (one,) = groups(halt(1, 0), halt(5, 59, "base.fraud.en.2"), halt(9, 118))
    assert (one.halts, one.first, one.last, one.family) == (3, 1, 9, "base.fraud")
    assert one.found_at == NOON


def test_a_quiet_hour_begins_a_new_incident() -> None:
    assert [g.halts for g in groups(halt(1, 0), halt(2, 61), halt(3, 62))] == [1, 2]


def test_families_stay_apart() -> None:
    assert len(groups(halt(1, 0), halt(2, 1, "base.drugs.zh.1"), halt(3, 2))) == 2


def test_a_grave_one_stands_alone() -> None:
    grave = [halt(n, n, "base.weapons.zh.1", "weapons") for n in range(3)]
    found = groups(*grave)
    assert [g.alone for g in found] == [True] * 3
    assert RULES
    assert finding(found[0], RULES)["proposed_grade"] == "grave"
    assert finding(groups(halt(1, 0))[0], RULES)["proposed_grade"] == "ordinary"


def asked(index: int, minutes: float, category: str = "weapons") -> Halt:
    at = NOON + timedelta(minutes=minutes)
    return Halt(index, at, f"base.{category}.en.1", category, "prompt")


def test_refused_prompts_are_incidents_of_their_own_and_no_flood() -> None:
    """However grave: who asks on opens no second incident, and no reply joins those prompts."""
    assert RULES
    found = groups(*(asked(n, n) for n in range(9)), halt(9, 9, "base.weapons.en.1", "weapons"))
    assert [(g.found_in, g.halts, g.alone) for g in found] == [
        ("prompt", 9, False),
        ("reply", 1, True),
    ]
    assert [finding(g, RULES)["proposed_grade"] for g in found] == ["grave", "grave"]
    mild = finding(groups(asked(1, 0, "illegal_activity"))[0], RULES)
    assert (mild["proposed_grade"], mild["found_in"]) == ("ordinary", "prompt")


def test_a_cry_for_help_and_ones_own_data_are_no_incident_when_asked() -> None:
    assert RULES
    assert RULES.grouping.prompts < PACK.categories.keys()
    for category in (PACK.categories.keys() | {"unjudged"}) - RULES.grouping.prompts:
        assert groups(asked(1, 0, category)) == []
    assert {"self_harm", "privacy", "injection", "operator"} < PACK.categories.keys()
    assert RULES.grouping.prompts.isdisjoint({"self_harm", "privacy", "injection", "operator"})


def test_a_group_that_was_kept_before_prompts_counted_is_read() -> None:
    kept = group_as_json(groups(halt(1, 0))[0])
    del kept["found_in"]
    assert group_from_json(kept).found_in == "reply"


def test_a_flood_becomes_incidents_of_a_size_to_look_through() -> None:
    assert RULES
    found = groups(*(halt(n, n / 1000) for n in range(2500)))
    assert [g.halts for g in found] == [1000, 1000, 500]


@given(
    minutes=st.lists(st.floats(0, 90), min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=4),
    rules=st.lists(st.sampled_from(["base.fraud.zh.1", "base.drugs.en.1"]), min_size=40),
    places=st.lists(st.sampled_from(["reply", "prompt"]), min_size=40),
)
def test_batches_do_not_matter(
    minutes: list[float], cuts: list[int], rules: list[str], places: list[FoundIn]
) -> None:
    """Read in one go or in pieces, kept as JSON in between: the same incidents."""
    assert RULES
    at, halts = 0.0, []
    for index, step in enumerate(minutes):
        at += step
        halts.append(replace(halt(index, at, rules[index]), found_in=places[index]))
    whole = {g.first: g for g in group_halts({}, halts, RULES).changed}
    open_: dict[str, Group] = {}
    pieces: dict[int, Group] = {}
    edges = [0, *sorted(min(cut, len(halts)) for cut in cuts), len(halts)]
    for first, last in pairwise(edges):
        grouped = group_halts(open_, halts[first:last], RULES)
        kept = json.loads(json.dumps({n: group_as_json(g) for n, g in grouped.open.items()}))
        open_ = {name: group_from_json(one) for name, one in kept.items()}
        pieces |= {g.first: g for g in grouped.changed}
    assert pieces == whole
    assert sum(g.halts for g in whole.values()) == len(halts)


def test_what_may_still_grow_is_bounded() -> None:
    assert RULES
    many = (halt(n, 0, f"rule-{n}") for n in range(OPEN_MAX + 50))
    grouped = group_halts({}, many, RULES)
    assert len(grouped.open) == OPEN_MAX
    later = group_halts(grouped.open, [halt(10**6, 120)], RULES)
    assert list(later.open) == ["base.fraud"]


def test_a_number_names_the_first_entry_of_a_ledger() -> None:
    (one,) = groups(halt(1, 0))
    (grown,) = groups(halt(1, 0), halt(2, 1))
    assert incident_number("a.example/log", one) == incident_number("a.example/log", grown)
    assert incident_number("a.example/log", one) != incident_number("b.example/log", one)
    assert incident_number("a.example/log", one).startswith("LI-20260309-")


@pytest.mark.parametrize(
    ("persons", "grade"),
    [(0, None), (999_999, None), (10**6, "larger"), (10**7, "major"), (10**9, "special")],
)
def test_persons_concerned_propose_a_grade(persons: int, grade: str | None) -> None:
    assert RULES
    assert proposed_grade(persons, RULES) == grade


# --- strikes ---


def called(kinds: str, hours: float = 0.0) -> list[bool]:
    """`x` is a stop, `.` something lawful; `|` a day later."""
    assert LADDER
    tally, at, out = Tally(), NOON, []
    for kind in kinds:
        if kind == "|":
            at += timedelta(days=1)
        elif kind == ".":
            tally = served(tally)
        else:
            tally, calls = stopped(tally, at + timedelta(hours=hours), ZONE, LADDER)
            out.append(bool(calls))
    return out


@pytest.mark.parametrize(
    ("kinds", "calls"),
    [
        ("xxx", [False, False, True]),
        ("xx.x", [False, False, False]),
        ("x.x.x.x.x", [False, False, False, False, True]),
        ("x.x.x.x|x", [False] * 5),
        ("xx|x", [False, False, True]),
        ("xxxxxx", [False, False, True, False, False, True]),
    ],
)
def test_three_in_a_row_or_five_a_day_call_for_a_measure(kinds: str, calls: list[bool]) -> None:
    assert called(kinds) == calls


@given(st.lists(st.sampled_from("xxx..|"), max_size=40))
def test_calls_are_those_that_a_list_of_stops_gives(kinds: list[str]) -> None:
    """An oracle that keeps every stop since the last call, and counts them anew each time."""
    assert LADDER
    expected, day, row, today = [], 0, 0, 0
    for kind in kinds:
        if kind == "|":
            day, today = day + 1, 0
        elif kind == ".":
            row = 0
        else:
            row, today = row + 1, today + 1
            calls = row >= LADDER.consecutive or today >= LADDER.per_day
            expected.append(calls)
            if calls:
                row = today = 0
    assert called("".join(kinds)) == expected


@given(st.lists(st.tuples(st.sampled_from(["warn", "restrict", "suspend", "end"]),
                          st.integers(0, 90)), max_size=12))  # fmt: skip
def test_the_next_step_is_one_above_the_gravest_within_memory(
    steps: list[tuple[str, int]],
) -> None:
    assert LADDER
    taken = tuple(Taken(step, NOON - timedelta(days=ago)) for step, ago in steps)
    recent = [LADDER.steps[step].rank for step, ago in steps if ago < LADDER.memory_days]
    wanted = min(max(recent, default=0) + 1, len(LADDER.steps))
    assert next_step(taken, NOON, LADDER).rank == wanted


def test_a_day_is_one_of_beijing() -> None:
    assert LADDER
    tally, _ = stopped(Tally(), datetime(2026, 3, 9, 15, 59, tzinfo=UTC), ZONE, LADDER)
    tally, _ = stopped(served(tally), datetime(2026, 3, 9, 16, 1, tzinfo=UTC), ZONE, LADDER)
    assert tally.that_day == 1


def test_the_ladder_is_climbed_step_by_step_and_forgotten_after_a_month() -> None:
    assert LADDER
    taken: tuple[Taken, ...] = ()
    climbed = []
    for day in range(5):
        now = NOON + timedelta(days=day)
        step = next_step(taken, now, LADDER)
        climbed.append(step.id)
        taken = (*taken, Taken(step.id, now))
    assert climbed == ["warn", "restrict", "suspend", "end", "end"]
    assert next_step(taken, NOON + timedelta(days=40), LADDER).id == "warn"
