"""What minors pay, against every cap; and what is published of how many they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from licet.minors.figures import Counting, cell_names
from licet.minors.record import MinorRecord, write_record
from licet.minors.reporting import published
from licet.minors.settings import NO_SETTINGS, Settings
from licet.minors.signal import AgeSignal
from licet.minors.spending import PAYMENTS_MAX, NotPaid, Spent, in_month, month_of, pay
from licet.minors.store import Seen
from licet.minors.use import Usage
from licet.minors.zone import Zone
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").minors
DAY_MS = 86_400_000
NOW = 1_773_000_000_000
SIGNAL = AgeSignal("document", "high", 12, 14, NOW - DAY_MS, NOW + 90 * DAY_MS, "acme.id-check")
FROM_8 = RULES.bands["from8"]


def paid(*fens: int, settings: Settings = NO_SETTINGS) -> Spent | NotPaid:
    """What is spent after payments that were all asked for, or the first refusal."""
    spent = Spent("2026-03")
    for number, fen in enumerate(fens):
        after = pay(spent, f"order-{number}", fen, settings, RULES, FROM_8)
        if isinstance(after, NotPaid):
            return after
        spent = after
    return spent


def test_spending_keeps_every_cap() -> None:
    full = paid(5_000, 5_000, 5_000, 5_000)
    assert isinstance(full, Spent)
    assert full.fen == 20_000
    assert paid(5_001) == NotPaid("over_once")
    assert paid(5_000, 5_000, 5_000, 5_000, 1) == NotPaid("over_month")
    assert paid(4_000, 1, settings=Settings(month_yuan=40)) == NotPaid("over_month")
    assert paid(1, settings=Settings(features={"top_up": False})) == NotPaid("feature_off")
    assert paid(0) == NotPaid("no_amount")
    assert paid(-1) == NotPaid("no_amount")
    young = pay(Spent("2026-03"), "a", 1, Settings(), RULES, RULES.bands["under3"])
    assert young == NotPaid("over_once")
    assert paid(*[1] * (PAYMENTS_MAX + 1)) == NotPaid("too_many")


def test_a_payment_told_twice_counts_once_and_its_name_is_not_kept() -> None:
    once = paid(300)
    assert isinstance(once, Spent)
    assert pay(once, "order-0", 300, Settings(), RULES, FROM_8) == once
    assert pay(once, "order-0", 301, Settings(), RULES, FROM_8) == NotPaid("other_amount")
    assert "order" not in str(once)


def test_another_month_begins_with_nothing_spent() -> None:
    once = paid(300)
    assert isinstance(once, Spent)
    zone = Zone(RULES.time_zone)
    assert in_month(once, "2026-03") == once
    assert in_month(once, "2026-04").fen == 0
    last = zone.at_ms(date(2026, 3, 31).toordinal(), 1439)
    assert (month_of(last, zone), month_of(last + 60_000, zone)) == ("2026-03", "2026-04")


def test_small_cells_are_left_out_and_cannot_be_worked_out() -> None:
    assert published({"a": 5, "b": 40, "c": 12}, 10) == {"a": None, "b": 40, "c": None}
    assert published({"a": 0, "b": 40}, 10) == {"a": 0, "b": 40}
    assert published({"a": 5, "b": 3, "c": 40}, 10) == {"a": None, "b": None, "c": None}
    assert published({"a": 5, "b": 6, "c": 40}, 10) == {"a": None, "b": None, "c": 40}


@given(st.lists(st.integers(0, 30), max_size=8), st.integers(1, 12))
def test_what_is_left_out_is_never_one_cell_nor_few_persons(counts: list[int], least: int) -> None:
    cells = {str(number): count for number, count in enumerate(counts)}
    shown = published(cells, least)
    hidden = [cells[name] for name, count in shown.items() if count is None]
    assert all(count == cells[name] for name, count in shown.items() if count is not None)
    assert not any(0 < count < least for count in shown.values() if count is not None)
    if hidden and any((count or 0) > 0 for count in shown.values()):
        assert len(hidden) > 1
        assert sum(hidden) >= least


def test_everybody_who_is_a_minor_stands_in_one_cell() -> None:
    zone = Zone(RULES.time_zone)
    today = zone.day(NOW)
    counting = Counting(RULES, today)
    people = []
    for number in range(40):
        adult = number < 3
        signal = replace(SIGNAL, over=18 if adult else 12, under=None if adult else 14)
        used = {today - 1: (number % 4) * 25 * 60_000}
        record = write_record(MinorRecord(signal), NOW)
        people.append((f"{number:032}", Seen(NOW, record, Usage(0, 0, used))))
    counting.add(people)
    counting.add([*people, ("f" * 32, Seen(NOW, None, Usage()))])
    figures = counting.figures()
    assert figures.persons == 37
    assert set(figures.cells) == set(cell_names(RULES))
    # 0, 25, 50 and 75 minutes: 9, 9, 9 and 10 persons, of whom 9 are too few to be shown.
    assert [figures.cells[f"from12.{step}"] for step in ("0", "30", "60", "more")] == [
        None, None, None, 10,
    ]  # fmt: skip
