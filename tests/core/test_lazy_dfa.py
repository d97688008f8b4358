"""A reading finds, holds and lets go what its scanners do that remember nothing."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from kit.guards import cut, literals
from licet.guard.hit import Hit
from licet.guard.lazy_dfa import STEPS_MAX, LazyDfa, Reading
from licet.guard.lexicon import Literals
from licet.guard.literal import LexicalSettings
from licet.guard.scanner import Scanner

WAYS = ("pinyin", "split", "emoji", "variants", "leet", "repeats", "reversed", "rot13")
PIECES = st.sampled_from(
    ["forbidden ", "phrase ", "phra", "al", "alpha", "al ana", "ban", " ana", "band", "c++", "c+",
     " exploit", "违禁", "短语", "样例", "wei jin", "weijin", "f0rb1dd3n", "phrasse", "forbiidden",
     " ", "  ", "-", ".", "。", "\n", "\u200b", "\u0301", "\U000e0061", "&#98;", "&", "\\u0062",
     "%62", "\\n", "\\t", "n", "&nbsp", "<!--", "-->", "①", "ⓐ", "\u20e3", "\U000f0000", "™",
     "未", "尽", "段", "与", "杨", "立", "女马", "韦", "违", "語", "か", "ㄨ", "ไ", "㊤", "한",
     "<b>", "<", "ß", "ﬁ", "Ｆ", "🔫", "\ud83d", "\udd2b", "x", "1", "9", "字", "the "]
)  # fmt: skip


RULES = (
    literals("halt", "forbidden phrase alpha", "违禁短语样例", "ban", "c++ exploit", "🔫🔫"),
    literals("flag", "phrase al", "短语", "ban ana", "banana x", "f1"),
)


@cache
def dfa(json: bool) -> LazyDfa:
    made = Literals(RULES, LexicalSettings(10, 12, disguises=WAYS))
    return LazyDfa(lambda: made.scanners(json=json), made.walks())


def another() -> LazyDfa:
    """One that remembers nothing yet."""
    return LazyDfa(dfa(False)._make, dfa(False)._walks)


def seen(scanners: list[Scanner]) -> tuple[list[Hit], list[Hit], int, int]:
    """Hits, flags, what is free, what is settled: of scanners that read alone."""
    hits = [scanner.hit for scanner in scanners if scanner.hit is not None]
    flags = [hit for scanner in scanners for hit in scanner.flags]
    settled = [scanner.settled for scanner in scanners if scanner.hit is None]
    return hits, in_order(flags), min(one.free for one in scanners), min(settled, default=-1)


def in_order(hits: list[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (hit.end, hit.start, hit.entry.text, hit.entry.action))


def same(table: LazyDfa, pieces: list[str]) -> None:
    scanners, reading = table._make(), Reading(table)
    for piece in pieces:
        for scanner in scanners:
            scanner.feed(piece)
        reading.feed(piece)
        hits, flags, free, settled = seen(scanners)
        assert (reading.hits, in_order(reading.flags), reading.free) == (hits, flags, free)
        if settled >= 0:
            assert reading.settled == settled
    for scanner in scanners:
        scanner.finish()
    reading.finish()
    hits, flags, free, _ = seen(scanners)
    assert (reading.hits, in_order(reading.flags), reading.free) == (hits, flags, free)


@given(st.lists(PIECES, max_size=25), st.booleans(), st.data())
def test_a_reading_is_what_its_scanners_are(
    pieces: list[str], json: bool, data: st.DataObject
) -> None:
    same(dfa(json), cut("".join(pieces), data))


@given(st.lists(st.tuples(PIECES, st.booleans()), max_size=25))
def test_what_is_forgotten_in_the_middle_changes_nothing(pieces: list[tuple[str, bool]]) -> None:
    table = another()
    scanners, reading = table._make(), Reading(table)
    for piece, between in pieces:
        for scanner in scanners:
            scanner.feed(piece)
        reading.feed(piece)
        if between:
            table._forget()
        else:
            table.made = STEPS_MAX  # with the next step that is made
        assert (reading.hits, reading.free) == (seen(scanners)[0], seen(scanners)[2])


def test_what_is_found_where_all_is_forgotten_is_found() -> None:
    table = another()
    same(table, ["forbidden phrase alph"])
    scanners, reading = table._make(), Reading(table)
    for said in ("forbidden phrase alph", "a, and on"):
        for scanner in scanners:
            scanner.feed(said)
        reading.feed(said)
        table.made = STEPS_MAX  # the next step that is made is one too many
    assert table.epoch == 1
    assert (reading.hits, reading.free) == (seen(scanners)[0], seen(scanners)[2])


def test_what_begins_anew_is_made_once() -> None:
    table, letters, openings = another(), "山水火木土石田", ("违", "forbidden ")
    for said in (*letters, *openings):
        Reading(table).feed(said)
    made, known = table.made, table.steps.known
    for opening in openings:
        for letter in letters:
            Reading(table).feed(opening + letter)
    assert table.made == made
    assert table.steps.known == known + len(letters) * len(openings)
    Reading(table).feed("违尽")
    assert table.made > made, "it sounds as what goes on"


def test_nothing_is_made_twice() -> None:
    table = another()

    reading = Reading(table)
    for start in range(0x4E00, 0x4E00 + 500):
        reading.feed(f"forb{chr(start)}idden {chr(start)}")
    known = table.steps.known
    assert 500 < known <= STEPS_MAX
    reading.feed("forb一idden 一")
    assert table.steps.known == known


def test_short_escapes_are_remembered() -> None:
    table = another()
    for text in ("the\\nend\\n", "a && b & c", "3 % 4 %% 5", "x \\\\ \\ y", "forb\\nphra"):
        Reading(table).feed(text)
        known, reading = table.steps.known, Reading(table)
        reading.feed(text * 50)
        assert not reading._scanners
        assert table.steps.known <= known + 3 * len(text)
