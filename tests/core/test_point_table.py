"""A table of code points does what `str.translate` does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from licet.guard import fold
from licet.guard.point_table import PointTable

POINTS = st.characters(exclude_categories=[])
NEAR = st.characters(max_codepoint=40, exclude_categories=[])
BECOMES = st.integers(0, 0x10FFFF) | st.text(POINTS, max_size=3)


@given(st.lists(BECOMES, max_size=30), st.text(NEAR | POINTS))
def test_each_code_point_is_replaced(table: list[int | str], text: str) -> None:
    assert PointTable(table).translate(text) == text.translate(table)


@given(st.text(POINTS))
def test_texts_are_folded_by_the_table_of_folds(text: str) -> None:
    assert fold.fold(text) == text.translate(fold._folds())


def test_every_code_point_is_folded_by_the_table_of_folds() -> None:
    every = "".join(map(chr, range(0x110000)))
    assert fold.fold(every) == every.translate(fold._folds())
