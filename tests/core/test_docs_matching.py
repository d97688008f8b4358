"""The tables of docs/guides/matching.md, row by row, against the real matcher and pack."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kit.house import ROOT
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.ruleset import Rule
from licet.rulebook import load_pack

PAGE = (ROOT / "docs/guides/matching.md").read_text(encoding="utf-8")
LEXICAL = load_pack("cn-genai-2023").guard.lexical
NUMBERED = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")
CELL = re.compile(r"`([^`]+)`")
Row = dict[str, str]


def rows() -> Iterator[Row]:
    """Every row of every table that says what is stopped."""
    head: list[str] = []
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            head = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not head:
            head = cells
        elif not set(cells[0]) <= set("-") and "stopped" in head:
            assert len(cells) == len(head), f"a cell too many or too few: {line}"
            yield {name: read(cell) for name, cell in zip(head, cells, strict=True)}


def read(cell: str) -> str:
    """What a cell says: a code span's text, with characters given by number put in."""
    span = CELL.fullmatch(cell)
    return NUMBERED.sub(lambda found: chr(int(found[1], 16)), span[1] if span else cell)


def lexicon(row: Row) -> Lexicon:
    word = row.get("word", "auto")
    rule = Rule("page.1", "operator", "halt", (row["literal"],), "a page", "shown", word=word)  # type: ignore[arg-type]
    settings = LexicalSettings(LEXICAL.short_literal_letters, LEXICAL.gap_characters_max)
    return Lexicon([rule], settings)


ROWS = list(rows())


def test_the_page_shows_matches_and_passes_of_each_kind() -> None:
    assert len(ROWS) > 50
    assert {row["stopped"] for row in ROWS} == {"yes", "no"}
    assert {row["word"] for row in ROWS if "word" in row} == {"auto", "whole", "start", "any"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['literal']} in {row['text']}")
def test_what_the_page_says_is_stopped_is_stopped(row: Row) -> None:
    is_stopped = bool(lexicon(row).scan(row["text"]))
    assert is_stopped == (row["stopped"] == "yes")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['literal']} in {row['text']}")
def test_a_stream_stops_what_the_page_says(row: Row) -> None:
    watch = lexicon(row).watch()
    for character in row["text"]:
        if watch.hit is None:
            watch.feed(character)
    if watch.hit is None:
        watch.finish()
    assert (watch.hit is not None) == (row["stopped"] == "yes")


def test_the_page_names_the_numbers_of_the_pack() -> None:
    assert f"({LEXICAL.short_literal_letters} letters or more" in PAGE
    assert f"up to {LEXICAL.gap_characters_max} characters that are no letters" in PAGE
