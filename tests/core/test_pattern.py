"""The pattern language: what is read means what `re` means by it; what has no bound is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.guard.machine import Machine, PatternEntry
from licet.guard.pattern import parse_pattern
from licet.guard.pattern_walk import PatternWalk

REFUSED = [
    ("ab+", "no upper bound", "{1,20}"),
    ("ab*", "no upper bound", "{0,20}"),
    ("ab{2,}", "no upper bound", "{1,20}"),
    ("(ab)\\1", "refers back", "once more"),
    ("ab(?=c)", "is not read here", "requires"),
    ("(?<!a)bc", "is not read here", "allow"),
    ("(?i)abc", "is not read here", "case never matters"),
    ("^abc", "an end of the text", "Leave it out"),
    ("abc$", "an end of the text", "Leave it out"),
    ("\\babc", "is not read here", 'word = "any"'),
    ("ab{2,3}?", "behind a repetition", "Leave it out"),
    ("ab{3,2}", "cannot be", "smaller number first"),
    ("ab{0}", "cannot be", "smaller number first"),
    ("ab{x}", "begins no repetition", "Write {3}"),
    ("*ab", "repeats nothing", "itself"),
    ("(abc", "is not closed", "Close it"),
    ("abc)", "closes nothing", "itself"),
    ("[abc", "is not closed", "then ]"),
    ("[]", "is not closed, or empty", "then ]"),
    ("[z-a]b", "is no range", "lower one first"),
    ("\\qb", "means nothing", "Known are"),
    ("\\", "means nothing", "Known are"),
    ("\\u12", "hexadecimal", "\\u4e00"),
    ("a", "as little as 1 character.", "two or more"),
    ("a?b?", "as little as 0 characters", "two or more"),
    ("", "as little as 0 characters", "two or more"),
    ("a[0-9]{240}", "may match 241 characters; the pack allows 240", "smaller bounds"),
    (".{0,20}abc", "may begin with any character", "Begin it with"),
    ("[^a]bc", "may begin with any character", "Begin it with"),
    ("xx(aa|bb|cc|dd|ee|ff){0,100}", "is too large", "smaller bounds"),
    ("(((((((((((((((((((((ab)))))))))))))))))))))", "nested too deep", "flatter"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "cause", "remedy"), REFUSED, ids=lambda value: value[:40])
def test_a_pattern_without_a_bound_is_refused_with_cause_and_remedy(
    text: str, cause: str, remedy: str
) -> None:
    with pytest.raises(BadInput) as refused:
        parse_pattern(text, 240)
    assert cause in refused.value.message
    assert remedy in refused.value.hint


def test_the_width_of_a_pattern_is_known() -> None:
    pattern = parse_pattern(r"1[3-9]\d(?:[ -]?\d{4}){2}|ab")
    assert (pattern.width_min, pattern.width_max) == (2, 13)


def test_a_pattern_is_folded_as_the_text_is() -> None:
    for pattern, text in (
        ("ABC", "abc"),
        ("[A-C]{3}", "abc"),
        ("機器", "机器"),
        ("Straße", "strasse"),
    ):
        assert spans(pattern, text) == {(0, len(text))}


def spans(pattern: str, text: str) -> set[tuple[int, int]]:
    entry = PatternEntry("r", "operator", "halt", parse_pattern(pattern), None, False, False)
    walk = PatternWalk(Machine([entry]), gap_max=12)
    walk.feed(text)
    walk.finish()
    return {(hit.start, hit.end) for hit in walk.found}


def expected(pattern: str, text: str) -> set[tuple[int, int]]:
    """For each place where a match ends, the earliest beginning; as `re` sees it."""
    whole, found = re.compile(pattern), {}
    for end in range(len(text) + 1):
        for start in range(end):
            if whole.fullmatch(text, start, end):
                found.setdefault(end, start)
    return {(start, end) for end, start in found.items()}


ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", r"\d", ".", "c", r"\w", r"\s", "字"])


def _patterns(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(parts, min_size=1, max_size=3).map("".join),
        st.lists(parts, min_size=1, max_size=3).map(lambda ps: f"(?:{'|'.join(ps)})"),
        st.builds(
            lambda part, low, more: f"(?:{part}){{{low},{low + more}}}",
            parts, st.integers(0, 2), st.integers(1, 2),
        ),
        parts.map(lambda part: f"(?:{part})?"),
    )  # fmt: skip


@given(
    st.recursive(ATOMS, _patterns, max_leaves=6).map(lambda p: f"a{p}"),
    st.text("ab1c 字\n_", max_size=12),
)
def test_patterns_mean_what_the_language_of_re_means_by_them(pattern: str, text: str) -> None:
    try:
        found = spans(pattern, text)
    except BadInput:  # too short to be a rule
        return
    assert found == expected(pattern, text)


def test_a_machine_remembers_a_bounded_number_of_states() -> None:
    from licet.guard.machine import STATES_MAX

    entry = PatternEntry(
        "r", "operator", "halt", parse_pattern("[ab][ab]{0,30}c", 240), None, False, False
    )
    machine = Machine([entry])
    walk = PatternWalk(machine, gap_max=12)
    number = 1
    for _ in range(20_000):
        number = (number * 1103515245 + 12345) % 2**31
        walk.feed("abd c"[number >> 16 & 3])
    assert len(machine._states) <= STATES_MAX
    assert walk.at == 20_000
