"""A table of words says what it was told, and nothing else."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from licet.guard.word_table import (
    NOWHERE,
    NUMBER_MAX,
    PAD,
    UNKNOWN,
    WORD_BYTES_MAX,
    WordTable,
)

PLACES = st.integers(1, 3) | st.integers(1, NUMBER_MAX)
LETTERS = st.text("ab\0\x01\t\x0b\x1f!\x7f\x80é违🔫", max_size=24)
WORDS = (
    st.tuples(LETTERS, st.sampled_from(" \n"))
    .map(lambda parts: "".join(parts).encode())
    .filter(lambda word: len(word) <= WORD_BYTES_MAX)
)


@given(st.dictionaries(st.tuples(PLACES, WORDS), st.integers(NOWHERE, NUMBER_MAX)), PLACES, WORDS)
def test_what_was_put_is_found(
    words: dict[tuple[int, bytes], int], place: int, word: bytes
) -> None:
    table = WordTable()
    for (start, known), number in words.items():
        table.put(start, known, number)
        table.put(start, known, 7)  # what is known stays
    assert table.known == len(words)
    assert {key: table.find(*key) for key in words} == words
    assert table.find(place, word) == words.get((place, word), UNKNOWN)
    assert table.find(UNKNOWN, word) == UNKNOWN


def test_it_grows_and_is_emptied() -> None:
    table = WordTable()
    for number in range(5_000):
        table.put(1 + number % 7, b"%d " % number, number)
    assert table.known == 5_000
    assert all(table.find(1 + n % 7, b"%d " % n) == n for n in range(5_000))
    assert table.find(1, b"1 ") == UNKNOWN
    table.clear()
    assert (table.known, table.find(1, b"0 ")) == (0, UNKNOWN)
    table.put(1, b"0 ", 3)
    assert table.find(1, b"0 ") == 3


@given(
    st.dictionaries(st.tuples(st.integers(1, 3), WORDS), st.integers(0, 3), max_size=25),
    st.lists(WORDS | st.just(b"a" * 24 + b" "), max_size=9), st.text("ab é", max_size=30),
    st.integers(1, 3), st.data(),
)  # fmt: skip
@example({(1, b"\0" * 16 + b" "): 1}, [b"\0" * 16 + b" "], "", 1, None)
def test_following_is_finding_again_and_again(
    words: dict[tuple[int, bytes], int], said: list[bytes], end: str, place: int,
    data: st.DataObject | None,
) -> None:  # fmt: skip
    table = WordTable()
    for (start, known), number in words.items():
        table.put(start, known, number)
    if data is not None and words:
        said += data.draw(st.lists(st.sampled_from([word for _, word in words]), max_size=9))
    text = b"".join(said) + end.encode()
    found, at, count = table.follow(place, text + PAD, 0)
    here = place
    taken = b""
    for word in text.replace(b"\n", b"\n\xff").replace(b" ", b" \xff").split(b"\xff"):
        following = table.find(here, word) if word[-1:] in (b" ", b"\n") else UNKNOWN
        too_long = len(word) > WORD_BYTES_MAX or (not any(word[8:16]) and len(word) > 16)
        if following in (UNKNOWN, NOWHERE) or too_long:
            break
        here, taken = following, taken + word
    assert (found, at, count) == (here, len(taken), len(taken.decode()))
    assert table.follow(UNKNOWN, text + PAD, 0) == (UNKNOWN, 0, 0)
