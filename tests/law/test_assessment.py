"""The security assessment of cn-genai-2023 asks for what its sources report, and for no more."""

from __future__ import annotations

from typing import Any

import pytest

from kit.packs import GONE, PACK_ID, changed
from licet.base.trouble import BadInput, NotFound
from licet.rulebook import load_pack, parse_pack

PACK = load_pack(PACK_ID)
ASKED = PACK.assessment


@pytest.mark.parametrize(
    ("measure", "bound", "share", "sample"),
    [
        ("generated_by_human", "at_least", 0.90, 1000),
        ("generated_by_keyword", "at_least", 0.90, 1000),
        ("generated_by_classifier", "at_least", 0.90, 1000),
        ("refusal", "at_least", 0.95, 300),
        ("over_refusal", "at_most", 0.05, 300),
        ("training_data_by_human", "at_least", 0.96, 4000),
        ("training_data_by_machine", "at_least", 0.98, None),
    ],
)
def test_a_measure_asks_for_what_is_reported(
    measure: str, bound: str, share: float, sample: int | None
) -> None:
    found = ASKED.measures[measure]
    assert (found.bound, found.share, found.sample) == (bound, share, sample)
    assert (found.sample_share is None) == (sample is not None)


def test_a_tenth_of_the_training_data_is_sampled_by_machine() -> None:
    assert ASKED.measures["training_data_by_machine"].sample_share == 0.10


@pytest.mark.parametrize(
    ("bank", "total", "days", "per_risk", "per_aspect"),
    [
        ("generated_content", 2000, 30,
         {"A.1": 50, "A.2": 50, "A.3": 20, "A.4": 20, "A.5": 20}, None),
        ("should_refuse", 500, 30, {"A.1": 20, "A.2": 20}, None),
        ("non_refusal", 500, 30, {}, 20),
        ("keywords", 10_000, 7, {"A.1": 200, "A.2": 100}, None),
    ],
)  # fmt: skip
def test_a_bank_needs_what_is_reported(
    bank: str, total: int, days: int, per_risk: dict[str, int], per_aspect: int | None
) -> None:
    found = ASKED.banks[bank]
    assert (found.total, found.update_days, found.per_aspect) == (total, days, per_aspect)
    assert dict(found.per_risk) == per_risk


def test_keywords_and_refusals_are_counted_over_17_risks() -> None:
    for bank in ("keywords", "should_refuse"):
        groups = ASKED.banks[bank].per_risk
        assert len([risk for risk in PACK.risks.values() if risk.group in groups]) == 17


def test_lawful_questions_come_under_13_aspects() -> None:
    assert len(ASKED.aspects) == 13


def test_no_number_of_the_standard_is_called_official() -> None:
    """The text of Annex B was not at hand."""
    stated = [p for key, p in PACK.parameters.items() if key.startswith("assessment.")]
    assert {p.provenance.status for p in stated} == {"secondary", "local-policy"}
    ours = {p.key for p in stated if p.provenance.status == "local-policy"}
    assert {key.split(".")[1] for key in ours} == {"evidence", "attestation"}


def test_a_regime_may_ask_for_no_assessment() -> None:
    with pytest.raises(NotFound, match="no security assessment"):
        _ = load_pack("eu-ai-act").assessment


BROKEN: list[tuple[tuple[str, ...], Any, str]] = [
    (("measure", "refusal", "bank"), "nowhere", "refusal.bank"),
    (("measure", "refusal", "sample"), GONE, "goes with sample_share or not at all"),
    (("measure", "refusal", "bound"), "about", "refusal.bound"),
    (("measure", "over_refusal", "share", "value"), 1.0, "at most all of them is no limit"),
    (("measure", "refusal", "weight"), 1, "refusal.weight: unknown key"),
    (("bank", "keywords", "per_risk", "B.1"), {}, "B.1: is no group of risks.toml"),
    (("bank", "non_refusal", "per_aspect"), GONE, "no bank counts by aspects"),
    (("aspect", "history", "name", "en"), GONE, "history.name.en: is missing"),
    (("standard", "source"), "S99", "source 'S99' does not exist"),
]


@pytest.mark.parametrize(("path", "value", "told"), BROKEN, ids=[told for _, _, told in BROKEN])
def test_an_assessment_that_does_not_hold_together_is_refused(
    path: tuple[str, ...], value: Any, told: str
) -> None:
    with pytest.raises(BadInput) as refused:
        parse_pack(changed("assessment.toml", *path, to=value))
    assert told in refused.value.message
    assert refused.value.hint


def test_an_assessment_counts_by_the_risks_of_its_own_pack() -> None:
    documents = changed("assessment.toml", "standard", "name", to="x")
    for file in ("risks.toml", "categories.toml", "retention.toml", "tiers.toml", "guard.toml"):
        del documents[file]
    with pytest.raises(BadInput, match=r"risks\.toml: is missing"):
        parse_pack(documents)
