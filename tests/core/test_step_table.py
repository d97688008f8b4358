"""A table of steps says what it was told, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from licet.guard.step_table import UNKNOWN, StepTable

NODES = st.integers(1, 9) | st.integers(1, (1 << 21) - 1)
CODES = st.integers(0, 9) | st.integers(0, 0x10FFFF)
NUMBERS = st.integers(0, (1 << 21) - 1)


@given(st.dictionaries(st.tuples(NODES, CODES), NUMBERS, max_size=60), NODES, CODES)
def test_what_was_put_is_found(steps: dict[tuple[int, int], int], node: int, code: int) -> None:
    table = StepTable()
    for (start, by), number in steps.items():
        table.put(start, by, number)
    assert table.known == len(steps)
    assert {key: table.find(*key) for key in steps} == steps
    assert table.find(node, code) == steps.get((node, code), UNKNOWN)
    assert table.find(UNKNOWN, code) == UNKNOWN
    assert table.find(UNKNOWN - 2, code) == UNKNOWN


def test_it_grows_and_is_emptied() -> None:
    table = StepTable()
    for number in range(5_000):
        table.put(1 + number % 7, number, number)
    assert table.known == 5_000
    assert all(table.find(1 + n % 7, n) == n for n in range(5_000))
    assert table.find(1, 1) == UNKNOWN
    table.clear()
    assert (table.known, table.find(1, 0)) == (0, UNKNOWN)
    table.put(1, 0, 3)
    assert table.find(1, 0) == 3
