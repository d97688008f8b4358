"""Rules of annotation, records of batches: what is refused, what is told, what samples show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.corpus import RULES, annotation_rules, batch
from licet.base.trouble import BadInput
from licet.corpus.annotation import (
    BYTES_MAX,
    Batch,
    Rules,
    batch_faults,
    breaches,
    parse,
    quality,
    rules_faults,
)
from licet.corpus.words import BREACHES, FAULTS

LAW = RULES.annotation
PERSON = {"training": "the rules", "trained": "2026-08-20", "examined": "2026-08-22"}
ANN = {"mark": "A01", "part": "annotator", **PERSON}
REV = {"mark": "R01", "part": "reviewer", **PERSON}


def test_rules_and_a_batch_without_a_gap_have_nothing_against_them() -> None:
    assert rules_faults(annotation_rules(), LAW) == ()
    assert batch_faults(batch()) == ()
    assert breaches(batch(), "safety", LAW) == ()


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"id": "nothing"}, "id", "no_id"),
        ({"version": "v 1"}, "version", "no_rule"),
        ({"title": {"zh": "", "en": "x"}}, "title", "both_languages"),
        ({"parts": {"target": "x", "format": " ", "method": "x", "quality": "x"}}, "parts.format",
         "empty"),
        ({"parts": {"whim": "x"}}, "parts.whim", "unknown_part"),
    ],
)  # fmt: skip
def test_rules_say_all_that_the_pack_asks(change: dict[str, Any], where: str, code: str) -> None:
    found = rules_faults(annotation_rules(**change), LAW)
    assert (where, code) in [(one.where, one.code) for one in found]
    assert all(one.code in FAULTS for one in found)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"right": 600}, "counts_disagree"),
        ({"sampled": 2000}, "counts_disagree"),
        ({"reviewed": 1001}, "counts_disagree"),
        ({"right": -1}, "counts_disagree"),
        ({"items": 0, "reviewed": 0, "sampled": 0, "right": 0}, "empty"),
        ({"ended": "2026-08-01"}, "days_disagree"),
        ({"person": [REV]}, "no_annotator"),
        ({"person": [ANN | {"mark": "王小明"}]}, "no_mark"),
        ({"dataset": "x"}, "no_id"),
    ],
)
def test_a_record_that_cannot_be_true_is_refused(change: dict[str, Any], code: str) -> None:
    found = batch_faults(batch(**change))
    assert code in [one.code for one in found]
    assert all(one.code in FAULTS for one in found)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"person": [ANN, REV | {"mark": "A01"}]}, "both_parts"),
        ({"person": [ANN]}, "no_reviewer"),
        ({"person": [ANN | {"trained": None}, REV]}, "not_trained"),
        ({"person": [ANN | {"training": " "}, REV]}, "not_trained"),
        ({"person": [ANN | {"trained": "2026-09-02"}, REV]}, "not_trained"),
        ({"person": [ANN, REV | {"examined": "2026-09-02"}]}, "not_examined"),
        ({"person": [ANN | {"examined": "2025-09-01"}, REV]}, "exam_old"),
        ({"reviewed": 999}, "not_reviewed"),
    ],
)
def test_a_breach_is_told_and_taken(change: dict[str, Any], code: str) -> None:
    one = batch(**change)
    assert batch_faults(one) == ()
    found = breaches(one, "safety", LAW)
    assert code in [fault.code for fault in found]
    assert all(fault.code in BREACHES for fault in found)


def test_only_what_is_for_safety_is_reviewed_item_by_item() -> None:
    assert breaches(batch(reviewed=10), "functional", LAW) == ()


@pytest.mark.parametrize(
    ("sampled", "right", "verdict"),
    [
        (500, 495, "conforms"),
        (500, 470, "does_not"),
        (500, 481, "not_enough_data"),
        (99, 99, "not_enough_data"),
        (0, 0, "not_enough_data"),
    ],
)
def test_a_sample_proves_what_chance_leaves(sampled: int, right: int, verdict: str) -> None:
    found = quality(batch(sampled=sampled, right=right), LAW, 0.95, "two")
    assert (found.verdict, found.needed) == (verdict, 100)


@given(st.integers(1, 10_000), st.data())
def test_whoever_samples_less_than_the_share_never_conforms(items: int, data: Any) -> None:
    sampled = data.draw(st.integers(0, items))
    one = batch(items=items, reviewed=0, sampled=sampled, right=sampled)
    found = quality(one, LAW, 0.95, "two")
    assert found.within.low <= 1 <= found.within.high
    assert found.verdict != "conforms" or sampled >= LAW.sample_share * items - 1e-6


@given(st.binary(max_size=200))
def test_what_cannot_be_read_is_said_so(data: bytes) -> None:
    for kind in (Rules, Batch):
        for name in ("x.json", "x.toml"):
            with pytest.raises(BadInput):
                parse(data, name, kind)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(BadInput, match="more than 1024 KiB"):
        parse(b"#" * (BYTES_MAX + 1), "x.toml", Rules)
