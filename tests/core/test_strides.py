"""A watch that takes words in strides finds, holds and lets go what one does that reads all."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from kit.guards import literals
from licet.guard.lazy_dfa import State
from licet.guard.lexicon import Lexicon
from licet.guard.literal import LexicalSettings
from licet.guard.ruleset import Rule
from licet.guard.strides import STRIDES_MAX, TEXT_MIN, WORD_MAX, Place, Strides
from licet.guard.watch import Watch

WAYS = ("pinyin", "split", "emoji", "variants", "leet", "repeats", "reversed", "rot13")
SETTINGS = LexicalSettings(10, 12, 240, 200, disguises=WAYS)
PATTERNS = Rule(
    "t.pattern", "operator", "halt", (), "a test", "to be found",
    pattern=(r"\d{3} \d{4}", r"[a-z]{1,9}@[a-z]{1,9}\.org", r"north (east|west) gate"),
)  # fmt: skip
FLAGGED = Rule(
    "t.flagged", "operator", "flag", (), "a test", "to be noted", pattern=(r"no\. \d{1,3}",)
)
RULES = (
    literals("halt", "forbidden phrase alpha", "违禁短语样例", "ban", "c++ exploit"),
    literals("flag", "phrase al", "短语", "noted here"),
    PATTERNS,
    FLAGGED,
)
CONDITIONAL = Rule(
    "t.near", "operator", "halt", ("target word",), "a test", "to be found",
    requires=("harmful",), within_characters=40,
)  # fmt: skip
WORDS = st.sampled_from(
    ["the", "river", "and", "a", "forbidden", "phrase", "alpha", "al", "pha", "ban", "bann", "b",
     "an", "noted", "here", "c++", "c", "exploit", "", "", "555", "12", "1234", "north", "east",
     "gate", "me@", "me@site", "@site.org", "me@site.org", "no.", "7", "违禁", "短语样例", "<b>",
     "<", "&#98;an", "&", "\\u0062an", "\\n", "\u200b", "f0rb1dd3n", "ZmFyIGF3YXkgZnJvbQ==",
     "666f7262696464656e20706872617365", "target", "word", "harmful", "end.\nNext", "*word*"]
)  # fmt: skip


@cache
def lexicon(conditional: bool) -> Lexicon:
    return Lexicon((*RULES, CONDITIONAL) if conditional else RULES, SETTINGS)


def same(known: Lexicon, pieces: list[str], json: bool) -> None:
    striding, reading = known.watch(json=json), known.watch(json=json)
    reading._strides = None
    for piece in pieces:
        striding.feed(piece)
        reading.feed(piece)
        assert seen(striding) == seen(reading)
        if reading.hit is not None:
            return
    striding.finish()
    reading.finish()
    assert seen(striding) == seen(reading)


def seen(watch: Watch) -> tuple[object, ...]:
    flags = sorted((hit.end, hit.start, hit.entry.text) for hit in watch.flags)
    if watch.hit is None:
        return watch.free, None, flags
    hit = watch.hit
    return watch.free, (hit.start, hit.end, hit.entry.text), flags


def in_pieces(text: str, data: st.DataObject) -> list[str]:
    out, at = [], 0
    while at < len(text):
        step = data.draw(st.sampled_from([1, 5, TEXT_MIN, 40, 100]))
        out.append(text[at : at + step])
        at += step
    return out


@given(st.lists(WORDS, max_size=60), st.booleans(), st.booleans(), st.data())
def test_strides_change_nothing(
    words: list[str], conditional: bool, json: bool, data: st.DataObject
) -> None:
    same(lexicon(conditional), in_pieces(" ".join(words), data), json)


def test_a_word_that_was_read_is_not_learned_again() -> None:
    known = Lexicon(RULES, SETTINGS)
    text = "the river and the long way home by the river and the sea "
    known.watch().feed(text)
    (strides,) = known._strides.values()
    learned = strides._known
    watch = known.watch()
    watch.feed(text)
    assert (watch.free, strides._known) == (len(text), learned)
    assert learned <= len(set(text.split()))


def test_what_is_forgotten_is_learned_again() -> None:
    known = Lexicon(RULES, SETTINGS)
    dfa = known._dfa("any", False)
    strides = Strides(dfa)
    place = there(strides, dfa.begin)
    for number in range(STRIDES_MAX):
        strides.remember(place, str(number), place)
    assert strides.place(dfa.begin) is place
    strides.remember(place, "one more", place)
    assert strides.place(dfa.begin) is not place
    same(known, ["the river and the ban on phrases here "] * 2, False)


def test_what_literals_forget_is_kept_by_no_stride() -> None:
    known = Lexicon(RULES, SETTINGS)
    dfa = known._dfa("any", False)
    known.watch().feed("the river and the forbidden sea ")
    (strides,) = known._strides.values()
    standing = known.watch()
    standing.feed("by the forbidden ")
    old = standing._literals.state
    assert old is not None
    assert old in strides._places
    dfa._forget()
    assert strides.place(old) is None
    there(strides, dfa.begin)
    assert list(strides._places) == [dfa.begin]
    same(known, ["the river and the ban on phrases here "] * 2, False)
    standing.feed("phrase and then alpha, not a match, goes on ")  # from where it stands
    assert standing.hit is None


def test_long_words_are_not_remembered() -> None:
    strides = Strides(Lexicon(RULES, SETTINGS)._dfa("any", False))
    strides.remember(strides.never, "a" * (WORD_MAX + 1), None)
    assert not strides.never.words


def there(strides: Strides, state: State) -> Place:
    place = strides.place(state)
    assert place is not None
    return place
