"""Texts of anybody: folding, escapes, literal rules and the classifier under any Unicode.

It refuses to know APIs. Texts hold halves of surrogate pairs, as JSON can.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from hypothesis import strategies as st

from fuzz.target import CUTS, Target
from licet.gateway.bundling import shipped_weights
from licet.guard import escapes, fold
from licet.guard.classifier import Classifier
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.ruleset import Rule

SETTINGS = LexicalSettings(short_literal_letters=10, gap_characters_max=12)
LITERALS = (
    "forbidden phrase alpha", "违禁短语样例", "ass", "kill all", "c++ exploit", "13800138000",
    "违禁", "🔫", "evil.example/x", "the rapist", "straße", "法lun", "aab", "aabaab zz", "b&c",
)  # fmt: skip
ONE_CHARACTER_MAX = escapes.LENGTH_MAX
HELD_MAX = max(map(len, LITERALS)) * (SETTINGS.gap_characters_max + 1) * ONE_CHARACTER_MAX
_PIECES = st.sampled_from(
    ["forbidden", "phrase", "alpha", " ", "违", "禁", "短语", "样例", "樣", "\u200b", "**", "a",
     "s", "b", "aab", "&#102;", "&", "#", "x66", "10", "2", ";", "\\u00", "66", "\\", "<b>", "<",
     ">", "</", "kill", " all", ".", "c++", "+", "🔫", "\ud83d", "\udd2b", "\U000e0041", "ß", "ﬁ",
     "İ",
     "。", "\n", "-", "1380013", "8000", "evil.example", "/x", "the rap", "ist", "法", "&amp;",
     "&amp", "&lt;b&gt;", "ﷺ", "\u0345", "\u1e9e", "\ufeff", "\x00", "&" * 60, "\\" * 30, "<" * 50,
     "\u0301" * 40, "\ud83d" * 5, "&#x11ffff;", "&#0;", "\\ud83d\\udd2b",
     "\u202e", "\u202c", "\U000e0062", "\U000e0020", "[b]", "[/b", "](", "http://x", ")", "](#b)",
     "\x1b[", "1m", "\\text{", "\\emph", "<?", "</ ", "%25", "61", "%u0061", "\\x{61}",
     "\\n", "\\t", "<i x", "=\"", "<!--", "-->", "&nbsp", "#98;", "①", "™", "\u20e3", "\U000f0000"]
)  # fmt: skip
_ANY = st.text(st.characters(), max_size=12)  # st.characters() draws surrogates as well
_TEXTS = st.lists(st.one_of(_PIECES, _PIECES, _ANY), max_size=40).map("".join)


@cache
def _lexicon() -> Lexicon:
    rules = [
        Rule(f"r{i}", "operator", "flag" if i % 4 == 3 else "halt", (text,), "a test", "a test")
        for i, text in enumerate(LITERALS)
    ]
    return Lexicon(rules, SETTINGS)


@cache
def _classifier() -> Classifier:
    return Classifier.from_bytes(shipped_weights())


def _pieces(text: str, cuts: list[int]) -> list[str]:
    places = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(places)]


def _check_scan(given: tuple[str, list[int], bool]) -> None:
    """A stream finds what the whole text holds, lets go what it may, and holds no more."""
    text, cuts, json = given
    whole = [hit for hit in _lexicon().scan(text, json=json) if hit.entry.action == "halt"]
    watch = _lexicon().watch(json=json)
    fed = 0
    for piece in _pieces(text, cuts):
        free = watch.free
        watch.feed(piece)
        fed += len(piece)
        assert watch.free >= free, "what was free stays free"
        if watch.hit is not None:
            break
        assert fed - watch.free <= HELD_MAX, "what is held is bounded"
    if watch.hit is None:
        watch.finish()
    assert [watch.hit] == whole if watch.hit else whole == []
    assert watch.free <= watch.hit.start if watch.hit else watch.free == len(text)


def _check_fold(given: tuple[str, int]) -> None:
    """Folding the parts of a text gives the parts of the folded text; symbols keep offsets."""
    text, cut = given
    at = cut % (len(text) + 1)
    assert fold.fold(text) == fold.fold(text[:at]) + fold.fold(text[at:])
    for view in (fold.letters(), fold.visible()):
        assert len(view.symbols(text)) == len(text)
    for json in (False, True):
        assert len(escapes.decoded(text, json=json)) <= len(text)


def _check_classifier(text: str) -> None:
    """Any text has scores between 0 and 1, and a span inside it."""
    for role in ("prompt", "reply"):
        scores = _classifier().judge(text, role)
        assert 0 <= scores.harm <= 1
        assert all(0 <= score <= 1 for score in scores.categories.values())
        if scores.span is not None:
            assert 0 <= scores.span[0] <= scores.span[1] <= len(text)


TARGETS = (
    Target("text.scan", st.tuples(_TEXTS, CUTS, st.booleans()), _check_scan),
    Target("text.fold", st.tuples(_TEXTS, st.integers(0, 1000)), _check_fold),
    Target("text.classifier", _TEXTS, _check_classifier),
)
