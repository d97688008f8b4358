"""What a shadow writes down: counts and differences within bounds, and no text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.gateway import shadowbook
from licet.gateway.shadow import Shadow
from licet.gateway.shadowbook import (
    DIFFERENCES,
    SUMMARY,
    ShadowBook,
    ShadowSummary,
    read_differences,
    read_summary,
)

NOW = datetime(2026, 11, 28, 9, 41, tzinfo=UTC)


@pytest.fixture
def book(tmp_path: Path) -> ShadowBook:
    book = ShadowBook(tmp_path / "shadow", ShadowSummary("new", "old", "now"), bytes(32))
    book.begin()
    return book


def test_what_both_say_alike_is_counted_alone(book: ShadowBook, tmp_path: Path) -> None:
    assert book.note("a text", "reply", ["pass"], ["pass"], NOW) == "same"
    book.save()
    found = read_summary(tmp_path / "shadow")
    assert found is not None
    assert (found.texts, found.same, found.kinds) == (1, 1, {})
    assert read_differences(tmp_path / "shadow", 9) == []


def test_a_difference_is_kept_without_its_text(book: ShadowBook, tmp_path: Path) -> None:
    for _ in range(2):
        book.note("a secret text", "reply", ["flag", "r1"], ["halt", "r2"], NOW)
    book.note("another", "prompt", ["halt", "r1"], ["pass"], NOW)
    book.save()
    first, again, other = read_differences(tmp_path / "shadow", 9)
    assert first == again
    assert first["digest"] != other["digest"]
    assert first["hour"] == "2026-11-28T09:00Z"
    assert (first["old"], first["new"]) == (["flag", "r1"], ["halt", "r2"])
    assert "secret" not in (tmp_path / "shadow" / DIFFERENCES).read_text()
    assert book.summary.kinds == {"flag→halt": 2, "halt→pass": 1}
    assert (book.summary.moved(1), book.summary.moved(-1)) == (2, 1)
    assert book.summary.rules == {"r1": 3, "r2": 2}


def test_the_same_action_for_another_rule_is_neither_stricter_nor_milder(book: ShadowBook) -> None:
    assert book.note("x", "reply", ["halt", "r1"], ["halt", "r2"], NOW) == "halt→halt"
    assert (book.summary.moved(1), book.summary.moved(-1)) == (0, 0)


def test_the_file_of_differences_is_bounded(
    book: ShadowBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowbook, "DIFFERENCES_MAX", 3)
    for number in range(9):
        book.note(str(number), "reply", ["pass"], ["halt", "r"], NOW)
    book.save()
    assert len(read_differences(tmp_path / "shadow", 99)) == 3
    assert book.summary.kinds == {"pass→halt": 9}


def test_another_bundle_begins_with_nothing(book: ShadowBook, tmp_path: Path) -> None:
    book.note("x", "reply", ["pass"], ["halt", "r"], NOW)
    book.save()
    ShadowBook(tmp_path / "shadow", ShadowSummary("b", "a", "then"), bytes(32)).begin()
    assert read_differences(tmp_path / "shadow", 9) == []


def test_a_summary_that_is_not_one_is_told_of(tmp_path: Path) -> None:
    assert read_summary(tmp_path) is None
    (tmp_path / SUMMARY).write_text("{")
    with pytest.raises(BadInput, match="not understood"):
        read_summary(tmp_path)


def test_what_there_is_no_room_for_is_dropped_and_counted(book: ShadowBook) -> None:
    counted: list[str] = []
    shadow = Shadow(book, SystemClock(), counted.append, ("nothing",))
    shadow.text("x", "prompt", context="", json=False, audience="default", by_meaning=True)
    assert counted == ["dropped"]
    assert book.summary.dropped == 1
