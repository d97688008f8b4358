"""Where patterns could begin: the quick search changes nothing that a careful walk finds."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.guard.machine import Machine, PatternEntry
from licet.guard.pattern import parse_pattern
from licet.guard.pattern_walk import PatternWalk
from licet.guard.ruleset import parse_rules

SHIPPED = resources.files("licet.guard").joinpath("rules/personal-data.toml")
OWN = (
    r"\w{2,4}#",
    "ab{1,3}c",
    "[^a-z]x[^0-9]y",
    "c[+]{2}",
    "é[!?]{2,3}",
    r"\s[\s ]{1,3}z",
    "q.{1,4}z",
)
PIECES = st.sampled_from(
    ["身份证", "姓名", "信用", "銀行卡", "卡号", "：", "credit ", "card", " no", "c", "D",
     "d", "de", "DE", "89", "3704 0044 ", "0532013000", "110105", "19491231", "002X",
     "4111 ", "1111", "-", "--", "-----begin ", "private key", "ghp_", "sk-", "akia", "Ａ",
     "e-mail", "@", "a.b", ".com", "a", "1", "\\n", "\\u0061", "&#49;", "%20", "&", "\\",
     "<b>", "\u200b", "\u0301", "ß", "ﬁ", "Ｃ", "𝐜", "\U000e0041", "é", "É", "\x00", " ",
     "\n", "。", "家住", "粵", "京A", "x", "y", "z", "q", "#", "!", "?", "+", "the ",
     "and so ", "是的，可以", "🙂", "\ud83d", "\u3000", "٣", "я", "가"]
)  # fmt: skip


def machine(patterns: list[str], word: bool) -> Machine:
    return Machine(
        [PatternEntry(str(number), "operator", "halt", parse_pattern(text), None, word, word)
         for number, text in enumerate(patterns)]
    )  # fmt: skip


def careful(patterns: list[str], word: bool) -> Machine:
    """The same, of which every symbol is looked at."""
    made = machine(patterns, word)
    made.openings, made.glance = re.compile("(?s)."), None
    return made


def pairs() -> list[tuple[Machine, Machine]]:
    rules = parse_rules(SHIPPED.read_text("utf-8"), "personal-data.toml")
    shipped = [text for rule in rules for text in rule.pattern]
    sets = [shipped, *([text] for text in shipped), list(OWN), *([text] for text in OWN)]
    return [(machine(one, word), careful(one, word)) for one in sets for word in (True, False)]


PAIRS = pairs()


@given(st.data(), st.lists(PIECES, max_size=25), st.booleans())
def test_what_is_passed_over_holds_no_beginning(
    data: st.DataObject, pieces: list[str], json: bool
) -> None:
    text, at = "".join(pieces), 0
    shipped, own = PAIRS[:2], data.draw(st.sampled_from(PAIRS))
    walks = [[PatternWalk(one, gap_max=10, json=json) for one in pair] for pair in (*shipped, own)]
    while at < len(text):
        piece = text[at : at + data.draw(st.integers(1, 40))]
        at += len(piece)
        for quick, slow in walks:
            quick.feed(piece)
            slow.feed(piece)
            assert (quick.found, quick.free, quick.at) == (slow.found, slow.free, slow.at)
    for quick, slow in walks:
        quick.finish()
        slow.finish()
        assert (quick.found, quick.free) == (slow.found, slow.free)


@pytest.mark.parametrize("piece", ["是的，可以", "The weather. ", " of the", "\n\n", "в том"])
def test_plain_prose_needs_a_glance_alone(piece: str) -> None:
    glance = machine(["credit card[^0-9]{0,9}[0-9]{4}", "身份证[0-9]{4}"], word=True).glance
    assert glance is not None
    assert glance.search(piece) is None
