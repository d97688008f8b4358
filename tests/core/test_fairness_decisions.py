"""A table of decisions: rates by group as Fairlearn gives them, exact bounds, nobody exposed."""

from __future__ import annotations

import random

import pytest

from licet.assess.fairness.decisions import Decisions, audit_decisions, read_decisions
from licet.base.trouble import BadInput
from licet.rulebook import load_pack

RULE = load_pack("cn-genai-2023").assessment.evidence


def table(seed: int, *, bias: float = 0.0, rows: int = 600) -> Decisions:
    """People of two groups; `bias` lowers what one of them is given."""
    chance = random.Random(seed)
    groups = tuple(chance.choice(("a", "b")) for _ in range(rows))
    truths = tuple(chance.random() < 0.5 for _ in groups)
    outcomes = tuple(
        chance.random() < (0.8 if truth else 0.2) - (bias if group == "b" else 0)
        for group, truth in zip(groups, truths, strict=True)
    )
    return Decisions(outcomes, truths, {"sex": groups})


def test_rates_are_fairlearns_and_bounds_are_exact() -> None:
    metrics = pytest.importorskip("fairlearn.metrics")
    made = table(3)
    rows = {(row.group, row.rate): row for row in audit_decisions(made, RULE)}
    for rate, metric in (
        ("selected", metrics.selection_rate), ("found", metrics.true_positive_rate),
        ("wrongly_selected", metrics.false_positive_rate),
    ):  # fmt: skip
        frame = metrics.MetricFrame(
            metrics=metric, y_true=made.truths, y_pred=made.outcomes,
            sensitive_features=made.groups["sex"],
        )  # fmt: skip
        for group in ("a", "b"):
            row = rows[group, rate]
            assert row.share == pytest.approx(frame.by_group[group])
            assert row.within is not None
            assert row.share is not None
            assert row.within.low < row.share < row.within.high


def test_a_planted_bias_is_called_for_the_right_group_and_none_is_not() -> None:
    pytest.importorskip("fairlearn")
    called = [row for row in audit_decisions(table(5, bias=0.18, rows=2000), RULE) if row.called]
    assert {row.rate for row in called} >= {"selected", "found"}
    lower = {row.group for row in called if (row.share or 0) < (row.others or 0)}
    assert lower == {"b"}
    wrongly = sum(any(row.called for row in audit_decisions(table(n), RULE)) for n in range(40))
    assert wrongly <= 6  # 5 % of 40 is 2; more than 6 has a chance below 1 %


def test_groups_of_few_are_hidden() -> None:
    pytest.importorskip("fairlearn")
    few = Decisions((True,) * 50, None, {"health": ("deaf",) * 3 + ("none",) * 47})
    rows = audit_decisions(few, RULE)
    assert all(row.hidden and row.share is None for row in rows)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sex\nf\n", "no column outcome"),
        ("outcome,sex\n", "no rows"),
        ("outcome,sex\n1,f\nmaybe,m\n", "line 3: outcome is 'maybe'"),
        ("outcome,sex\n1,\n", "line 2: sex is empty"),
        ("outcome,truth,sex\n1,,f\n", "line 2: truth is ''"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_decisions(text.splitlines(), "d.csv", ["sex"])
