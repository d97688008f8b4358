"""Runs of Base64 and hexadecimal digits are found wherever they begin, however a text is cut."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.guard.disguise import candidates
from licet.guard.disguise.candidates import BASE64, HEX, LETTERS_AND_DIGITS, RUN_MIN
from licet.guard.disguise.coded import CodedWatch, _Run
from licet.guard.hit import Hit

TEXTS = ("ok", "a b", "好", "héllo 你好", "ends\n", "\x00", "\xff", "a longer text, of words")
BETWEEN = (
    " ",
    "",
    "0x",
    ", 0x",
    ",0X",
    "; ",
    ":  -",
    "0X",
    "00x",
    "-",
    ":",
    ",",
    "\n",
    "=",
    "é",
    "。",
    "_",
    "/",
    "the ",
    "a",
)
PIECES = st.one_of(
    st.sampled_from(BETWEEN),
    st.sampled_from(TEXTS).map(lambda text: base64.b64encode(text.encode()).decode()),
    st.sampled_from(TEXTS).map(lambda text: text.encode().hex()),
    st.sampled_from(TEXTS).map(lambda text: text.encode("latin-1", "ignore").hex(" ")),
    st.text("0123456789abcdefABzZwQ+/-", max_size=6),
    st.sampled_from(("Pj4-", "Pz8/", "YdC+", "6f 6b ", "c3:b6:", "Pj4-" * 16 + "\n", "6b" * 31)),
    st.sampled_from(TEXTS).map(lambda text: ", ".join(f"0x{byte:x}" for byte in text.encode())),
)


class Reader:
    """Reads what runs hold and finds nothing."""

    def __init__(self) -> None:
        self.heard = ""
        self.free = 0
        self.hit: Hit | None = None
        self.flags: list[Hit] = []

    def feed(self, text: str) -> None:
        self.heard += text

    def finish(self) -> None:
        pass


class Known(NamedTuple):
    """A run that counts: where it begins, and what it holds."""

    is_hex: bool
    start: int
    text: str

    def reads(self, text: str, place: int) -> bool:
        """Whether it decodes what begins at a place as a run that begins there would, and not as
        its second character."""
        alphabet, before = HEX if self.is_hex else BASE64, text[self.start : place]
        if self.is_hex:
            before = before.replace("0x", "").replace("0X", "")
        digits = [char for char in before if char in alphabet]
        size, width = (2, 1) if self.is_hex else (4, 3)
        count = len(digits) // size * width
        if len(digits) % size or not 0 < count < len(self.text.encode()):
            return False
        return len(self.text[0].encode()) != count


def runs_of(text: str) -> set[str]:
    """What runs that count hold, by trying every place at which one may begin."""
    out: list[Known] = []
    for place, char in enumerate(text):
        before = text[place - 1 : place]
        behind_0x = text[max(0, place - 2) : place] in ("0x", "0X") and (
            place < 3 or text[place - 3] not in LETTERS_AND_DIGITS
        )
        if char in LETTERS_AND_DIGITS and (
            behind_0x or not before or before not in LETTERS_AND_DIGITS
        ):
            for is_hex in (False, True):
                is_read = any(run.is_hex == is_hex and run.reads(text, place) for run in out)
                if is_read and before not in ("\r", "\n"):
                    continue
                reader = Reader()
                run = _Run(place, is_hex, lambda reader=reader: reader, one_line=is_read)  # type: ignore[misc]
                run.feed(text, place, place)
                if run.end - run.start >= RUN_MIN and reader.heard:
                    out.append(Known(is_hex, place, reader.heard))
    return {run.text for run in out}


def heard(pieces: Iterable[str]) -> tuple[set[str], list[int]]:
    """What a watch hands on, and what it let go after each piece."""
    readers: list[Reader] = []

    def make() -> Reader:
        readers.append(Reader())
        return readers[-1]

    watch, free = CodedWatch(make), []
    for piece in pieces:
        watch.feed(piece)
        free.append(watch.free)
    return {reader.heard for reader in readers if reader.heard}, free


@given(st.lists(PIECES, max_size=8), st.data())
def test_every_run_that_counts_is_read(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    expected = runs_of(text)
    whole, _ = heard([text])
    assert whole == expected
    one_by_one, free = heard(text)
    assert one_by_one == expected
    assert free == sorted(free)
    at = data.draw(st.integers(0, len(text)))
    assert heard([text[:at], text[at:]])[0] == expected


def test_words_and_numbers_are_hardly_held() -> None:
    """A word is let go as soon as it can be no run; one that begins with `t` at once."""
    assert heard("the weather")[1][:3] == [1, 2, 3]
    held = [at + 1 - free for at, free in enumerate(heard("because of 1949, and 3.14 ")[1])]
    assert max(held) <= 6


def test_states_may_be_forgotten() -> None:
    text = "0x" + "6f6b" * 6 + " b2sgb2sgb2sgb2sg"
    before = heard(text)
    candidates._states.clear()
    candidates.BEGIN.steps = [None] * len(candidates.BEGIN.steps)
    assert heard(text) == before


@pytest.mark.parametrize(
    ("piece", "most"),
    [
        ("6f 6b ", 2),
        ("0x6f, 0x6b, ", 2),
        ("c3:b6:", 2),
        ("Pj4-", 1),
        ("YdC+", 1),
        ("Pz8/" * 16 + "\n", 3),
    ],
)
def test_a_long_text_has_few_runs_open(piece: str, most: int) -> None:
    """However many of its places may begin a run."""
    watch = CodedWatch(Reader)
    for char in piece * (600 // len(piece)):
        watch.feed(char)
        assert len(watch._runs) <= most


def test_runs_that_are_over_are_not_looked_at_again() -> None:
    watch = CodedWatch(Reader)
    watch.feed("b2sgb2sgb2sgb2sg! " * 200)
    assert watch._runs == []
    assert len(heard(["b2sgb2sgb2sgb2sg! " * 200])[0]) == 1


def test_what_stands_before_a_run_is_told_apart() -> None:
    """A number before hex digits, and a line before a line."""
    pairs = b"a longer text".hex(" ")
    assert heard(["see 42 " + pairs])[0] == {"Ba longer text", "a longer text"}
    line = base64.b64encode(b"thirty bytes and no more of it" * 2).decode()
    both = f"{line}\n{line}\n"
    once = "thirty bytes and no more of it" * 2
    assert heard([both])[0] == heard(both)[0] == {once * 2, once}
