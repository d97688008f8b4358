"""Statistics hold what they promise: coverage, level, and agreement with other people's code.

Coverage of exact bounds is not simulated but summed over every outcome; the rest is simulated
with a seed.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from licet.base.trouble import BadInput
from licet.stats.agreement import cohen_kappa
from licet.stats.family import holm, shown_cells
from licet.stats.paired import (
    Pairs,
    cluster_sums,
    count_pairs,
    difference_bounds,
    mcnemar,
    mean_bounds,
    permutation_p,
    prove_correction,
)
from licet.stats.sample import failures_max, least_difference, least_mean_difference, plan
from licet.stats.share import (
    Bounds,
    Count,
    Detector,
    bounds,
    corrected,
    judge_share,
    meets,
)

COUNTS = st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


def statsmodels(part: str) -> ModuleType:
    """A part of the other library, which takes a second to import: only who runs it pays."""
    return importlib.import_module(f"statsmodels.stats.{part}")


@given(COUNTS, st.sampled_from([0.9, 0.95, 0.99]))
def test_bounds_are_those_of_another_library(count: tuple[int, int], confidence: float) -> None:
    ours = bounds(Count(*count), confidence)
    theirs = statsmodels("proportion").proportion_confint(
        *count, alpha=1 - confidence, method="beta"
    )
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("of", [1, 10, 100, 300, 500])
@pytest.mark.parametrize("true", [0.005, 0.05, 0.5, 0.9, 0.95, 0.98, 0.995])
def test_bounds_cover_the_truth_as_often_as_they_say(of: int, true: float) -> None:
    hits = np.arange(of + 1)
    chance = binom.pmf(hits, of, true)
    two = [bounds(Count(int(k), of), 0.95) for k in hits]
    one = [bounds(Count(int(k), of), 0.95, "one") for k in hits]
    rounding = 1e-9
    assert chance @ [b.low <= true <= b.high for b in two] >= 0.95 - rounding
    assert chance @ [b.low <= true for b in one] >= 0.95 - rounding
    assert chance @ [true <= b.high for b in one] >= 0.95 - rounding


def test_no_items_say_nothing() -> None:
    assert bounds(Count(0, 0), 0.95) == Bounds(0.0, 1.0)
    assert judge_share(None, Bounds(0.0, 1.0), 0.95, "at_least") == "not_enough_data"
    assert not meets(None, 0.05, "at_most")


@pytest.mark.parametrize(("hits", "of"), [(-1, 3), (4, 3), (0, -1)])
def test_a_count_that_is_none_is_refused(hits: int, of: int) -> None:
    with pytest.raises(BadInput, match="no count"):
        Count(hits, of)


@pytest.mark.parametrize(
    ("items", "allowed"),
    [(58, None), (59, 0), (100, 1), (200, 4), (300, 8), (500, 16), (1000, 38)],
)
def test_a_limit_of_95_percent_is_shown_with_so_many_failures(
    items: int, allowed: int | None
) -> None:
    assert failures_max(items, 0.05, 0.95, "one") == allowed


@pytest.mark.parametrize(
    ("hits", "of", "bound", "limit", "verdict"),
    [
        (492, 500, "at_least", 0.95, "conforms"),
        (484, 500, "at_least", 0.95, "conforms"),
        (483, 500, "at_least", 0.95, "not_enough_data"),
        (450, 500, "at_least", 0.95, "does_not"),
        (3, 3, "at_least", 0.95, "not_enough_data"),
        (16, 500, "at_most", 0.05, "conforms"),
        (17, 500, "at_most", 0.05, "not_enough_data"),
        (50, 500, "at_most", 0.05, "does_not"),
    ],
)
def test_a_verdict_leaves_no_room_for_chance(
    hits: int, of: int, bound: str, limit: float, verdict: str
) -> None:
    count = Count(hits, of)
    within = bounds(count, 0.95, "one")
    assert judge_share(count.share, within, limit, bound) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize("failing", [0.0, 0.01, 0.02, 0.03])
def test_a_plan_succeeds_as_often_as_it_says(failing: float) -> None:
    made = plan(0.95, "at_least", 0.95, "one", failing=failing, power=0.9)
    assert made.least == 59
    assert made.planned is not None
    assert made.allowed == failures_max(made.planned, 0.05, 0.95, "one")
    assert binom.cdf(made.allowed, made.planned, failing) >= 0.9
    assert plan(0.05, "at_most", 0.95, "one", failing=failing, power=0.9) == made


def test_a_service_at_the_limit_cannot_be_planned_for() -> None:
    with pytest.raises(BadInput, match="never shows"):
        plan(0.95, "at_least", 0.95, "one", failing=0.05, power=0.9)
    barely = plan(0.95, "at_least", 0.95, "one", failing=0.0499, power=0.9)
    assert (barely.least, barely.planned, barely.allowed) == (59, None, None)


@pytest.mark.parametrize("true", [0.0, 0.02, 0.3, 0.95])
@pytest.mark.parametrize(("finds", "passes"), [(0.98, 0.99), (0.8, 0.9)])
def test_correction_covers_the_truth_behind_an_imperfect_detector(
    true: float, finds: float, passes: float
) -> None:
    rng = np.random.default_rng(7)
    seen = true * finds + (1 - true) * (1 - passes)
    covered = 0
    runs = 400
    for _ in range(runs):
        detector = Detector(
            Count(int(rng.binomial(120, finds)), 120), Count(int(rng.binomial(150, passes)), 150)
        )
        estimate, within = corrected(Count(int(rng.binomial(500, seen)), 500), detector, 0.95)
        assert estimate is not None
        covered += within.low <= true <= within.high
    assert covered / runs >= 0.95


def test_a_perfect_detector_corrects_to_what_was_seen() -> None:
    estimate, within = corrected(
        Count(30, 1000), Detector(Count(10**6, 10**6), Count(10**6, 10**6)), 0.95
    )
    assert estimate == pytest.approx(0.03)
    around = bounds(Count(30, 1000), 1 - 0.05 / 3)
    assert (within.low, within.high) == pytest.approx((around.low, around.high), abs=1e-4)


def test_a_detector_that_may_guess_corrects_nothing() -> None:
    guessing = Detector(Count(5, 10), Count(5, 10))
    assert corrected(Count(30, 100), guessing, 0.95) == (None, Bounds(0.0, 1.0))
    untried = Detector(Count(0, 0), Count(50, 50))
    assert corrected(Count(30, 100), untried, 0.95)[0] is None


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_that_of_another_library(fixed: int, broken: int) -> None:
    theirs = (
        statsmodels("contingency_tables").mcnemar([[50, broken], [fixed, 7]], exact=True).pvalue
    )
    assert mcnemar(Pairs(50, fixed, broken, 7)) == pytest.approx(min(1.0, theirs))


def test_a_correction_is_proven_by_what_it_fixes_and_does_not_break() -> None:
    made = prove_correction(Pairs(471, 27, 2, 0), 0.05, 0.95, broken_max=0.02)
    assert (made.verdict, round(made.broken_high, 4)) == ("proven", 0.0125)
    assert prove_correction(Pairs(471, 27, 2, 0), 0.05, 0.95, 0.01).verdict == "not_enough_data"
    assert prove_correction(Pairs(471, 2, 27, 0), 0.05, 0.95, 0.02).verdict == "worse"
    assert prove_correction(Pairs(20, 3, 0, 0), 0.05, 0.95, 1.0).verdict == "not_enough_data"
    assert prove_correction(Pairs(0, 0, 0, 0), 0.05, 0.95, 1.0).verdict == "not_enough_data"


def test_pairs_are_of_the_same_items() -> None:
    found = count_pairs([True, True, False, False], [True, False, True, False])
    assert found == Pairs(good=1, fixed=1, broken=1, bad=1)
    assert found.difference == 0
    with pytest.raises(BadInput, match="no pairs"):
        count_pairs([True], [])


@pytest.mark.parametrize(("up", "down"), [(0.0, 0.0), (0.05, 0.05), (0.1, 0.02), (0.4, 0.3)])
def test_a_difference_is_covered(up: float, down: float) -> None:
    rng = np.random.default_rng(11)
    drawn = rng.multinomial(200, [0.5 - up, up, down, 0.5 - down], size=500)
    held = [
        b.low <= up - down <= b.high
        for b in (difference_bounds(Pairs(*map(int, row)), 0.95) for row in drawn)
    ]
    assert np.mean(held) >= 0.95


def test_signs_of_clusters_are_permuted_exactly_where_they_are_few() -> None:
    rng = np.random.default_rng(0)
    assert permutation_p(np.array([1.0, 1.0, 1.0]), rng) == 0.25  # all up or all down, of 8
    assert permutation_p(np.array([1.0, -1.0]), rng) == 1.0
    assert permutation_p(np.zeros(5), rng) == 1.0
    many = permutation_p(np.ones(40), rng)
    assert many == 1 / 20_001


def test_permutation_of_single_pairs_is_mcnemar() -> None:
    signs = np.array([1.0] * 12 + [-1.0] * 3)
    exact = mcnemar(Pairs(0, 12, 3, 0))
    assert permutation_p(signs, np.random.default_rng(1)) == pytest.approx(exact)


def test_clusters_without_a_difference_are_called_different_no_more_often_than_said() -> None:
    rng = np.random.default_rng(3)
    called = 0
    runs = 400
    for _ in range(runs):
        by_cluster = rng.normal(0, 1, 24)  # what a template does to all its pairs alike
        differences = np.repeat(by_cluster, 10) * rng.choice([-1, 1], 24).repeat(10)
        sums, _ = cluster_sums(differences, np.arange(24).repeat(10))
        called += permutation_p(sums, rng, draws=999) <= 0.05
    assert called / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5


def test_a_mean_difference_is_covered_from_cluster_to_cluster() -> None:
    rng = np.random.default_rng(5)
    held = 0
    runs = 600
    for _ in range(runs):
        by_cluster = rng.normal(0.4, 1.0, 20)
        differences = np.repeat(by_cluster, 8) + rng.normal(0, 0.5, 160)
        mean, within = mean_bounds(*cluster_sums(differences, np.arange(20).repeat(8)), 0.95)
        assert mean is not None
        assert within is not None
        held += within.low <= 0.4 <= within.high
    assert held / runs >= 0.95 - 3 * (0.05 * 0.95 / runs) ** 0.5


def test_one_cluster_bounds_no_mean() -> None:
    assert mean_bounds(*cluster_sums([1.0, 0.0], ["a", "a"]), 0.95) == (0.5, None)
    assert mean_bounds(*cluster_sums([], []), 0.95) == (None, None)
    assert least_mean_difference(1, 1.0, 0.05, 0.9) is None


def test_the_least_difference_that_pairs_show_is_found_as_often_as_said() -> None:
    least = least_difference(200, 0.1, 0.05, 0.9)
    assert least is not None
    rng = np.random.default_rng(9)
    up, down = (0.1 + least) / 2, (0.1 - least) / 2
    drawn = rng.multinomial(200, [0.5, up, down, 0.4], size=2000)
    found = np.mean([mcnemar(Pairs(*map(int, row))) <= 0.05 for row in drawn])
    assert found == pytest.approx(0.9, abs=0.03)
    assert least_difference(5, 0.1, 0.05, 0.9) is None
    assert least_difference(0, 0.1, 0.05, 0.9) is None


LABELS = st.lists(st.tuples(st.sampled_from("yn?"), st.sampled_from("yn?")), min_size=4)


@given(LABELS)
def test_kappa_is_that_of_another_library(labels: list[tuple[str, str]]) -> None:
    first, second = zip(*labels, strict=True)
    ours = cohen_kappa(first, second, 0.95)
    table = [[labels.count((a, b)) for b in "yn?"] for a in "yn?"]
    assert ours.same == sum(table[i][i] for i in range(3))
    if ours.kappa is None:
        return
    with np.errstate(invalid="ignore"):  # theirs takes the root of a rounding error below 0
        theirs = statsmodels("inter_rater").cohens_kappa(table)
    assert ours.kappa == pytest.approx(theirs.kappa)
    if min(len(set(first)), len(set(second))) == 1:
        assert ours.within is None, "who always says the same shows no error"
        return
    assert ours.within is not None
    if theirs.std_kappa > 1e-6:
        low, high = max(-1.0, theirs.kappa_low), min(1.0, theirs.kappa_upp)
        assert (ours.within.low, ours.within.high) == pytest.approx((low, high), abs=1e-9)


def test_labels_that_never_differ_have_no_kappa() -> None:
    assert cohen_kappa("yyy", "yyy", 0.95).kappa is None
    assert cohen_kappa("", "", 0.95).items == 0
    with pytest.raises(BadInput, match="not of the same items"):
        cohen_kappa("y", "", 0.95)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_that_of_another_library(ps: list[float]) -> None:
    theirs = statsmodels("multitest").multipletests(ps, method="holm")[1]
    assert holm(ps) == pytest.approx(theirs)


def test_small_cells_are_hidden_and_never_one_alone() -> None:
    cells = {"a": Count(3, 40), "b": Count(1, 5), "c": Count(2, 30), "d": Count(0, 0)}
    shown = shown_cells(cells, 10)
    assert [key for key, count in shown.items() if count is None] == ["b", "c"]
    assert shown["d"] == Count(0, 0)
    assert shown_cells({"b": Count(1, 5)}, 10) == {"b": None}
    assert shown_cells({"a": Count(3, 40)}, 10) == {"a": Count(3, 40)}
