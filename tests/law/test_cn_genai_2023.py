"""The pack cn-genai-2023 says what its sources say, and nothing that they don't.

The traps are misreadings found in public: each has a test that would catch it here.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from licet.rulebook import Pack, Provision, Risk, load_pack

PACK = load_pack("cn-genai-2023")
ROOT = Path(__file__).parents[2]

GUARD_CATEGORIES = {
    "sexual",
    "violence",
    "terrorism",
    "hate",
    "discrimination.ethnicity",
    "discrimination.gender",
    "discrimination.age",
    "discrimination.occupation",
    "discrimination.health",
    "discrimination.region",
    "harassment",
    "self_harm",
    "weapons",
    "illegal_activity",
    "cyber",
    "privacy",
    "commercial",
    "injection",
    "operator",
}


@pytest.fixture
def pack() -> Pack:
    return PACK


def provisions() -> list[Provision]:
    return list(PACK.provisions.values())


def risks() -> list[Risk]:
    return list(PACK.risks.values())


def test_the_instrument_is_the_one_in_force_since_2023(pack: Pack) -> None:
    assert pack.promulgated == dt.date(2023, 7, 10)
    assert pack.in_force_from == dt.date(2023, 8, 15)
    assert pack.in_force_to is None
    assert pack.time_zone == "Asia/Shanghai"


def test_every_article_from_2_to_23_states_its_rules(pack: Pack) -> None:
    assert {p.cite.article for p in provisions()} == set(range(2, 24))
    assert [p.cite.article for p in provisions()] == sorted(p.cite.article for p in provisions())


@pytest.mark.parametrize(
    ("article", "rules"),
    [(2, 3), (4, 6), (6, 2), (7, 5), (9, 2), (11, 2), (14, 2), (19, 2), (22, 3)],
)
def test_an_article_is_whole(pack: Pack, article: int, rules: int) -> None:
    assert len(pack.article(article)) == rules


@pytest.mark.parametrize("provision", provisions(), ids=lambda p: p.id)
def test_a_provision_is_well_formed(provision: Provision) -> None:
    assert set(provision.paraphrase) == {"zh", "en"}
    assert provision.bearers
    assert provision.actions
    assert provision.provenance.sources
    for text in provision.paraphrase.values():
        assert text.endswith((".", "。"))
        assert not {"“", "”", '"', "「"} & set(text), "a paraphrase is no quotation"


@pytest.mark.parametrize("provision", provisions(), ids=lambda p: p.id)
def test_only_confirmed_wording_is_called_official(provision: Provision) -> None:
    official = provision.provenance.status == "official"
    assert official != (
        "K" in provision.provenance.sources or "S7" in provision.provenance.sources
    )


def test_halting_is_due_promptly_and_in_no_number_of_hours(pack: Pack) -> None:
    clock = pack.provision("art14.1").clock
    assert clock is not None
    assert (clock.due, clock.kind) == ("promptly", None)


def test_no_provision_of_the_measures_counts_hours_or_days() -> None:
    assert not [p.id for p in provisions() if p.clock and p.clock.due.startswith("P")]


def test_halting_is_reported_to_the_authority_not_to_the_user(pack: Pack) -> None:
    halting = pack.provision("art14.1")
    assert halting.counterparty == "authority"
    assert "report_to_authority" in halting.actions
    assert not [action for action in halting.actions if "user" in action]


def test_records_are_demanded_of_measures_against_users_only(pack: Pack) -> None:
    assert "keep_records" not in pack.provision("art14.1").actions
    assert "keep_records" in pack.provision("art14.2").actions
    assert not [action for action in pack.provision("art13").actions if "log" in action]


def test_interfaces_make_a_provider_by_article_22_not_2(pack: Pack) -> None:
    assert "programmable interface" in pack.provision("art22.2").paraphrase["en"]
    assert not [p for p in pack.article(2) if "interface" in p.paraphrase["en"]]


def test_article_17_is_a_filing_and_only_article_23_a_licence(pack: Pack) -> None:
    licensing = {p.id for p in provisions() if any("licence" in action for action in p.actions)}
    assert licensing == {"art23.1"}
    assert {"assess_security", "file_algorithm"} <= set(pack.provision("art17").actions)


def test_the_measures_state_no_fine_of_their_own(pack: Pack) -> None:
    assert not [action for action in pack.provision("art21.1").actions if "fine" in action]


def test_inspection_asks_for_exactly_five_explanations(pack: Pack) -> None:
    asked = [a for a in pack.provision("art19.1").actions if a.startswith("explain_")]
    assert len(asked) == 5


def test_there_are_31_risks_split_8_9_5_7_2(pack: Pack) -> None:
    split = Counter(risk.group for risk in risks())
    assert list(split.items()) == [("A.1", 8), ("A.2", 9), ("A.3", 5), ("A.4", 7), ("A.5", 2)]
    assert len(pack.risks) == 31


@pytest.mark.parametrize("group", PACK.catalogue.groups)
def test_risks_bear_consecutive_letters(group: str) -> None:
    letters = "".join(risk.id[-1] for risk in risks() if risk.group == group)
    assert letters == "abcdefghi"[: len(letters)]


@pytest.mark.parametrize("risk", risks(), ids=lambda r: r.id)
def test_every_risk_has_coverage_and_a_reason(risk: Risk) -> None:
    assert risk.coverage in {"shipped", "operator-authored", "assessment-only"}
    assert all(len(reason) > 10 for reason in risk.reason.values())
    assert bool(risk.categories) == (risk.coverage == "shipped")
    assert set(risk.categories) <= PACK.categories.keys()


@pytest.mark.parametrize("risk_id", ["A.1.a", "A.1.b", "A.1.c", "A.1.g"])
def test_clauses_on_politics_are_for_the_operator_to_answer(pack: Pack, risk_id: str) -> None:
    assert pack.risk(risk_id).coverage == "operator-authored"
    assert risk_id in pack.categories["operator"].risks


def test_the_guards_categories_are_all_named_and_no_other(pack: Pack) -> None:
    assert set(pack.categories) == GUARD_CATEGORIES


def test_every_category_serves_a_risk_except_injection(pack: Pack) -> None:
    assert [c.id for c in pack.categories.values() if not c.risks] == ["injection"]


def test_injection_is_looked_for_in_prompts_only(pack: Pack) -> None:
    assert pack.categories["injection"].roles == ("prompt",)


@pytest.mark.parametrize("category", PACK.categories.values(), ids=lambda c: c.id)
def test_a_refused_person_reads_a_reason_in_both_languages(category: object) -> None:
    reason = getattr(category, "reason")  # noqa: B009 - parametrize knows no type
    assert set(reason) == {"zh", "en"}
    assert all(text.endswith((".", "。")) for text in reason.values())


def test_every_scored_category_has_thresholds_for_every_audience(pack: Pack) -> None:
    scored = {c.id for c in pack.categories.values() if c.scored}
    assert scored == GUARD_CATEGORIES - {"operator"}
    for audience in ("default", "minor"):
        assert set(pack.guard.audiences[audience]) == scored


def test_minors_are_judged_at_least_as_strictly(pack: Pack) -> None:
    for category, threshold in pack.guard.thresholds.items():
        minor = pack.guard.threshold(category, "minor")
        assert minor.halt <= threshold.halt
        assert minor.flag <= threshold.flag


def test_logs_outlast_any_six_months(pack: Pack) -> None:
    longest = max(
        (dt.date(year + (month + 6 > 12), (month + 5) % 12 + 1, 1) - dt.date(year, month, 1)).days
        for year in range(2023, 2033)
        for month in range(1, 13)
    )
    for kept in ("ledger", "case_record", "unlabelled_copy_log"):
        assert pack.retention[kept].bound == "at_least"
        assert pack.retention[kept].days >= longest


def test_identifying_records_have_an_end(pack: Pack) -> None:
    assert pack.retention["halted_excerpt"].bound == "at_most"
    assert pack.retention["pseudonym_key"].bound == "at_most"


def test_a_page_of_ours_that_a_number_rests_on_exists(pack: Pack) -> None:
    named = {
        source
        for parameter in pack.parameters.values()
        for source in parameter.provenance.sources
        if source.startswith("docs/")
    }
    assert [page for page in sorted(named) if not (ROOT / page).is_file()] == []
