"""Terms of API customers: competitors who get worse ones are found, chance is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from licet.assess.fairness.terms import Terms, compare, outliers, read_terms
from licet.base.trouble import BadInput
from licet.cli.main import licet
from licet.rulebook import load_pack

RULE = load_pack("cn-genai-2023").assessment.evidence


def customers(seed: int, dearer: float = 1.0, refused: int = 1) -> list[Terms]:
    """Fifteen competitors and forty others whose prices scatter by a tenth."""
    rng = np.random.default_rng(seed)
    return [
        Terms(
            f"c{n}", n < 15,
            price_in=2.0 * float(np.exp(rng.normal(0, 0.1))) * (dearer if n < 15 else 1.0),
            requests_per_minute=600.0, applications=4, refused=refused if n < 15 else 1,
        )
        for n in range(55)
    ]  # fmt: skip


def test_competitors_who_pay_more_are_found() -> None:
    found = {row.term: row for row in compare(customers(1, 1.3), RULE, np.random.default_rng(1))}
    assert found["price_in"].called
    assert found["price_in"].ratio == pytest.approx(1.3, abs=0.1)
    assert not found["requests_per_minute"].called
    assert not found["refused"].called
    assert "price_out" not in found, "nobody has it"


def test_competitors_who_are_refused_are_found() -> None:
    found = compare(customers(2, refused=3), RULE, np.random.default_rng(1), draws=999)
    assert [row.term for row in found if row.called] == ["refused"]


def test_chance_is_called_no_more_often_than_said() -> None:
    runs, wrong = 100, 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        wrong += any(row.called for row in compare(customers(seed), RULE, rng, draws=299))
    assert wrong / runs <= 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5


def test_few_customers_are_not_compared() -> None:
    found = compare(customers(1, 2.0)[10:], RULE, np.random.default_rng(1), draws=99)
    assert {row.term for row in found if row.hidden} == {"price_in", "requests_per_minute"}


def test_who_lies_far_outside_is_named() -> None:
    cases = [*customers(3), Terms("dear", True, price_in=9.0), Terms("slow", False)]
    found = outliers(cases)
    one = max(found, key=lambda outlier: outlier.ratio)
    assert len(found) <= 5, "of 56 customers alike, few lie outside by chance"
    assert (one.customer, one.term, one.amount) == ("dear", "price_in", 9.0)
    assert one.ratio == pytest.approx(4.5, rel=0.1)
    assert outliers(cases[:3]) == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"customer": "a"}', "missing required field `competes`"),
        ('{"customer": "a", "competes": true, "price": 1}', "unknown field `price`"),
        ('{"customer": "a", "competes": true, "price_in": 0}', "not above 0"),
        ('{"customer": "a", "competes": true, "refused": 1}', "more refused than applied"),
        ('{"customer": "a", "competes": true}\n{"customer": "a", "competes": true}', "twice"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(line: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_terms(line.encode().splitlines(), "t.jsonl")
    assert told in refused.value.message
    assert refused.value.message.startswith("t.jsonl, line ")


def test_the_command_says_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    rows = [
        {"customer": one.customer, "competes": one.competes, "price_in": one.price_in}
        for one in customers(1, 1.3)
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    said = CliRunner().invoke(licet, ["fairness", "terms", str(file)])
    assert said.exit_code == 1, said.output
    assert [line.split()[0] for line in said.stdout.splitlines() if "DIFFERS" in line] == [
        "price_in"
    ]
