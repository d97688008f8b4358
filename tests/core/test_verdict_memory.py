"""A verdict is found again for the same text judged in the same way, and for nothing else."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from kit.guards import make_guard
from licet.guard.memory import SHAPES_MAX, VerdictMemory

NAMES = st.text("ab\0',() \\\"\ud800", max_size=4)
ASKED = st.tuples(NAMES, NAMES, st.booleans(), st.booleans(), NAMES)
Asked = tuple[str, str, bool, bool, str]


def key(memory: VerdictMemory, asked: Asked) -> bytes:
    name, audience, json, by_meaning, text = asked
    guard = make_guard()
    guard.name = name
    return memory.key(guard, text, json=json, audience=audience, by_meaning=by_meaning)


@given(ASKED, ASKED)
@example(("a", "b", False, False, "x"), ("a", "b", False, False, "x"))
@example(("a", "b", False, False, ""), ("a", "", False, False, "b"))
@example(("a\0b", "", False, False, ""), ("a", "b\0", False, False, ""))
def test_two_keys_are_the_same_where_all_is_the_same(one: Asked, other: Asked) -> None:
    memory = VerdictMemory(b"k" * 32)
    assert (key(memory, one) == key(memory, other)) == (one == other)
    assert key(memory, one) == key(VerdictMemory(b"k" * 32), one)
    assert key(memory, one) != key(VerdictMemory(b"l" * 32), one)


def test_many_ways_of_judging_do_not_pile_up() -> None:
    memory = VerdictMemory(b"k" * 32)
    asked = [(f"{n}", "default", False, True, "text") for n in range(3 * SHAPES_MAX)]
    keys = [key(memory, one) for one in asked]
    assert len(set(keys)) == len(keys)
    assert [key(memory, one) for one in asked] == keys
