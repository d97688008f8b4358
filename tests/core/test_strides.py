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
from licet.guard.strides import TEXT_MIN, WORD, WORDS_MAX, Place, Strides
from licet.guard.watch import Watch
from licet.guard.word_table import PAD, WORD_BYTES_MAX

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


def test_a_word_is_learned_once_and_only_if_it_comes_again() -> None:
    known = Lexicon(RULES, SETTINGS)
    text = "the river and a long way home by another stream of water "
    known.watch().feed(text)
    (strides,) = known._strides.values()
    assert strides.words.known == 0
    known.watch().feed(text)
    learned = strides.words.known
    assert 0 < learned <= len(set(text.split()))
    watch = known.watch()
    watch.feed(text)
    assert (watch.free, strides.words.known) == (len(text), learned)


def test_a_word_was_met_where_it_was_met() -> None:
    strides, begin = strides_of_rules()
    other = there(strides, State((), 0, 0))
    assert [strides.met(begin, b"river "), strides.met(begin, b"river ")] == [False, True]
    assert not strides.met(other, b"river ")
    assert not strides.met(begin, b"rivers ")
    assert not strides.met(begin, b"")


def test_what_is_forgotten_is_learned_again() -> None:
    known = Lexicon(RULES, SETTINGS)
    dfa = known._dfa("any", False)
    strides = Strides(dfa)
    place = there(strides, dfa.begin)
    number = 0
    while strides.place(dfa.begin) is place:
        strides.remember(place, b"%d " % number, place)
        assert strides.words.known <= WORDS_MAX
        number += 1
    assert number == WORDS_MAX + 1
    assert took(strides, place, b"7 ") == (place, 0, 0), "it leads nowhere any more"
    again = there(strides, dfa.begin)
    strides.remember(again, b"7 ", again)
    strides.remember(place, b"8 ", again)
    assert took(strides, again, b"7 7 8 ") == (again, 4, 4)
    same(known, ["the river and the ban on phrases here "] * 2, False)


def test_a_stride_ends_between_words() -> None:
    strides, begin = strides_of_rules()
    other = strides.place(State((), 0, 0))
    strides.remember(begin, "über ".encode(), other)
    strides.remember(begin, b"ban ", None)
    text = "über über über".encode()
    assert took(strides, begin, text) == (other, 6, 5)
    assert took(strides, begin, text[:5]) == (begin, 0, 0)
    assert took(strides, begin, b"ban ban ") == (begin, 0, 0), "it must be read"
    assert took(strides, begin, b"\0\0 ") == (begin, 0, 0)
    strides.remember(begin, b"ban ", other)
    assert took(strides, begin, b"ban ") == (begin, 0, 0), "what is known stays"


@given(st.lists(st.text("ab\n \0é违", max_size=9), max_size=30))
def test_words_lead_where_they_led_first(words: list[str]) -> None:
    strides, begin = strides_of_rules()
    places = [begin, strides.place(State((), 0, 0)), None]
    known: dict[str, Place | None] = {}
    for number, word in enumerate(words):
        match = WORD.match(word + " ")
        assert match is not None
        known.setdefault(match[0], places[number % 3])
        strides.remember(begin, match[0].encode(), places[number % 3])
    for said, place in known.items():
        taken = (place, len(said.encode()), len(said)) if place else (begin, 0, 0)
        assert took(strides, begin, said.encode()) == taken


def test_what_literals_forget_is_kept_by_no_stride() -> None:
    known = Lexicon(RULES, SETTINGS)
    dfa = known._dfa("any", False)
    for _ in range(2):
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
    strides, begin = strides_of_rules()
    strides.remember(begin, b"a" * WORD_BYTES_MAX + b" ", begin)
    assert strides.words.known == 0


def strides_of_rules() -> tuple[Strides, Place]:
    dfa = Lexicon(RULES, SETTINGS)._dfa("any", False)
    strides = Strides(dfa)
    return strides, there(strides, dfa.begin)


def took(strides: Strides, place: Place, text: bytes) -> tuple[Place, int, int]:
    return strides.take(place, text + PAD, 0)


def there(strides: Strides, state: State) -> Place:
    place = strides.place(state)
    assert place is not None
    return place
