"""The 31 risks: nothing is claimed that no rule or model does, and nothing is done unclaimed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kit.house import ROOT
from licet.cli.coverage import (
    Means,
    empty_claims,
    risks_as_markdown,
    shipped_means,
)
from licet.cli.rulebook import rulebook
from licet.gateway.bundling import shipped_rules, shipped_weights
from licet.guard.classifier import Classifier
from licet.guard.ruleset import CATEGORIES, parse_rules
from licet.rulebook import Risk, load_pack

PACK = load_pack("cn-genai-2023")
MEANS = shipped_means()
RISKS = list(PACK.risks.values())
SHIPPED = [risk for risk in RISKS if risk.coverage == "shipped"]
SERVES_NO_RISK = {"injection"}


def test_every_claim_has_something_behind_it() -> None:
    assert empty_claims(PACK, MEANS) == []


def test_an_empty_claim_would_be_seen() -> None:
    less = {name: means for name, means in MEANS.items() if name != "terrorism"}
    assert empty_claims(PACK, less) == ["A.1.d names terrorism, for which nothing ships"]
    more = {**MEANS, "opinion": Means((), True)}
    assert empty_claims(PACK, more) == [
        "opinion is judged by what ships, and the pack does not name it"
    ]


@pytest.mark.parametrize("risk", SHIPPED, ids=lambda risk: risk.id)
def test_a_shipped_risk_has_rules_and_a_score_for_each_category(risk: Risk) -> None:
    for name in risk.categories:
        assert MEANS[name].rules
        assert MEANS[name].scored


def test_every_category_that_ships_serves_a_risk() -> None:
    named = {name for risk in RISKS for name in risk.categories}
    assert set(MEANS) - named == SERVES_NO_RISK


def test_what_the_operator_must_write_ships_nowhere() -> None:
    """No list of political terms and no classifier of opinion, by whatever name."""
    assert "operator" not in MEANS
    assert set(MEANS) <= set(CATEGORIES)
    authored = [risk for risk in RISKS if risk.coverage == "operator-authored"]
    assert {risk.id for risk in authored} >= {"A.1.a", "A.1.b", "A.1.c"}
    assert not any(risk.categories for risk in authored)


def test_means_are_what_the_rules_and_weights_hold() -> None:
    ids = {rule.id for name, text in shipped_rules().items() for rule in parse_rules(text, name)}
    assert {rule for means in MEANS.values() for rule in means.rules} == ids
    scored = {name for name, means in MEANS.items() if means.scored}
    assert scored == set(Classifier.from_bytes(shipped_weights()).categories)


def test_the_page_is_true() -> None:
    page = (ROOT / "docs/risks.md").read_text(encoding="utf-8")
    table = "\n".join(risks_as_markdown(PACK, MEANS)).rstrip()
    assert page.rstrip().endswith(table), (
        "docs/risks.md: replace everything from the first ### on by the output of "
        "`licet rulebook risks --markdown`"
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_names_every_risk_and_what_judges_it(lang: str) -> None:
    shown = CliRunner().invoke(rulebook, ["risks", "--lang", lang])
    assert shown.exit_code == 0
    for risk in RISKS:
        assert f"{risk.id}  {risk.name[lang]}" in shown.output
    assert "terrorism (" in shown.output
    assert shown.output.count("classifier") >= len(SHIPPED)


def test_the_list_for_programs_holds_the_rules() -> None:
    rows = json.loads(CliRunner().invoke(rulebook, ["risks", "--json"]).output)
    assert len(rows) == 31
    by_id = {row["id"]: row for row in rows}
    assert by_id["A.1.a"]["categories"] == []
    (privacy,) = by_id["A.4.f"]["categories"]
    assert privacy["rules"] == list(MEANS["privacy"].rules)


def test_a_risk_shows_its_rules() -> None:
    shown = CliRunner().invoke(rulebook, ["show", "A.4.f"]).output
    assert all(rule in shown for rule in MEANS["privacy"].rules)
    assert "scored by the classifier" in shown


def test_a_language_that_the_pack_does_not_speak_is_refused() -> None:
    refused = CliRunner().invoke(rulebook, ["risks", "--lang", "tlh"])
    assert refused.exit_code == 2
    assert "does not speak 'tlh'" in refused.output
