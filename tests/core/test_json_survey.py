"""What is counted in a JSON text is what a reader of it finds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.gateway.dialects.json_survey import members_of, survey

TEXTS = st.text('ab"\\:{}[]é\n', max_size=120)
LONG = st.builds(lambda n, end: "x" * n + end, st.integers(40, 60), TEXTS)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | LONG,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)


def found(value: Any) -> tuple[int, int, int]:
    """(members, lists and objects, levels)."""
    if not isinstance(value, dict | list):
        return 0, 0, 0
    inner = [found(item) for item in (value.values() if isinstance(value, dict) else value)]
    members = len(value) if isinstance(value, dict) else 0
    return (
        members + sum(each[0] for each in inner),
        1 + sum(each[1] for each in inner),
        1 + max((each[2] for each in inner), default=0),
    )


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_the_counts_are_those_of_the_value(value: Any, ascii_only: bool, indent: int) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert survey(data) == found(value)
    assert members_of(value) == found(value)[0]


@given(TEXTS | LONG)
def test_a_member_that_is_given_twice_counts_twice(name: str) -> None:
    member = f"{json.dumps(name)}:[{{}}]"
    assert survey(f"{{{member},{member}}}".encode()) == (2, 5, 3)


@given(st.binary(max_size=200) | st.text('"\\:{[', max_size=200).map(str.encode))
def test_anything_is_passed_over(data: bytes) -> None:
    members, containers, levels = survey(data)
    assert 0 <= members + containers <= len(data)
    assert levels <= containers


@pytest.mark.parametrize("text", ['"', '"\\', '"a\\"', '"' + "x" * 47 + "\\", '"' + "x" * 99])
def test_what_is_never_closed_swallows_the_rest(text: str) -> None:
    assert survey(b"[" + text.encode()) == (0, 1, 1)
    assert survey(text.encode() + b"\\\\:[") == (0, 0, 0)
