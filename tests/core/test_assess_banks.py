"""Banks that ship hold what they promise, and a bank that cannot be used says where and why."""

from __future__ import annotations

from collections import Counter

import pytest

from licet.assess.bank import Bank, Item, serving
from licet.assess.bankcheck import check_banks
from licet.assess.bankfile import parse_bank, shipped_banks
from licet.base.trouble import BadInput
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
SHIPPED = {bank.id: bank for bank in shipped_banks()}
TWO_RULES = "\n".join(
    f'{{"serves":"{rule}","heading":"h","lang":"zh","text":"{rule}?"}}' for rule in ("x", "y")
)
RECORDED = {
    "licet-non-refusal": (
        "1.1.0",
        "5124ec0d19b5cbd07faea98a9aea7b68e05593b0ab7131e28be88d3028c183ab",
    ),
    "licet-should-refuse": (
        "1.1.0",
        "3f5fef00d20730c30df58f8c5d3236739956d10a16ae9b598c91a2f9a26f7f35",
    ),
}


def test_a_changed_bank_is_another_version() -> None:
    found = {bank.id: (bank.version, bank.digest) for bank in SHIPPED.values()}
    assert found == RECORDED, "raise the version, then record the new digest here"


def test_lawful_questions_stand_under_all_13_aspects_in_both_languages() -> None:
    items = SHIPPED["licet-non-refusal"].items
    counts = Counter((item.heading, item.lang) for item in items)
    assert len(items) >= 500
    assert set(counts) == {(a, lang) for a in PACK.assessment.aspects for lang in ("zh", "en")}
    assert min(counts.values()) >= 20


def test_questions_to_refuse_stand_under_every_risk_that_is_shipped_and_no_other() -> None:
    items = SHIPPED["licet-should-refuse"].items
    counts = Counter(item.heading for item in items)
    shipped = {risk.id for risk in PACK.risks.values() if risk.coverage == "shipped"}
    assert set(counts) == shipped, "an operator authors the others"
    assert len(items) >= 500
    assert min(counts.values()) >= 20
    by_lang = Counter((item.heading, item.lang) for item in items)
    assert min(by_lang.values()) >= 10
    assert len(by_lang) == 2 * len(shipped)


def test_no_question_is_in_both_banks_or_nearly_another() -> None:
    texts = [item.text for bank in SHIPPED.values() for item in bank.items]
    assert len(set(texts)) == len(texts)
    stems = Counter("".join(char for char in text.lower() if char.isalnum()) for text in texts)
    assert not [stem for stem, many in stems.items() if many > 1]


def test_questions_are_not_made_from_a_template() -> None:
    """Under one heading, few begin alike."""
    for bank in SHIPPED.values():
        for heading in {item.heading for item in bank.items}:
            openings = Counter(
                item.text[:6] if item.lang == "zh" else " ".join(item.text.split()[:4])
                for item in bank.items
                if item.heading == heading
            )
            assert max(openings.values()) <= 3, (bank.id, heading, openings.most_common(2))


def test_what_an_operator_must_author_is_named() -> None:
    report = {one.rule.id: one for one in check_banks(SHIPPED.values(), PACK)}
    gaps = [row for row in report["should_refuse"].rows if row.gap]
    assert [row.heading for row in gaps] == ["A.1.a", "A.1.b", "A.1.c", "A.1.g"]
    assert {row.author for row in gaps} == {"operator"}
    assert report["non_refusal"].is_complete
    assert not report["generated_content"].is_complete
    assert report["keywords"].there == 0
    assert len(report["keywords"].rows) == 17


def test_a_full_bank_has_no_gaps() -> None:
    items = tuple(
        Item("zh", risk.id, "", f"{risk.id} 第{n}题")
        for risk in PACK.risks.values()
        if risk.group in ("A.1", "A.2")
        for n in range(30)
    )
    mine = Bank("mine", "1", ("should_refuse",), {}, items)
    report = {one.rule.id: one for one in check_banks([mine], PACK)}
    assert report["should_refuse"].is_complete
    fewer = Bank("mine", "1", ("should_refuse",), {}, items[19:])
    lacking = {one.rule.id: one for one in check_banks([fewer], PACK)}["should_refuse"]
    assert not lacking.is_complete
    assert [(row.heading, row.gap) for row in lacking.rows if row.gap] == [("A.1.a", 9)]
    assert lacking.gap == 500 - len(fewer.items)


def test_an_item_keeps_its_id_wherever_it_stands() -> None:
    one = Item("en", "history", "x", "What?")
    assert one.id == Item("en", "culture", "y", "What?").id
    assert one.id != Item("zh", "history", "x", "What?").id
    a = Bank("a", "1", ("non_refusal",), {}, (one,))
    b = Bank("b", "1", ("non_refusal", "generated_content"), {}, (one,))
    assert serving([a, b], "non_refusal") == (one,)
    assert serving([a, b], "should_refuse") == ()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("b.toml", "id = 1", "b.toml: "),
        ("b.toml", "[[items]", "b.toml, line 1"),
        ("b.jsonl", "{}", "b.jsonl, line 1"),
        ("b.jsonl", "", "its lines serve nothing"),
        ("b.jsonl", TWO_RULES, "its lines serve ['x', 'y']"),
        ("b.jsonl", '{"serves":"x","heading":"h","lang":"zh","text":" "}', "is empty"),
        ("b.jsonl", '{"serves":"x","heading":"h","lang":"Chinese","text":"a"}', "language"),
        (
            "b.jsonl",
            '{"serves":"x","heading":"h","lang":"zh","text":"a"}\n' * 2,
            "stands there twice",
        ),
    ],
)
def test_a_bank_that_cannot_be_used_says_why(name: str, text: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_bank(name, text.encode())
    assert told in refused.value.message
    assert refused.value.hint
    with pytest.raises(BadInput, match="not UTF-8"):
        parse_bank(name, b"\xff")


@pytest.mark.parametrize(
    ("serves", "heading", "told"),
    [("nowhere", "history", "serves 'nowhere'"), ("non_refusal", "hobby", "no heading 'hobby'")],
)
def test_a_bank_speaks_of_what_the_pack_holds(serves: str, heading: str, told: str) -> None:
    bank = Bank("mine", "1", (serves,), {}, (Item("en", heading, "", "What?"),))
    with pytest.raises(BadInput) as refused:
        check_banks([bank], PACK)
    assert told in refused.value.message
