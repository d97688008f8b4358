"""An explanation says what the score was made of, to the last digit, and where."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.classifier import shipped, tiny
from licet.guard.classifier import Role
from licet.guard.classifier.explain import raw_offsets
from licet.guard.fold import fold

ROLES: tuple[Role, ...] = ("prompt", "reply", "comment")


@given(st.text(max_size=300), st.sampled_from(ROLES))
def test_all_pieces_and_the_offset_are_the_log_odds(text: str, role: Role) -> None:
    found = shipped().explain(text, role)
    total = found.offset + sum(piece.weight for piece in found.pieces)
    assert total == pytest.approx(found.log_odds, abs=1e-6)
    assert found.score == pytest.approx(1 / (1 + math.exp(-found.log_odds)))


@given(st.text(max_size=300), st.sampled_from(ROLES))
def test_what_is_explained_is_the_score(text: str, role: Role) -> None:
    found = shipped().explain(text, role)
    assert found.score == shipped().judge(text, role, thorough=True).harm


@given(st.text(max_size=200))
def test_a_piece_stands_where_it_says(text: str) -> None:
    for piece in shipped().explain(text, "reply").pieces:
        assert 0 <= piece.start <= piece.end <= len(text)
        # A character that folds to several may be cut by a piece, and gives more than it.
        assert piece.text.strip("␣").replace("␣", " ").strip() in fold(
            text[piece.start : piece.end + 1]
        )


@pytest.mark.parametrize(
    "before", ["", "Ein ﬁner Tag. ", "一个平静的早晨，河边。", "x" * 5000 + " "]
)
def test_the_word_that_is_harmful_weighs_most(before: str) -> None:
    text = f"{before}Please ZORGLE now"
    heaviest = tiny().explain(text, "reply").heaviest(1)[0]
    assert text[heaviest.start : heaviest.end] == "ZORGLE"
    assert heaviest.weight > 4
    words = {word.text: word.weight for word in tiny().explain(text, "reply").by_word(text)}
    assert max(words, key=words.__getitem__) == "ZORGLE"


def test_an_attack_on_instructions_is_explained_as_one() -> None:
    found = tiny().explain("now blimf", "prompt")
    assert found.injection
    assert found.heaviest(1)[0].text == "blimf"
    assert not tiny().explain("now blimf", "reply").injection


def test_it_says_when_the_quick_look_would_have_passed() -> None:
    assert tiny().explain("a quiet walk", "reply").screened
    assert not tiny().explain("zorgle", "reply").screened


def test_pieces_that_are_shown_do_not_overlap() -> None:
    shown = shipped().explain("We sell forged certificates to anybody who pays", "reply")
    ends = 0
    for piece in sorted(shown.heaviest(8), key=lambda piece: piece.start):
        assert piece.start >= ends
        ends = piece.end


@given(st.text(max_size=50))
def test_offsets_lead_back_to_the_raw_text(text: str) -> None:
    back = raw_offsets(text)
    assert len(back) == len(fold(text)) + 1
    assert list(back) == sorted(back)
    assert back[-1] == len(text)
