"""Canonical bytes: what we write is what the RFC 8785 library writes, whatever the value."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput

NAMES = st.sampled_from(["a", "A", "b", "", "é", "中", "\U0001f600", "\ufb33", "\r", '"'])
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False) | st.floats(1e-5, 1e5)
PLAIN = (
    st.none() | st.booleans() | st.text() | FRACTIONS | FRACTIONS.map(lambda x: -x)
    | st.integers(-(2**53) + 1, 2**53 - 1)
)  # fmt: skip
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.text(), inner), max_leaves=20
)


@given(VALUES)
@example({"b": 1, "a": [True, None, 1.0, 1e-7, 1e21, "\x7f\x1f\b\u2028</script>"]})
@example({"\U0001f600": 1, "\ufb33": 2})
def test_bytes_are_those_of_the_standard(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(st.lists(FRACTIONS, min_size=50))
@example([m * s * 10.0**e for e in range(-9, 18) for m in (1, 0.3, 1.5, 9.75) for s in (1, -1)])
def test_numbers_are_written_as_in_the_standard(value: list[float]) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)
    assert all(canonical_json(one) == rfc8785.dumps(one) for one in value)


@pytest.mark.parametrize("value", [float("nan"), 2**53, {1: 2}, {"a": {1, 2}}, "\ud800", b"x"])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="not canonical JSON"):
        canonical_json(value)
