"""Which answer a message gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput, NotFound
from licet.gateway.replay import EXAMPLES, Answer, choose, load_answers

ANSWERS = load_answers()


def answer(identity: str, *keywords: str, unlawful: bool = False) -> Answer:
    lang = "zh" if identity.startswith("zh") else "en"
    return Answer(identity, lang, identity, keywords, f"text of {identity}", unlawful)


@pytest.mark.parametrize("wanted", ANSWERS, ids=lambda answer: answer.id)
def test_an_answer_is_had_by_its_id_and_by_each_keyword(wanted: Answer) -> None:
    assert choose(f"Please recite answer:{wanted.id}.", ANSWERS) is wanted
    assert wanted.keywords
    for keyword in wanted.keywords:
        assert choose(keyword, ANSWERS) is wanted


@pytest.mark.parametrize(
    ("message", "identity"),
    [
        ("Describe a walk along the river at dusk.", "en-river-walk"),
        ("How do I kill a zombie process?", "en-kill-process"),
        ("麻婆豆腐怎么做才好吃？", "zh-mapo-tofu"),
        ("Tell me a story about a phone call from the bank.", "en-bank-call"),
        ("讲一个骗子打电话的故事", "zh-fraud-call"),
        ("ANSWER:EN-RIVER-WALK", "en-river-walk"),
    ],
)
def test_a_message_gets_what_it_asks_for(message: str, identity: str) -> None:
    assert choose(message, ANSWERS).id == identity


def test_of_the_examples_the_last_is_the_one_that_halts() -> None:
    assert [choose(prompt, ANSWERS).unlawful for prompt in EXAMPLES] == [False, False, True]
    assert {choose(prompt, ANSWERS).lang for prompt in EXAMPLES} == {"en", "zh"}


def test_several_ids_are_taken_in_turn() -> None:
    message = "answer:en-river-walk answer:zh-mapo-tofu"
    assert [choose(message, ANSWERS, index).id for index in range(3)] == [
        "en-river-walk",
        "zh-mapo-tofu",
        "en-river-walk",
    ]


def test_an_unknown_id_is_refused_with_its_neighbours() -> None:
    with pytest.raises(NotFound) as caught:
        choose("answer:en-river-wolk", ANSWERS)
    assert "en-river-walk" in caught.value.hint


def test_no_answers_is_bad_input() -> None:
    with pytest.raises(BadInput):
        choose("hello", ())


def test_a_keyword_in_letters_is_a_whole_word() -> None:
    shelf = (answer("en-art", "art"), answer("en-other", "unheard"))
    assert choose("the art of it", shelf).id == "en-art"
    drawn = {choose(f"start {n}", shelf).id for n in range(32)}
    assert drawn == {"en-art", "en-other"}  # drawn by lot, not by keyword


def test_the_more_of_the_message_is_covered_the_better() -> None:
    shelf = (answer("en-tea", "tea"), answer("en-tea-words", "tea words"))
    assert choose("tea words, please", shelf).id == "en-tea-words"


def test_at_a_tie_the_language_of_the_message_decides() -> None:
    shelf = (answer("en-json", "json"), answer("zh-json", "json"))
    assert choose("json", shelf).id == "en-json"
    assert choose("请用 json 写", shelf).id == "zh-json"


@given(st.text(max_size=200))
def test_any_message_gets_the_same_answer_each_time(message: str) -> None:
    if "answer:" not in message.lower():
        assert choose(message, ANSWERS) is choose(message, ANSWERS)


@given(st.integers(0, 10_000))
def test_nobody_gets_an_unlawful_answer_by_lot(number: int) -> None:
    assert not choose(f"qwxz {number}", ANSWERS).unlawful
    assert choose(f"嗯嗯 {number}", ANSWERS).lang == "zh"
    assert choose(f"qwxz {number}", ANSWERS).lang == "en"
