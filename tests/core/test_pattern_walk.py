"""A walk that looks characters up finds and holds what one does that takes each of them apart."""

from __future__ import annotations

from functools import cache
from importlib import resources
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from licet.guard.machine import Machine, PatternEntry
from licet.guard.pattern import Pattern, parse_pattern
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

BEFORE = ("", "", "a", "1", " ", "-", "\\n", "%20", "%61", "&#49;", "&#32;", "\\u0020", "ß",
          "é", "中", "\u200b", "a\u200b", "1\u200b", "\U000e0041", "\n", "\x00", "<b>", "&",
          "Ａ", "я", "🙂")  # fmt: skip
BETWEEN = ("\u200b", "\u0301", "\U000e0041", "<b>", "&#8203;", "\x00", "ß", "ﬁ", "\\u200b")
ANY = tuple("abcxz0159 -.@中字\n")


def machine(patterns: list[str], word: bool) -> Machine:
    return Machine(
        [PatternEntry(str(number), "operator", "halt", parse_pattern(text), None, word, word)
         for number, text in enumerate(patterns)]
    )  # fmt: skip


class CarefulWalk:
    """A walk that looks nothing up."""

    def __init__(self, machine: Machine, *, json: bool) -> None:
        self.walk = PatternWalk(machine, gap_max=10, json=json)

    def feed(self, text: str) -> None:
        walk = self.walk
        for char in text:
            walk._take(char, char.translate(walk._view.table))
        walk._settle()


@cache
def machines() -> list[Machine]:
    rules = parse_rules(SHIPPED.read_text("utf-8"), "personal-data.toml")
    shipped = [text for rule in rules for text in rule.pattern]
    sets = [shipped, *([text] for text in shipped), list(OWN), *([text] for text in OWN)]
    return [machine(one, word) for one in sets for word in (True, False)]


def match(pattern: Pattern, rng: Random) -> list[str]:
    """Symbols that the pattern matches, or begins to."""
    place, out = rng.choice(pattern.first), []
    while True:
        reads = pattern.symbols[place]
        seen = [low for low, _ in reads.ranges] if not reads.negated else []
        known = [symbol for symbol in (*seen, *ANY) if symbol in reads]
        out.append(rng.choice(known or ["?"]))
        after = pattern.follow[place]
        if not after or (place in pattern.last and rng.random() < 0.5):
            return out
        place = rng.choice(after)


@given(st.integers(0, 2**32), st.lists(PIECES, max_size=6), st.booleans())
def test_what_is_looked_up_is_what_is_read(seed: int, pieces: list[str], json: bool) -> None:
    rng = Random(seed)
    for made in machines():
        entry = rng.choice(made.entries)
        symbols = match(entry.pattern, rng)
        if rng.random() < 0.5:
            symbols.insert(rng.randrange(min(5, len(symbols))), rng.choice(BETWEEN))
        cut = rng.choice((len(symbols), rng.randint(1, len(symbols))))
        case = rng.choice((str.upper, str))
        found = rng.choice(BEFORE) + case("".join(symbols[:cut])) + rng.choice(BEFORE)
        text = "".join((*pieces, found, *pieces[:2]))
        same(made, text, json, rng.choice((1, 2, 3, 4, 7, 40, 400)), rng)


def same(made: Machine, text: str, json: bool, most: int, rng: Random) -> None:
    """Both walks find and hold the same after every piece."""
    quick, careful = PatternWalk(made, gap_max=10, json=json), CarefulWalk(made, json=json)
    slow, at = careful.walk, 0
    while at < len(text):
        piece = text[at : at + rng.randint(1, most)]
        at += len(piece)
        quick.feed(piece)
        careful.feed(piece)
        assert (quick.found, quick.free, quick.at) == (slow.found, slow.free, slow.at)
    quick.finish()
    slow.finish()
    assert (quick.found, quick.free) == (slow.found, slow.free)


def test_what_was_read_may_be_forgotten() -> None:
    made, text = machine(["ab{1,3}c", "身份证[0-9]{4}"], True), "abbc 身份证1234 x " * 3
    before = PatternWalk(made, gap_max=10)
    before.feed(text + "ab")
    made._forget()
    for walk, begun in ((before, "ab"), (PatternWalk(made, gap_max=10), "")):
        walk.found.clear()
        walk.feed("bc " if begun else "abbc ")
        assert len(walk.found) == 1


@given(st.text(max_size=40))
def test_symbols_of_one_section_are_in_the_same_sets(text: str) -> None:
    for made in machines():
        for symbol in text:
            number = made.kind(symbol)
            inside = {n for n, symbols in enumerate(made._sets) if symbol in symbols}
            assert made._members[number] == inside
