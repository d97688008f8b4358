"""The tables of docs/guides/matching.md, row by row, against the real matcher and pack."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kit.house import ROOT
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.recognise import CHECKS
from licet.guard.ruleset import Rule, parse_rules
from licet.rulebook import load_pack

PAGE = (ROOT / "docs/guides/matching.md").read_text(encoding="utf-8")
LEXICAL = load_pack("cn-genai-2023").guard.lexical
NUMBERED = re.compile(r"⟨U\+([0-9A-F]{4,6})⟩")
CELL = re.compile(r"`([^`]+)`")
Row = dict[str, str]
TEXTS = ("literal", "pattern", "requires", "allow")


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
    texts = {key: (row[key],) if key in row else () for key in TEXTS}
    rule = Rule(
        "page.1", "operator", "halt", texts.pop("literal"), "a page", "shown",
        word=word, within_characters=int(row.get("within", 0)),
        also=tuple(row["also"].split()) if "also" in row else None, **texts,  # type: ignore[arg-type]
    )  # fmt: skip
    settings = LexicalSettings(
        LEXICAL.short_literal_letters, LEXICAL.gap_characters_max,
        LEXICAL.pattern_characters_max, LEXICAL.within_characters_max, LEXICAL.disguises,
    )  # fmt: skip
    return Lexicon([rule], settings)


ROWS = list(rows())
LOOKED_FOR = [row.get("literal", row.get("pattern", "")) for row in ROWS]
NAMES = [f"{what} in {row['text']}" for what, row in zip(LOOKED_FOR, ROWS, strict=True)]


def test_the_page_shows_matches_and_passes_of_each_kind() -> None:
    assert len(ROWS) > 50
    assert {row["stopped"] for row in ROWS} == {"yes", "no"}
    assert {row["word"] for row in ROWS if "word" in row} == {"auto", "whole", "start", "any"}


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_what_the_page_says_is_stopped_is_stopped(row: Row) -> None:
    is_stopped = bool(lexicon(row).scan(row["text"]))
    assert is_stopped == (row["stopped"] == "yes")


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
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
    assert f"matches at most {LEXICAL.pattern_characters_max} characters" in PAGE
    assert f"`within_characters` is at most {LEXICAL.within_characters_max}" in PAGE


def test_the_examples_of_rule_files_are_read() -> None:
    """Of every page: what an operator copies must be accepted."""
    blocks = [
        block
        for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        for block in re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
        if "[[rule]]" in block
    ]
    assert len(blocks) >= 2
    for block in blocks:
        assert parse_rules(block, "page.toml"), block


def test_the_page_names_every_check() -> None:
    for name in CHECKS:
        assert f"`{name}`" in PAGE, name
